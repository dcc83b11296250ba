//! A hundred actors in a ring and one ball: a message that always goes to an actor which has rested for long.
//!
//! Everything else as in [`pingpong`](super::pingpong), which is a ring of two.

use super::{Size, Workload, pingpong};

/// Number of actors.
pub const PLAYERS: u64 = 100;

/// The workload.
pub const WORKLOAD: Workload = Workload {
    name: "ring",
    about: "a hundred actors in a ring, one message under way",
    size: Size::Time(50_000),
    run: |peer, count| peer.balls(1, PLAYERS, count),
    ..pingpong::WORKLOAD
};
