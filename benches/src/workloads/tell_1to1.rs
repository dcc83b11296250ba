//! One sender, one receiver, one direction: how fast is a stream of messages?
//!
//! * Who sends: one actor (task, thread), to one receiver that adds the values up.
//! * How many per handler: [`BURST`], then the sender tells itself to go on, so that others get their turn. A peer
//!   without handlers (a thread) or whose send waits for room just loops; one whose send never waits yields after a burst.
//! * On Full: nothing is lost. The sender keeps the message and begins its next turn with it, or waits for room where
//!   that is how the peer does it. Unbounded peers have no Full.
//! * The clock runs from the order to begin until the sum of all has arrived outside.

use super::{Size, Workload, sum_below};

/// Messages that the sender sends in one handler.
pub const BURST: u64 = 256;

/// Most messages that a receiver which can take many at once takes.
pub const TAKE: usize = 256;

/// The workload.
pub const WORKLOAD: Workload = Workload {
    name: "tell_1to1",
    unit: "messages/s",
    about: "one sender streams to one receiver",
    size: Size::Time(200_000),
    expected: sum_below,
    run: |peer, count| peer.tell_1to1(count),
};
