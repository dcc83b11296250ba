//! A key that stands alone is misspelt.
use zactor::prelude::*;

#[derive(Message)]
struct Add(u64);

#[actor(Add, lifecyle)]
struct Counter;

impl Handler<Add> for Counter {
    fn handle(&mut self, _: Add, _: &mut Context<Self>) {}
}

fn main() {}
