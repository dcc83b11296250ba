//! A reply that is no type.
use zactor::prelude::*;

#[derive(Message)]
#[message(reply = 64)]
struct Get;

fn main() {}
