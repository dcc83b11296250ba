//! A handler replies what the message does not say.
use zactor::prelude::*;

#[derive(Message)]
#[message(reply = u64)]
struct Get;

#[actor(Get)]
struct Counter;

impl Handler<Get> for Counter {
    fn handle(&mut self, _: Get, _: &mut Context<Self>) -> u32 {
        0
    }
}

fn main() {}
