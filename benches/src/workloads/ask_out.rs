//! Request and reply across the border: how long does a thread outside wait for an answer?
//!
//! * Who sends: one thread outside the system asks an actor (task, thread) and blocks until the reply has come.
//! * How many per handler: one ask is open at any time.
//! * On Full: cannot happen.
//! * A unit is an ask with its reply, as in [`ask_in`](super::ask_in); every ask has its latency taken.

use super::{Size, Workload, ask_in};

/// The workload.
pub const WORKLOAD: Workload = Workload {
    name: "ask_out",
    about: "a thread outside asks an actor and blocks, one ask open",
    size: Size::Time(2_000),
    run: |peer, count| peer.ask_out(count),
    ..ask_in::WORKLOAD
};
