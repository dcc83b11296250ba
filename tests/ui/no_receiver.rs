//! A function of the block is no method.
use zactor::prelude::*;

#[actor]
struct Counter {
    n: u64,
}

#[handlers]
impl Counter {
    fn new() -> Self {
        Counter { n: 0 }
    }
}

fn main() {}
