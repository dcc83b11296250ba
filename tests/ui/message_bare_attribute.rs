//! `#[message]` without keys.
use zactor::prelude::*;

#[derive(Message)]
#[message]
struct Get;

fn main() {}
