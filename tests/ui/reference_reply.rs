//! A handler returns a borrow of the actor.
use zactor::prelude::*;

#[actor]
struct Counter {
    n: u64,
}

#[handlers]
impl Counter {
    fn get(&self) -> &u64 {
        &self.n
    }
}

fn main() {}
