//! A message is listed twice.
use zactor::prelude::*;

#[derive(Message)]
struct Add(u64);

#[actor(Add, Add)]
struct Counter;

impl Handler<Add> for Counter {
    fn handle(&mut self, _: Add, _: &mut Context<Self>) {}
}

fn main() {}
