//! A handler that is not in every build.
use zactor::prelude::*;

#[actor]
struct Counter {
    n: u64,
}

#[handlers]
impl Counter {
    #[cfg(unix)]
    fn add(&mut self, by: u64) {
        self.n += by;
    }
}

fn main() {}
