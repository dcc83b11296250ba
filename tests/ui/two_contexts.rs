//! The context is taken twice.
use zactor::prelude::*;

#[actor]
struct Counter {
    n: u64,
}

#[handlers]
impl Counter {
    fn add(&mut self, a: &mut Context<Self>, b: &mut Context<Self>) {
        let _ = (a, b);
    }
}

fn main() {}
