//! `#[actor]` where `#[handlers]` belongs.
use zactor::prelude::*;

struct Counter;

#[actor]
impl Counter {
    fn add(&mut self) {}
}

fn main() {}
