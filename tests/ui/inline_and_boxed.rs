//! A message is to be `inline` and `boxed`.
use zactor::prelude::*;

#[derive(Message)]
#[message(inline, boxed)]
struct Add(u64);

fn main() {}
