//! Each mistake is reported, each at its own token.
use zactor::prelude::*;

#[derive(Message)]
struct Add(u64);

#[derive(Message)]
#[message(reply = u64)]
struct Get;

#[actor(Add, Get, Add, mailbox(capacity = 0, overflow = later), bacth = 64, priority = urgent)]
struct Counter;

impl Handler<Add> for Counter {
    fn handle(&mut self, _: Add, _: &mut Context<Self>) {}
}

impl Handler<Get> for Counter {
    fn handle(&mut self, _: Get, _: &mut Context<Self>) -> u64 {
        0
    }
}

fn ask(system: &ActorSystem) -> Reply<u64> {
    system.spawn(Counter).unwrap().ask(Get)
}

fn main() {}
