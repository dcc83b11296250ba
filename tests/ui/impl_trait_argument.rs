//! An argument is `impl Trait`.
use zactor::prelude::*;

#[actor]
struct Counter {
    n: u64,
}

#[handlers]
impl Counter {
    fn add(&mut self, by: impl Into<u64>) {
        self.n += by.into();
    }
}

fn main() {}
