//! A listed type is no message.
use zactor::prelude::*;

struct Add(u64);

#[actor(Add)]
struct Counter;

fn main() {}
