//! Who does it: one peer a file, each workload in the form that its own documentation would suggest.
//!
//! Where a peer leaves a choice (one thread or two, capacity, how many to take at once) the faster one was taken; it
//! stands in the head of the peer's file.

use crate::measure::Outcome;

mod tasks;
mod outside;
mod tokio_bounded;
mod tokio_unbounded;
mod actix;
mod kameo;

/// One way to write concurrent programs. A workload without a form on this peer is `None`.
pub trait Peer {
    /// Its name on the command line and in the report.
    fn name(&self) -> &'static str;

    /// See [`tell_1to1`](crate::workloads::tell_1to1).
    fn tell_1to1(&self, _messages: u64) -> Option<Outcome> {
        None
    }

    /// See [`pingpong`](crate::workloads::pingpong).
    fn pingpong(&self, _hops: u64) -> Option<Outcome> {
        None
    }

    /// See [`ask_in`](crate::workloads::ask_in).
    fn ask_in(&self, _asks: u64) -> Option<Outcome> {
        None
    }

    /// See [`spawn_idle`](crate::workloads::spawn_idle).
    fn spawn_idle(&self, _actors: u64) -> Option<Outcome> {
        None
    }
}

/// All peers, in the order of the report: zactor first.
pub const ALL: &[&dyn Peer] = &[
    &tokio_bounded::TokioBounded,
    &tokio_unbounded::TokioUnbounded,
    &actix::Actix,
    &kameo::Kameo,
];

/// The peer of that name.
pub fn find(name: &str) -> Option<&'static dyn Peer> {
    ALL.iter().copied().find(|peer| peer.name() == name)
}
