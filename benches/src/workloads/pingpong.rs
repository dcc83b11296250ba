//! Two actors and one ball: how long does a message take when nothing else waits?
//!
//! * Who sends: each of two actors (tasks, threads) sends the ball on when it has come.
//! * How many per handler: one. There is one message under way at any time.
//! * On Full: cannot happen.
//! * A unit is a hop. The clock runs from the serve until both players have said outside how often the ball came. The
//!   ball carries the hops that are left; the result is the sum of what the players say.

use super::{Size, Workload};

/// The workload.
pub const WORKLOAD: Workload = Workload {
    name: "pingpong",
    unit: "hops/s",
    about: "two actors, one message under way",
    size: Size::Time(50_000),
    multiple_of: 1,
    expected: |hops| hops,
    run: |peer, count| peer.balls(1, 2, count),
};
