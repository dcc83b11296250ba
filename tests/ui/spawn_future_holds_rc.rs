//! Work beside the mailbox holds an `Rc`: it may not move to another worker.
use std::rc::Rc;

use zactor::prelude::*;

#[derive(Message)]
struct Begin;

#[actor(Begin)]
struct Counter(u64);

impl Handler<Begin> for Counter {
    fn handle(&mut self, _: Begin, ctx: &mut Context<Self>) {
        let shared = Rc::new(1);
        ctx.spawn_future(async move { *shared }).then(|this, n, _| this.0 += n.unwrap_or(0));
    }
}

fn main() {}
