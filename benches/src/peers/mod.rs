//! Who does it: one peer a file or folder, each workload in the form that its own documentation would suggest.
//!
//! Where a peer leaves a choice (one thread or two, capacity, how many to take at once) the faster one was taken; it
//! stands in the head of the peer's file.

use crate::measure::Outcome;
use crate::workloads::tree::Seed;

mod zactor;
mod tasks;
mod tokio_bounded;
mod tokio_unbounded;
mod flume;
mod threads;
mod actix;
mod kameo;
mod ractor;

/// One way to write concurrent programs. A workload without a form on this peer is `None`.
pub trait Peer {
    /// Its name on the command line and in the report.
    fn name(&self) -> &'static str;

    /// Streams from some senders to one receiver: [`tell_1to1`](crate::workloads::tell_1to1),
    /// [`fan_in`](crate::workloads::fan_in).
    fn fan_in(&self, senders: u64, messages: u64) -> Option<Outcome>;

    /// Streams from one sender to many receivers: [`tell_rr100`](crate::workloads::tell_rr100).
    fn fan_out(&self, receivers: u64, messages: u64) -> Option<Outcome>;

    /// Rings of some players each, a ball in each: [`pingpong`](crate::workloads::pingpong),
    /// [`pingpong_pairs`](crate::workloads::pingpong_pairs), [`ring`](crate::workloads::ring).
    fn balls(&self, rings: u64, players: u64, hops: u64) -> Option<Outcome>;

    /// Each sends to each: [`big`](crate::workloads::big).
    fn big(&self, _actors: u64, _messages: u64) -> Option<Outcome> {
        None
    }

    /// Asks inside: [`ask_in`](crate::workloads::ask_in).
    fn ask_in(&self, asks: u64) -> Option<Outcome>;

    /// Asks from outside: [`ask_out`](crate::workloads::ask_out).
    fn ask_out(&self, asks: u64) -> Option<Outcome>;

    /// Actors that wait: [`spawn_idle`](crate::workloads::spawn_idle).
    fn spawn_idle(&self, _actors: u64) -> Option<Outcome> {
        None
    }

    /// Trees of actors, so many units in all: [`tree`](crate::workloads::tree).
    fn tree(&self, _seed: Seed, _units: u64) -> Option<Outcome> {
        None
    }

    /// Actors for one message: [`fork_join`](crate::workloads::fork_join).
    fn fork_join(&self, _actors: u64) -> Option<Outcome> {
        None
    }
}

/// All peers, in the order of the report: zactor first.
pub const ALL: &[&dyn Peer] = &[
    &zactor::Zactor,
    &tasks::Tasks::<tokio_bounded::Bounded>::NEW,
    &tasks::Tasks::<tokio_unbounded::Unbounded>::NEW,
    &tasks::Tasks::<flume::Flume>::NEW,
    &threads::Threads,
    &actix::Actix,
    &kameo::Kameo,
    &ractor::Ractor,
];

/// The peer of that name.
pub fn find(name: &str) -> Option<&'static dyn Peer> {
    ALL.iter().copied().find(|peer| peer.name() == name)
}
