//! A plain struct is spawned.
use zactor::prelude::*;

struct Counter;

fn spawn(system: &ActorSystem) {
    let _ = system.spawn(Counter);
}

fn main() {}
