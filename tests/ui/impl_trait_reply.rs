//! A reply is `impl Trait`.
use zactor::prelude::*;

#[actor]
struct Counter {
    n: u64,
}

#[handlers]
impl Counter {
    fn all(&self) -> impl Iterator<Item = u64> {
        0..self.n
    }
}

fn main() {}
