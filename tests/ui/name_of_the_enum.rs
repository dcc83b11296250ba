//! A handler's message would be called like the enum.
use zactor::prelude::*;

#[actor]
struct Counter {
    n: u64,
}

#[handlers]
impl Counter {
    fn message(&mut self, text: String) {
        drop(text);
    }
}

fn main() {}
