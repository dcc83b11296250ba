//! Supervisors are not available.
use zactor::prelude::*;

#[derive(Message)]
struct Add(u64);

#[actor(Add, supervisor)]
struct Counter;

impl Handler<Add> for Counter {
    fn handle(&mut self, _: Add, _: &mut Context<Self>) {}
}

impl Supervisor for Counter {}

fn main() {}
