//! A capacity that is another word than `unbounded`.
use zactor::prelude::*;

#[derive(Message)]
struct Add(u64);

#[actor(Add, mailbox(capacity = unlimited))]
struct Counter;

impl Handler<Add> for Counter {
    fn handle(&mut self, _: Add, _: &mut Context<Self>) {}
}

fn main() {}
