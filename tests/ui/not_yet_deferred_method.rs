//! Deferred methods are not available.
use zactor::prelude::*;

#[actor]
struct Counter {
    n: u64,
}

#[handlers]
impl Counter {
    fn get(&mut self, reply: ReplyTo<u64>) {
        drop(reply);
    }
}

fn main() {}
