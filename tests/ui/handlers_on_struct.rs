//! `#[handlers]` where `#[actor]` belongs.
use zactor::prelude::*;

#[handlers]
struct Counter;

fn main() {}
