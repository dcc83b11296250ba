//! A dispatcher that there is not.
use zactor::prelude::*;

#[derive(Message)]
struct Add(u64);

#[actor(Add, dispatcher = pined)]
struct Counter;

impl Handler<Add> for Counter {
    fn handle(&mut self, _: Add, _: &mut Context<Self>) {}
}

fn main() {}
