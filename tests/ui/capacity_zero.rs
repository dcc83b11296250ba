//! A mailbox for no message.
use zactor::prelude::*;

#[derive(Message)]
struct Add(u64);

#[actor(Add, mailbox(capacity = 0))]
struct Counter;

impl Handler<Add> for Counter {
    fn handle(&mut self, _: Add, _: &mut Context<Self>) {}
}

fn main() {}
