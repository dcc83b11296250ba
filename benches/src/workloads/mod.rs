//! What is measured: one workload a file, its head the contract that every peer keeps.

use crate::measure::Outcome;
use crate::peers::Peer;

pub mod tell_1to1;
pub mod tell_rr100;
pub mod fan_in;
pub mod pingpong;
pub mod pingpong_pairs;
pub mod ring;
pub mod big;
pub mod ask_in;
pub mod ask_out;
pub mod spawn_idle;
pub mod fork_join;
pub mod tree;

/// How much of a workload one measurement does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// As much as fills the time of a round; the number is where the search for that begins.
    Time(u64),
    /// Always the same.
    Fixed {
        /// This many.
        full: u64,
        /// This many in the quick form.
        quick: u64,
        /// This many to see whether a peer does it at all.
        probe: u64,
    },
}

/// One workload.
#[derive(Clone, Copy, Debug)]
pub struct Workload {
    /// Its name on the command line and in the report.
    pub name: &'static str,
    /// What the rate counts.
    pub unit: &'static str,
    /// The contract in one line.
    pub about: &'static str,
    /// How much one measurement does.
    pub size: Size,
    /// The count must be a multiple of this, so that each has the same share of it.
    pub multiple_of: u64,
    /// What the result of so many units must be.
    pub expected: fn(u64) -> u64,
    /// Has a peer do so many units, `None` if it has no form of this workload.
    pub run: fn(&dyn Peer, u64) -> Option<Outcome>,
}

impl Workload {
    /// The next count that is a multiple of what the workload asks for.
    pub fn rounded(&self, count: u64) -> u64 {
        count.next_multiple_of(self.multiple_of).max(self.multiple_of)
    }
}

/// All workloads, in the order of the report.
pub const ALL: &[Workload] = &[
    tell_1to1::WORKLOAD,
    tell_rr100::WORKLOAD,
    fan_in::TWO,
    fan_in::EIGHT,
    pingpong::WORKLOAD,
    pingpong_pairs::WORKLOAD,
    ring::WORKLOAD,
    big::WORKLOAD,
    ask_in::WORKLOAD,
    ask_out::WORKLOAD,
    spawn_idle::WORKLOAD,
    fork_join::WORKLOAD,
    tree::SKYNET,
    tree::FIB,
];

/// The workload of that name.
pub fn find(name: &str) -> Option<&'static Workload> {
    ALL.iter().find(|workload| workload.name == name)
}

/// A message of 16 bytes: the payload of every workload that sends plain messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Item {
    /// What the receiver adds up.
    pub value: u64,
    /// Fills it up to 16 bytes.
    pub other: u64,
}

impl Item {
    /// The item that carries `value`.
    pub const fn new(value: u64) -> Self {
        Self { value, other: 0 }
    }
}

/// Messages that a sender of a stream sends in one handler.
pub const BURST: u64 = 256;

/// Most messages that a receiver takes at once, where a peer lets it take many.
pub const TAKE: usize = 256;

/// The sum of `0..count`: what a receiver of so many numbered items comes to.
pub const fn sum_below(count: u64) -> u64 {
    if count == 0 { 0 } else { (count - 1) * count / 2 }
}
