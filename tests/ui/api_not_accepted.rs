//! A method that is no handler is called on the reference.
use zactor::prelude::*;

#[actor]
struct Counter {
    n: u64,
}

#[handlers]
impl Counter {
    fn add(&mut self, by: u64) {
        self.n += by;
    }
}

fn send(counter: &ActorRef<Counter>) {
    let _ = counter.sub(3);
}

fn main() {}
