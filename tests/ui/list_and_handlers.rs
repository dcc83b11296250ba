//! A protocol comes from the list or from `#[handlers]`.
use zactor::prelude::*;

#[derive(Message)]
struct Add(u64);

#[actor(Add)]
struct Counter;

impl Handler<Add> for Counter {
    fn handle(&mut self, _: Add, _: &mut Context<Self>) {}
}

#[handlers]
impl Counter {
    fn get(&self) -> u64 {
        0
    }
}

fn main() {}
