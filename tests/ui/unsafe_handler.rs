//! A handler is unsafe.
use zactor::prelude::*;

#[actor]
struct Counter {
    n: u64,
}

#[handlers]
impl Counter {
    unsafe fn add(&mut self) {}
}

fn main() {}
