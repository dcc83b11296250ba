//! The context is taken by value.
use zactor::prelude::*;

#[actor]
struct Counter {
    n: u64,
}

#[handlers]
impl Counter {
    fn add(&mut self, ctx: Context<Self>) {
        drop(ctx);
    }
}

fn main() {}
