//! A key of `mailbox` is said twice.
use zactor::prelude::*;

#[derive(Message)]
struct Add(u64);

#[actor(Add, mailbox(capacity = 1, capacity = 2))]
struct Counter;

impl Handler<Add> for Counter {
    fn handle(&mut self, _: Add, _: &mut Context<Self>) {}
}

fn main() {}
