//! A listed type belongs to another crate.
use zactor::prelude::*;

#[actor(String)]
struct Counter;

fn main() {}
