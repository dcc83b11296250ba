//! One sender, one receiver, one direction: how fast is a stream of messages?
//!
//! * Who sends: one actor (task, thread), to one receiver that adds the values up.
//! * How many per handler: [`BURST`](super::BURST), then the sender tells itself to go on, so that others get their
//!   turn. Where a send waits for room the sender just loops; where it never waits the sender yields after a burst.
//! * On Full: nothing is lost. The sender keeps the message and begins its next turn with it, or waits for room where
//!   that is how the peer does it. Unbounded peers have no Full.
//! * The clock runs from the order to begin until the sum of all has arrived outside.

use super::{Size, Workload, sum_below};

/// The workload.
pub const WORKLOAD: Workload = Workload {
    name: "tell_1to1",
    unit: "messages/s",
    about: "one sender streams to one receiver",
    size: Size::Time(200_000),
    multiple_of: 1,
    expected: sum_below,
    run: |peer, count| peer.fan_in(1, count),
};
