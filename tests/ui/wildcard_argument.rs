//! An argument has no name.
use zactor::prelude::*;

#[actor]
struct Counter {
    n: u64,
}

#[handlers]
impl Counter {
    fn add(&mut self, _: u64) {
        self.n += 1;
    }
}

fn main() {}
