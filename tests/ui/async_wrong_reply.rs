//! An async handler replies something else than its message says.
use zactor::prelude::*;

#[derive(Message)]
#[message(reply = u64)]
struct Get;

#[actor(async Get)]
struct Counter;

impl AsyncHandler<Get> for Counter {
    async fn handle(&mut self, _: Get, _: &mut Context<Self>) -> String {
        String::new()
    }
}

fn main() {}
