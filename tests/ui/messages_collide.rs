//! Two handlers make the same message.
use zactor::prelude::*;

#[actor]
struct Counter {
    n: u64,
}

#[handlers]
impl Counter {
    fn add_one(&mut self) {}
    fn add__one(&mut self) {}
}

fn main() {}
