//! zactor, with its default configuration: a worker for each core, bounded mailboxes, a full one refuses.
//!
//! The actors stand in [`actors`](crate::actors); here they are given their orders.

use zactor::ActorSystem;

use super::Peer;
use crate::measure::Outcome;
use crate::workloads::tree::Seed;

mod streams;
mod balls;
mod asks;
mod spawns;
mod tree;

/// The peer.
pub(super) struct Zactor;

impl Peer for Zactor {
    fn name(&self) -> &'static str {
        "zactor"
    }

    fn fan_in(&self, senders: u64, messages: u64) -> Option<Outcome> {
        streams::fan_in(senders, messages).ok()
    }

    fn fan_out(&self, receivers: u64, messages: u64) -> Option<Outcome> {
        streams::fan_out(receivers, messages).ok()
    }

    fn balls(&self, rings: u64, players: u64, hops: u64) -> Option<Outcome> {
        balls::balls(rings, players, hops).ok()
    }

    fn big(&self, actors: u64, messages: u64) -> Option<Outcome> {
        balls::big(actors, messages).ok()
    }

    fn ask_in(&self, asks: u64) -> Option<Outcome> {
        asks::ask_in(asks).ok()
    }

    fn ask_out(&self, asks: u64) -> Option<Outcome> {
        asks::ask_out(asks).ok()
    }

    fn spawn_idle(&self, actors: u64) -> Option<Outcome> {
        spawns::spawn_idle(actors).ok()
    }

    fn tree(&self, seed: Seed, units: u64) -> Option<Outcome> {
        tree::tree(seed, units).ok()
    }

    fn fork_join(&self, actors: u64) -> Option<Outcome> {
        spawns::fork_join(actors).ok()
    }
}

fn start() -> ActorSystem {
    ActorSystem::start("compare").expect("threads can be started")
}
