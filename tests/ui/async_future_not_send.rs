//! A hand-written future of an async handler is not `Send`.
use zactor::prelude::*;

#[derive(Message)]
struct Wait;

#[actor(async Wait)]
struct Counter;

struct Local(*mut u8);

impl Future for Local {
    type Output = ();
    fn poll(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<()> {
        std::task::Poll::Pending
    }
}

impl AsyncHandler<Wait> for Counter {
    fn handle(&mut self, _: Wait, _: &mut Context<Self>) -> impl Future<Output = ()> + Send {
        Local(std::ptr::null_mut())
    }
}

fn main() {}
