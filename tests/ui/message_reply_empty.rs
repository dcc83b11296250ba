//! A reply that is not said.
use zactor::prelude::*;

#[derive(Message)]
#[message(reply)]
struct Get;

fn main() {}
