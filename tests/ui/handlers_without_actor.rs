//! `#[handlers]` without `#[actor]`.
use zactor::prelude::*;

struct Counter {
    n: u64,
}

#[handlers]
impl Counter {
    fn add(&mut self, by: u64) {
        self.n += by;
    }
}

fn main() {}
