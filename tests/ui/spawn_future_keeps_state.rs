//! Work beside the mailbox would use the actor's state while the actor goes on.
use zactor::prelude::*;

#[derive(Message)]
struct Begin;

#[actor(Begin)]
struct Counter(u64);

impl Handler<Begin> for Counter {
    fn handle(&mut self, _: Begin, ctx: &mut Context<Self>) {
        let count = &mut self.0;
        ctx.spawn_future(async move { *count += 1 }).then(|_, _, _| {});
    }
}

fn main() {}
