//! A type parameter is listed beside a message.
use zactor::prelude::*;

#[derive(Message)]
struct Add(u64);

#[actor(T, Add)]
struct Counter<T: Message>(T);

impl<T: Message> Handler<Add> for Counter<T> {
    fn handle(&mut self, _: Add, _: &mut Context<Self>) {}
}

fn main() {}
