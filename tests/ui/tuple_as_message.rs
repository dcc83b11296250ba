//! A listed message has no name.
use zactor::prelude::*;

#[derive(Message)]
struct Add(u64);

#[actor(Add, (u8, u16))]
struct Counter;

impl Handler<Add> for Counter {
    fn handle(&mut self, _: Add, _: &mut Context<Self>) {}
}

fn main() {}
