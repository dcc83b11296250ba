//! Request and reply inside the system: how fast does one actor (or task) ask another?
//!
//! * Who sends: one actor or task, whichever is faster on that peer. It asks, and when the reply has come it asks again.
//! * How many per handler: one ask is open at any time.
//! * On Full: cannot happen.
//! * A unit is an ask with its reply. The request has 16 bytes, the reply is its value plus one, and the asker adds
//!   the replies up. One ask in [`SAMPLE`](crate::measure::SAMPLE) has its latency taken.
//! * Limits: a peer whose asks have a time limit by default keeps it.

use super::{Size, Workload, sum_below};

/// The workload.
pub const WORKLOAD: Workload = Workload {
    name: "ask_in",
    unit: "asks/s",
    about: "one actor asks another, one ask open",
    size: Size::Time(20_000),
    multiple_of: 1,
    expected: |asks| sum_below(asks) + asks,
    run: |peer, count| peer.ask_in(count),
};
