//! A message stands behind an option.
use zactor::prelude::*;

#[derive(Message)]
struct Add(u64);

#[derive(Message)]
#[message(reply = u64)]
struct Get;

#[actor(Add, batch = 64, Get)]
struct Counter;

impl Handler<Add> for Counter {
    fn handle(&mut self, _: Add, _: &mut Context<Self>) {}
}

impl Handler<Get> for Counter {
    fn handle(&mut self, _: Get, _: &mut Context<Self>) -> u64 {
        0
    }
}

fn main() {}
