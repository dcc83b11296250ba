//! A listed type does not exist.
use zactor::prelude::*;

#[derive(Message)]
struct Add(u64);

#[actor(Add, Gte)]
struct Counter;

impl Handler<Add> for Counter {
    fn handle(&mut self, _: Add, _: &mut Context<Self>) {}
}

fn main() {}
