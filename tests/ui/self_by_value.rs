//! A handler consumes its actor.
use zactor::prelude::*;

#[actor]
struct Counter {
    n: u64,
}

#[handlers]
impl Counter {
    fn finish(self) -> u64 {
        self.n
    }
}

fn main() {}
