//! `#[actor]` on an enum.
use zactor::prelude::*;

#[derive(Message)]
struct Add(u64);

#[actor(Add)]
enum Light {
    Red,
    Green,
}

fn main() {}
