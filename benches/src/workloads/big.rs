//! A hundred and twenty actors, each sends to each: many senders at many mailboxes.
//!
//! * Who sends: each of [`ACTORS`] sends one message to each of the others. When it has received as many as it has
//!   sent, it does so again, until it has done its rounds.
//! * How many per handler: one less than there are actors.
//! * On Full: cannot happen, for no more than two rounds can be under way (a task that sends to one that has not
//!   taken the last round yet waits or not, as its channel does; the capacity is never reached).
//! * A unit is a message. The clock runs from the order to begin until all have told outside how many messages came.

use super::{Size, Workload};

/// Number of actors.
pub const ACTORS: u64 = 120;

/// Messages of one round.
pub const ROUND: u64 = ACTORS * (ACTORS - 1);

/// The workload.
pub const WORKLOAD: Workload = Workload {
    name: "big",
    unit: "messages/s",
    about: "120 actors, each sends to each",
    size: Size::Time(10 * ROUND),
    multiple_of: ROUND,
    expected: |messages| messages,
    run: |peer, count| peer.big(ACTORS, count),
};
