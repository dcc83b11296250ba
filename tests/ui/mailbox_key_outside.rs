//! A key of the mailbox stands beside it.
use zactor::prelude::*;

#[derive(Message)]
struct Add(u64);

#[actor(Add, capacity = 64)]
struct Counter;

impl Handler<Add> for Counter {
    fn handle(&mut self, _: Add, _: &mut Context<Self>) {}
}

fn main() {}
