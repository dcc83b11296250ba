//! A macro makes handlers inside the block.
use zactor::prelude::*;

macro_rules! adding {
    () => {
        fn add(&mut self) {}
    };
}

#[actor]
struct Counter {
    n: u64,
}

#[handlers]
impl Counter {
    adding!();
}

fn main() {}
