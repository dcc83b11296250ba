//! Options on `#[handlers]`.
use zactor::prelude::*;

#[actor]
struct Counter;

#[handlers(batch = 64)]
impl Counter {}

fn main() {}
