//! kameo: actors as tasks of tokio, each with a mailbox; handlers are async.
//!
//! On the runtime of `#[tokio::main]`, with the mailbox that `spawn` gives: bounded (64 messages), a send waits for
//! room. An unbounded one is a sixth faster on streams.

use super::Peer;
use crate::measure::Outcome;
use crate::workloads::tree::Seed;

mod streams;
mod balls;
mod asks;
mod spawns;
mod tree;

/// The peer.
pub(super) struct Kameo;

impl Peer for Kameo {
    fn name(&self) -> &'static str {
        "kameo"
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

/// Sends from a thread outside, to an actor that lives.
fn order<A, M>(to: &::kameo::actor::ActorRef<A>, message: M)
where
    A: ::kameo::Actor + ::kameo::message::Message<M>,
    M: Send + 'static,
{
    if to.tell(message).blocking_send().is_err() {
        panic!("the actor lives");
    }
}
