//! Two actors and one ball: how long does a message take when nothing else waits?
//!
//! * Who sends: each of two actors (tasks, threads) sends the ball on when it has come.
//! * How many per handler: one. There is one message under way at any time.
//! * On Full: cannot happen.
//! * A unit is a hop. The clock runs from the serve until the player who got the last hop has said so outside. The ball
//!   carries the hops that are left; the result is the number of times that a handler has got it.

use super::{Size, Workload};

/// The workload.
pub const WORKLOAD: Workload = Workload {
    name: "pingpong",
    unit: "hops/s",
    about: "two actors, one message under way",
    size: Size::Time(50_000),
    expected: |hops| hops,
    run: |peer, count| peer.pingpong(count),
};
