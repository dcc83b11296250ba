//! Neither a list nor `#[handlers]`.
use zactor::prelude::*;

#[actor]
struct Counter;

fn spawn(system: &ActorSystem) {
    let _ = system.spawn(Counter);
}

fn main() {}
