//! A million actors that wait: how fast are they made, and what does each cost?
//!
//! * Who spawns: one thread or task, in a loop, and keeps a reference to each.
//! * Each actor has a state of eight bytes and counts itself, in its first lines or hook, with one atomic addition. The
//!   clock runs until all have, so that a peer which only queues the start pays for it.
//! * `bytes` is what the process has grown by for each actor, reference and state included, before any message was sent.
//! * After the clock has stopped, each gets one message of 16 bytes and adds its value to a sum: the result. Only an
//!   actor that lives can do that.
//! * On Full: cannot happen.

use super::{Size, Workload, sum_below};

/// The workload.
pub const WORKLOAD: Workload = Workload {
    name: "spawn_idle",
    unit: "spawns/s",
    about: "actors that wait, all alive at once",
    size: Size::Fixed { full: 1_000_000, quick: 100_000, probe: 1_000 },
    multiple_of: 1,
    expected: sum_below,
    run: |peer, count| peer.spawn_idle(count),
};
