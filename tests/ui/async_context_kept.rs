//! A handler keeps its context in the actor's state, for a later message.
use zactor::prelude::*;

#[derive(Message)]
struct Wait;

#[actor(async Wait)]
struct Counter(Option<&'static mut Context<Counter>>);

impl AsyncHandler<Wait> for Counter {
    async fn handle(&mut self, _: Wait, ctx: &mut Context<Self>) {
        self.0 = Some(ctx);
    }
}

fn main() {}
