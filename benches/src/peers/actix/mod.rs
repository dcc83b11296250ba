//! actix: actors with a mailbox each on the one thread of an arbiter.
//!
//! `do_send` is its tell; it does not look at the capacity of a mailbox. All actors of a workload are on one arbiter:
//! twice as fast as one each, for no line of cache and no wake-up crosses the cores.

use actix::prelude::*;

use super::Peer;
use crate::measure::Outcome;
use crate::workloads;
use crate::workloads::tree::Seed;

mod streams;
mod balls;
mod asks;
mod spawns;
mod tree;

/// The peer.
pub(super) struct Actix;

impl Peer for Actix {
    fn name(&self) -> &'static str {
        "actix"
    }

    fn fan_in(&self, senders: u64, messages: u64) -> Option<Outcome> {
        Some(streams::fan_in(senders, messages))
    }

    fn fan_out(&self, receivers: u64, messages: u64) -> Option<Outcome> {
        Some(streams::fan_out(receivers, messages))
    }

    fn balls(&self, rings: u64, players: u64, hops: u64) -> Option<Outcome> {
        Some(balls::balls(rings, players, hops))
    }

    fn big(&self, actors: u64, messages: u64) -> Option<Outcome> {
        Some(balls::big(actors, messages))
    }

    fn ask_in(&self, asks: u64) -> Option<Outcome> {
        asks::ask_in(asks)
    }

    fn ask_out(&self, asks: u64) -> Option<Outcome> {
        Some(asks::ask_out(asks))
    }

    fn spawn_idle(&self, actors: u64) -> Option<Outcome> {
        spawns::spawn_idle(actors)
    }

    fn tree(&self, seed: Seed, units: u64) -> Option<Outcome> {
        Some(tree::tree(seed, units))
    }

    fn fork_join(&self, actors: u64) -> Option<Outcome> {
        Some(spawns::fork_join(actors))
    }
}

/// The system of actix and one arbiter of it.
struct Arbiters {
    arbiter: ArbiterHandle,
    system: SystemRunner,
}

impl Arbiters {
    fn start() -> Self {
        let system = System::new();
        Self { arbiter: Arbiter::new().handle(), system }
    }

    fn spawn<A>(&self, make: impl FnOnce() -> A + Send + 'static) -> Addr<A>
    where
        A: Actor<Context = Context<A>>,
    {
        A::start_in_arbiter(&self.arbiter, |_| make())
    }
}

/// A numbered message of 16 bytes.
#[derive(Message)]
#[rtype(result = "()")]
struct Item(workloads::Item);

impl Item {
    fn new(value: u64) -> Self {
        Self(workloads::Item::new(value))
    }
}
