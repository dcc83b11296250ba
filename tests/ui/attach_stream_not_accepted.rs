//! The items of a stream become a message that the actor does not accept.
use std::pin::Pin;
use std::task::{Context as Task, Poll};

use zactor::prelude::*;

#[derive(Message)]
struct Add(u64);

#[derive(Message)]
struct Other(u64);

struct Ones;

impl futures_core::Stream for Ones {
    type Item = u64;
    fn poll_next(self: Pin<&mut Self>, _: &mut Task<'_>) -> Poll<Option<u64>> {
        Poll::Ready(Some(1))
    }
}

#[actor(Add)]
struct Counter(u64);

impl Handler<Add> for Counter {
    fn handle(&mut self, Add(n): Add, ctx: &mut Context<Self>) {
        self.0 += n;
        ctx.attach_stream(Ones, Other);
    }
}

fn main() {}
