//! The workloads written with tasks of tokio and some channel: shared by all peers of that kind.
//!
//! The runtime is what `#[tokio::main]` gives: multi-threaded, a worker for each core. An actor is a task that owns its
//! state and the receiving end; a round is over when the tasks have returned their results.

use std::marker::PhantomData;

use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

use super::Peer;
use crate::measure::Outcome;
use crate::workloads::tree::Seed;

mod streams;
mod balls;
mod asks;
mod spawns;

/// A channel that tasks can await.
pub(super) trait Channel: 'static {
    /// The name of the peer that uses it.
    const NAME: &'static str;
    /// Whether `send` waits for room. If it never does, a sender of a stream yields after each burst.
    const WAITS: bool;
    /// The sending end.
    type Sender<T: Send + 'static>: Clone + Send + Sync + 'static;
    /// The receiving end.
    type Receiver<T: Send + 'static>: Send + 'static;

    /// Both ends of a new channel.
    fn channel<T: Send + 'static>() -> (Self::Sender<T>, Self::Receiver<T>);

    /// Sends, after waiting for room if need be. What a receiver that has gone will not get is dropped.
    fn send<T: Send + 'static>(to: &Self::Sender<T>, value: T) -> impl Future<Output = ()> + Send;

    /// The same for a thread, which blocks.
    fn send_outside<T: Send + 'static>(to: &Self::Sender<T>, value: T);

    /// The next value, `None` when all senders are gone.
    fn receive<T: Send + 'static>(
        from: &mut Self::Receiver<T>,
    ) -> impl Future<Output = Option<T>> + Send;

    /// All that is there, but no more than `most`, into `values`; waits for the first; false when all senders are gone.
    fn receive_many<T: Send + 'static>(
        from: &mut Self::Receiver<T>,
        values: &mut Vec<T>,
        most: usize,
    ) -> impl Future<Output = bool> + Send;
}

/// The peer made of tasks that talk through `C`.
pub(super) struct Tasks<C>(PhantomData<fn() -> C>);

impl<C> Tasks<C> {
    /// The only value.
    pub(super) const NEW: Self = Self(PhantomData);
}

impl<C: Channel> Peer for Tasks<C> {
    fn name(&self) -> &'static str {
        C::NAME
    }

    fn fan_in(&self, senders: u64, messages: u64) -> Option<Outcome> {
        Some(streams::fan_in::<C>(senders, messages))
    }

    fn fan_out(&self, receivers: u64, messages: u64) -> Option<Outcome> {
        Some(streams::fan_out::<C>(receivers, messages))
    }

    fn balls(&self, rings: u64, players: u64, hops: u64) -> Option<Outcome> {
        Some(balls::balls::<C>(rings, players, hops))
    }

    fn big(&self, actors: u64, messages: u64) -> Option<Outcome> {
        Some(balls::big::<C>(actors, messages))
    }

    fn ask_in(&self, asks: u64) -> Option<Outcome> {
        Some(asks::ask_in::<C>(asks))
    }

    fn ask_out(&self, asks: u64) -> Option<Outcome> {
        Some(asks::ask_out::<C>(asks))
    }

    fn spawn_idle(&self, actors: u64) -> Option<Outcome> {
        Some(spawns::spawn_idle::<C>(actors))
    }

    fn tree(&self, seed: Seed, units: u64) -> Option<Outcome> {
        Some(spawns::tree::<C>(seed, units))
    }

    fn fork_join(&self, actors: u64) -> Option<Outcome> {
        Some(spawns::fork_join::<C>(actors))
    }
}

/// The runtime of `#[tokio::main]`.
pub(super) fn runtime() -> Runtime {
    Builder::new_multi_thread().enable_all().build().expect("threads can be started")
}

/// The sum of what the tasks return.
async fn sum_of(tasks: Vec<JoinHandle<u64>>) -> u64 {
    let mut sum = 0;
    for task in tasks {
        sum += task.await.expect("no task panics");
    }
    sum
}
