//! An argument is a pattern.
use zactor::prelude::*;

#[actor]
struct Counter {
    n: u64,
}

#[handlers]
impl Counter {
    fn add(&mut self, (a, b): (u64, u64)) {
        self.n += a + b;
    }
}

fn main() {}
