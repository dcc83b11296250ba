//! A handler borrows an argument.
use zactor::prelude::*;

#[actor]
struct Counter {
    n: u64,
}

#[handlers]
impl Counter {
    fn rename(&mut self, name: &str) {
        drop(name);
    }
}

fn main() {}
