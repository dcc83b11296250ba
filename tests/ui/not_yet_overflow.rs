//! Other policies than `fail` are not available.
use zactor::prelude::*;

#[derive(Message)]
struct Add(u64);

#[actor(Add, mailbox(overflow = block))]
struct Counter;

impl Handler<Add> for Counter {
    fn handle(&mut self, _: Add, _: &mut Context<Self>) {}
}

fn main() {}
