//! Several senders, one receiver: what does it cost to meet at one mailbox?
//!
//! * Who sends: two (eight) actors (tasks, threads), each its share of the messages, to one receiver that adds up.
//! * How many per handler, and what happens on Full: as in [`tell_1to1`](super::tell_1to1).
//! * The clock runs from the order to begin until the sum of all has arrived outside.

use super::{Size, Workload, sum_below};

/// Two senders.
pub const TWO: Workload = Workload {
    name: "fan_in2",
    unit: "messages/s",
    about: "two senders stream to one receiver",
    size: Size::Time(200_000),
    multiple_of: 2,
    expected: |count| 2 * sum_below(count / 2),
    run: |peer, count| peer.fan_in(2, count),
};

/// Eight senders.
pub const EIGHT: Workload = Workload {
    name: "fan_in8",
    about: "eight senders stream to one receiver",
    multiple_of: 8,
    expected: |count| 8 * sum_below(count / 8),
    run: |peer, count| peer.fan_in(8, count),
    ..TWO
};
