//! Two replies.
use zactor::prelude::*;

#[derive(Message)]
#[message(reply = u64)]
#[message(reply = u32)]
struct Get;

fn main() {}
