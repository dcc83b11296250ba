//! A handler lets its state's and its context's borrow out: into another task, which would outlive them.
use zactor::prelude::*;

#[derive(Message)]
struct Wait;

#[actor(async Wait)]
struct Counter(u64);

fn spawn(_: impl Future<Output = ()> + Send + 'static) {}

impl AsyncHandler<Wait> for Counter {
    async fn handle(&mut self, _: Wait, ctx: &mut Context<Self>) {
        let count = &mut self.0;
        spawn(async move {
            *count += 1;
        });
        spawn(async move {
            ctx.stop();
        });
    }
}

fn main() {}
