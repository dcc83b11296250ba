//! Two `#[handlers]` blocks.
use zactor::prelude::*;

#[actor]
struct Counter;

#[handlers]
impl Counter {
    fn add(&mut self) {}
}

#[handlers]
impl Counter {
    fn get(&self) -> u64 {
        0
    }
}

fn main() {}
