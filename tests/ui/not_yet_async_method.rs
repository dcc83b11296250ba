//! Async methods are not available.
use zactor::prelude::*;

#[actor]
struct Counter {
    n: u64,
}

#[handlers]
impl Counter {
    async fn get(&mut self) -> u64 {
        self.n
    }
}

fn main() {}
