//! An actor with one message does not accept another one.
use zactor::prelude::*;

#[derive(Message)]
struct Add(u64);

#[derive(Message)]
struct Other;

#[actor(Add)]
struct Counter;

impl Handler<Add> for Counter {
    fn handle(&mut self, _: Add, _: &mut Context<Self>) {}
}

fn send(counter: &ActorRef<Counter>) {
    let _ = counter.tell(Other);
}

fn main() {}
