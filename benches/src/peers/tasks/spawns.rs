//! Tasks that come and go: `spawn_idle`, `fork_join` and `tree`.

use std::time::Instant;

use super::{Channel, runtime};
use crate::measure::{Outcome, timed, timed_once};
use crate::memory;
use crate::tally::Tally;
use crate::workloads::Item;
use crate::workloads::fork_join::BATCH;
use crate::workloads::tree::{Growth, Seed};

pub(super) fn spawn_idle<C: Channel>(actors: u64) -> Outcome {
    let runtime = runtime();
    let (started, told) = (Tally::default(), Tally::default());
    let mut senders = Vec::with_capacity(usize::try_from(actors).expect("fits the memory"));
    let before = memory::resident();
    let start = Instant::now();
    for own in 0..actors {
        let (to, from) = C::channel();
        runtime.spawn(idle::<C>(own, from, started.clone(), told.clone()));
        senders.push(to);
    }
    started.wait_for(actors);
    let elapsed = start.elapsed();
    let bytes = memory::grown_per(actors, before);
    for (to, value) in senders.iter().zip(0..) {
        C::send_outside(to, Item::new(value));
    }
    Outcome::new(actors, elapsed, told.wait_for(actors)).with_bytes(bytes)
}

/// Its state are eight bytes, and the two tallies that no idle actor would need but this measurement does.
async fn idle<C: Channel>(own: u64, mut from: C::Receiver<Item>, started: Tally, told: Tally) {
    started.count();
    let mut state = own;
    while let Some(item) = C::receive(&mut from).await {
        let old = state;
        state = old.wrapping_add(item.value);
        told.add(state - old);
    }
}

pub(super) fn fork_join<C: Channel>(actors: u64) -> Outcome {
    let runtime = runtime();
    timed(actors, |count| {
        runtime.block_on(runtime.spawn(fork_all::<C>(count))).expect("no task panics")
    })
}

async fn fork_all<C: Channel>(count: u64) -> u64 {
    let (join, mut joined) = C::channel();
    let mut sum = 0;
    for first in (0..count).step_by(usize::try_from(BATCH).expect("a small number")) {
        let batch = first..count.min(first + BATCH);
        for value in batch.clone() {
            let (to, from) = C::channel();
            tokio::spawn(leaf::<C>(from, join.clone()));
            C::send(&to, Item::new(value)).await;
        }
        for _ in batch {
            sum += C::receive(&mut joined).await.unwrap_or(0);
        }
    }
    sum
}

async fn leaf<C: Channel>(mut from: C::Receiver<Item>, join: C::Sender<u64>) {
    if let Some(item) = C::receive(&mut from).await {
        C::send(&join, item.value).await;
    }
}

pub(super) fn tree<C: Channel>(seed: Seed, units: u64) -> Outcome {
    let runtime = runtime();
    timed_once(units, || {
        let (up, mut sum) = C::channel();
        runtime.spawn(node::<C>(seed, up));
        runtime.block_on(C::receive(&mut sum)).unwrap_or(0)
    })
}

/// A leaf needs no channel of its own.
#[expect(clippy::manual_async_fn, reason = "it spawns itself, so that it is `Send` has to be said")]
fn node<C: Channel>(seed: Seed, up: C::Sender<u64>) -> impl Future<Output = ()> + Send {
    async move {
        let sum = match seed.grow() {
            Growth::Leaf(value) => value,
            Growth::Branch(branches) => {
                let (below, mut from) = C::channel();
                for seed in branches {
                    tokio::spawn(node::<C>(seed, below.clone()));
                }
                drop(below);
                let mut sum = 0;
                while let Some(value) = C::receive(&mut from).await {
                    sum += value;
                }
                sum
            }
        };
        C::send(&up, sum).await;
    }
}
