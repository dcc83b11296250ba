//! A handler is generic.
use zactor::prelude::*;

#[actor]
struct Counter {
    n: u64,
}

#[handlers]
impl Counter {
    fn add<T: Into<u64>>(&mut self, by: T) {
        self.n += by.into();
    }
}

fn main() {}
