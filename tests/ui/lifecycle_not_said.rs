//! An impl of `Lifecycle` without the key.
use zactor::prelude::*;

#[derive(Message)]
struct Add(u64);

#[actor(Add)]
struct Counter;

impl Handler<Add> for Counter {
    fn handle(&mut self, _: Add, _: &mut Context<Self>) {}
}

impl Lifecycle for Counter {}

fn main() {}
