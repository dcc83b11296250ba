//! The actor's list does not hold the message.
use zactor::prelude::*;

#[derive(Message)]
struct Add(u64);

#[derive(Message)]
#[message(reply = u64)]
struct Get;

#[derive(Message)]
struct Other;

#[actor(Add, Get)]
struct Counter;

impl Handler<Add> for Counter {
    fn handle(&mut self, _: Add, _: &mut Context<Self>) {}
}

impl Handler<Get> for Counter {
    fn handle(&mut self, _: Get, _: &mut Context<Self>) -> u64 {
        0
    }
}

fn send(counter: &ActorRef<Counter>) {
    let _ = counter.tell(Other);
}

fn main() {}
