//! A handler takes a boxed actor.
use zactor::prelude::*;

#[actor]
struct Counter {
    n: u64,
}

#[handlers]
impl Counter {
    fn finish(self: Box<Self>) -> u64 {
        self.n
    }
}

fn main() {}
