//! An associated type is listed by itself.
use zactor::prelude::*;

trait Behavior: Send + 'static {
    type Msg: Message;
}

#[actor(B::Msg)]
struct Runs<B: Behavior>(B);

fn main() {}
