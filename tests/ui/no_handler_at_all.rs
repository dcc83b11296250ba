//! The only listed message has no handler.
use zactor::prelude::*;

#[derive(Message)]
struct Add(u64);

#[actor(Add)]
struct Counter;

fn main() {}
