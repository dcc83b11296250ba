//! All that can be wrong with `supervise`.
use zactor::prelude::*;

#[derive(Message)]
struct Add(u64);

#[actor(
    Add,
    supervise(
        one_for_oen,
        max_restarts = -1,
        within = "10 s",
        backoff = "5s..50ms",
        jitter = 1.5,
    )
)]
struct Counter;

impl Handler<Add> for Counter {
    fn handle(&mut self, _: Add, _: &mut Context<Self>) {}
}

fn main() {}
