//! A handler is called like a hook.
use zactor::prelude::*;

#[actor]
struct Counter {
    n: u64,
}

#[handlers]
impl Counter {
    fn pre_start(&mut self, ctx: &mut Context<Self>) {
        let _ = (self.n, ctx);
    }
}

fn main() {}
