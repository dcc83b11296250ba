//! A key that stands alone gets a value.
use zactor::prelude::*;

#[derive(Message)]
struct Add(u64);

#[actor(Add, lifecycle = true)]
struct Counter;

impl Handler<Add> for Counter {
    fn handle(&mut self, _: Add, _: &mut Context<Self>) {}
}

impl Lifecycle for Counter {}

fn main() {}
