//! A message that the actor does not accept is put aside.
use zactor::prelude::*;

#[derive(Message)]
struct Add(u64);

#[derive(Message)]
struct Other;

#[actor(Add)]
struct Counter(u64);

impl Handler<Add> for Counter {
    fn handle(&mut self, Add(n): Add, ctx: &mut Context<Self>) {
        self.0 += n;
        ctx.stash(Other);
    }
}

fn main() {}
