//! Supervision is not available.
use zactor::prelude::*;

#[derive(Message)]
struct Add(u64);

#[actor(
    Add,
    supervise(one_for_one, max_restarts = 5, within = "10s", backoff = "50ms..5s", jitter = 0.2)
)]
struct Counter;

impl Handler<Add> for Counter {
    fn handle(&mut self, _: Add, _: &mut Context<Self>) {}
}

fn main() {}
