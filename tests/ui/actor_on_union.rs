//! `#[actor]` on a union.
use zactor::prelude::*;

#[derive(Message)]
struct Add(u64);

#[actor(Add)]
union Number {
    int: u32,
    float: f32,
}

fn main() {}
