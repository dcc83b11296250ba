//! Two messages have the same last segment.
use zactor::prelude::*;

mod one {
    #[derive(zactor::Message)]
    pub struct Add;
}
mod two {
    #[derive(zactor::Message)]
    pub struct Add;
}

#[actor(one::Add, two::Add)]
struct Counter;

impl Handler<one::Add> for Counter {
    fn handle(&mut self, _: one::Add, _: &mut Context<Self>) {}
}

fn main() {}
