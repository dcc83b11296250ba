//! One sender, a hundred receivers in turn: what does it cost when each mailbox gets only one message at a time?
//!
//! * Who sends: one actor (task, thread), to each of [`RECEIVERS`] in turn; each adds its values up.
//! * How many per handler, and what happens on Full: as in [`tell_1to1`](super::tell_1to1).
//! * The clock runs from the order to begin until all receivers have told their sums outside.

use super::{Size, Workload, sum_below};

/// Number of receivers.
pub const RECEIVERS: u64 = 100;

/// The workload.
pub const WORKLOAD: Workload = Workload {
    name: "tell_rr100",
    unit: "messages/s",
    about: "one sender, a hundred receivers in turn",
    size: Size::Time(200_000),
    multiple_of: RECEIVERS,
    expected: sum_below,
    run: |peer, count| peer.fan_out(RECEIVERS, count),
};
