//! The context is taken by shared reference.
use zactor::prelude::*;

#[actor]
struct Counter {
    n: u64,
}

#[handlers]
impl Counter {
    fn add(&mut self, ctx: &Context<Self>) {
        let _ = ctx;
    }
}

fn main() {}
