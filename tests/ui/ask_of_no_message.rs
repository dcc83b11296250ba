//! What is asked is no message at all.
use zactor::prelude::*;

#[derive(Message)]
struct Add(u64);

#[actor(Add)]
struct Counter;

impl Handler<Add> for Counter {
    fn handle(&mut self, _: Add, _: &mut Context<Self>) {}
}

fn send(counter: &ActorRef<Counter>) {
    let _ = counter.ask(7_u64);
}

fn main() {}
