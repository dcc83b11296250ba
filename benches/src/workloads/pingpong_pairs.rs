//! A hundred pairs with a ball each: [`pingpong`](super::pingpong) when there is work for both cores.
//!
//! Everything else as there; each pair has its share of the hops, and the clock runs until all have ended.

use super::{Size, Workload, pingpong};

/// Number of pairs.
pub const PAIRS: u64 = 100;

/// The workload.
pub const WORKLOAD: Workload = Workload {
    name: "pingpong_pairs",
    about: "a hundred pairs, a message under way in each",
    size: Size::Time(200_000),
    multiple_of: PAIRS,
    run: |peer, count| peer.balls(PAIRS, 2, count),
    ..pingpong::WORKLOAD
};
