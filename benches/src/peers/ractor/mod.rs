//! ractor: actors as tasks of tokio, in the manner of Erlang; handlers are async, mailboxes unbounded.
//!
//! On the runtime of `#[tokio::main]`.

use ractor::{Actor, ActorRef};

use super::Peer;
use crate::measure::Outcome;
use crate::workloads::tree::Seed;

mod streams;
mod balls;
mod asks;
mod spawns;
mod tree;

/// The peer.
pub(super) struct Ractor;

impl Peer for Ractor {
    fn name(&self) -> &'static str {
        "ractor"
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
        Some(asks::ask_in(asks))
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

/// Spawns an actor and lets go of the handle to its task.
async fn spawn<A: Actor>(actor: A, arguments: A::Arguments) -> ActorRef<A::Msg> {
    A::spawn(None, actor, arguments).await.expect("the actor starts").0
}
