//! A message borrows.
use zactor::prelude::*;

#[derive(Message)]
struct Print<'a>(&'a str);

fn main() {}
