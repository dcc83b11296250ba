//! A handler is called like a method of `ActorRef`.
use zactor::prelude::*;

#[actor]
struct Counter {
    n: u64,
}

#[handlers]
impl Counter {
    fn stop(&mut self) {}
}

fn main() {}
