//! A deferred handler takes the right to send another reply than its message has.
use zactor::prelude::*;

#[derive(Message)]
#[message(reply = u64)]
struct Get;

#[actor(deferred Get)]
struct Counter;

impl DeferredHandler<Get> for Counter {
    fn handle(&mut self, _: Get, reply: ReplyTo<String>, _: &mut Context<Self>) {
        reply.send(String::new());
    }
}

fn main() {}
