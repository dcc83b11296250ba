//! Actors that live for one message: how fast does one come and go?
//!
//! * Who spawns: one actor or task spawns [`BATCH`] others, sends one message of 16 bytes to each, and begins the next
//!   batch when all of this one have said what they got. Each stops after its message.
//! * On Full: cannot happen.
//! * A unit is an actor. The result is the sum of what they got. The clock runs until the last has said so.

use super::{Size, Workload, sum_below};

/// Actors that live at the same time.
pub const BATCH: u64 = 1_000;

/// The workload.
pub const WORKLOAD: Workload = Workload {
    name: "fork_join",
    unit: "actors/s",
    about: "spawn, one message, stop",
    size: Size::Time(20 * BATCH),
    multiple_of: BATCH,
    expected: sum_below,
    run: |peer, count| peer.fork_join(count),
};
