//! An `inline` message is aligned to more than a node grants.
use zactor::prelude::*;

#[derive(Message)]
#[message(inline)]
#[repr(align(32))]
struct Row(u8);

fn main() {}
