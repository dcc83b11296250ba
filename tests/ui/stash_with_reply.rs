//! A message with a reply is put aside: who would answer it?
use zactor::prelude::*;

#[derive(Message)]
#[message(reply = u64)]
struct Get;

#[actor(Get)]
struct Counter(u64);

impl Handler<Get> for Counter {
    fn handle(&mut self, get: Get, ctx: &mut Context<Self>) -> u64 {
        ctx.stash(get);
        self.0
    }
}

fn main() {}
