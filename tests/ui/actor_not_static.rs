//! An actor borrows.
use zactor::prelude::*;

#[derive(Message)]
struct Add(u64);

#[actor(Add)]
struct Counter<'a>(&'a str);

fn main() {}
