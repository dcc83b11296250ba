//! A mailbox for more messages than any can hold.
use zactor::prelude::*;

#[derive(Message)]
struct Add(u64);

#[actor(Add, mailbox(capacity = 2_000_001))]
struct Counter;

impl Handler<Add> for Counter {
    fn handle(&mut self, _: Add, _: &mut Context<Self>) {}
}

fn main() {}
