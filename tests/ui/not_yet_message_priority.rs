//! Priorities of messages are not available.
use zactor::prelude::*;

#[derive(Message)]
#[message(priority = high)]
struct Stop;

fn main() {}
