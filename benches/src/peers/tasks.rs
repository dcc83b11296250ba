//! The workloads written with tasks of tokio and some channel: shared by all peers of that kind.
//!
//! The runtime is what `#[tokio::main]` gives: multi-threaded, a worker for each core. An actor is a task that owns its
//! state and the receiving end; a round is over when the task has returned its result.

use std::sync::Arc;
use std::time::Instant;

use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;
use tokio::task::yield_now;

use super::outside::Tally;
use crate::measure::{Latencies, Outcome, SAMPLE, timed};
use crate::memory;
use crate::workloads::{Item, tell_1to1};

/// A channel that tasks can await.
pub(super) trait Channel: 'static {
    /// The sending end.
    type Sender<T: Send + 'static>: Send + Sync + 'static;
    /// The receiving end.
    type Receiver<T: Send + 'static>: Send + 'static;
    /// Whether `send` waits for room. If it never does, a sender yields now and then of its own accord.
    const WAITS: bool;

    /// Both ends of a new channel.
    fn channel<T: Send + 'static>() -> (Self::Sender<T>, Self::Receiver<T>);

    /// Sends, after waiting for room if need be.
    fn send<T: Send + 'static>(to: &Self::Sender<T>, value: T) -> impl Future<Output = ()> + Send;

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

/// The runtime of `#[tokio::main]`.
pub(super) fn runtime() -> Runtime {
    Builder::new_multi_thread().enable_all().build().expect("threads can be started")
}

pub(super) fn tell_1to1<C: Channel>(messages: u64) -> Outcome {
    let runtime = runtime();
    timed(messages, |count| {
        let (to, from) = C::channel();
        runtime.spawn(stream::<C>(to, count));
        runtime.block_on(runtime.spawn(add_up::<C>(from))).expect("the receiver does not panic")
    })
}

async fn stream<C: Channel>(to: C::Sender<Item>, count: u64) {
    for value in 0..count {
        C::send(&to, Item { value, from: 0 }).await;
        if !C::WAITS && value % tell_1to1::BURST == tell_1to1::BURST - 1 {
            yield_now().await;
        }
    }
}

async fn add_up<C: Channel>(mut from: C::Receiver<Item>) -> u64 {
    let mut sum = 0;
    let mut items = Vec::with_capacity(tell_1to1::TAKE);
    while C::receive_many(&mut from, &mut items, tell_1to1::TAKE).await {
        sum += items.drain(..).map(|item| item.value).sum::<u64>();
    }
    sum
}

pub(super) fn pingpong<C: Channel>(hops: u64) -> Outcome {
    let runtime = runtime();
    timed(hops, |count| {
        let (to_ping, ping) = C::channel();
        let (to_pong, pong) = C::channel();
        runtime.block_on(async {
            C::send(&to_ping, Item { value: count, from: 0 }).await;
            let ping = tokio::spawn(play::<C>(ping, to_pong));
            let pong = tokio::spawn(play::<C>(pong, to_ping));
            let hits = "a player does not panic";
            ping.await.expect(hits) + pong.await.expect(hits)
        })
    })
}

/// Returns how often the ball came. Who takes the last hop lets go of the other's channel and so ends the game.
async fn play<C: Channel>(mut from: C::Receiver<Item>, to: C::Sender<Item>) -> u64 {
    let mut hits = 0;
    while let Some(ball) = C::receive(&mut from).await {
        hits += 1;
        if ball.value == 1 {
            break;
        }
        C::send(&to, Item { value: ball.value - 1, from: 0 }).await;
    }
    hits
}

pub(super) fn ask_in<C: Channel>(asks: u64) -> Outcome {
    let runtime = runtime();
    let (to, from) = C::channel();
    runtime.spawn(serve::<C>(from));
    let to = Arc::new(to);
    let mut latencies = Latencies::default();
    let outcome = timed(asks, |count| {
        let asker = runtime.spawn(ask_one_by_one::<C>(Arc::clone(&to), count));
        let (sum, taken) = runtime.block_on(asker).expect("the asker does not panic");
        latencies = taken;
        sum
    });
    outcome.with_latencies(&latencies)
}

/// A request with the way back.
type Request = (Item, oneshot::Sender<u64>);

async fn serve<C: Channel>(mut from: C::Receiver<Request>) {
    while let Some((item, reply)) = C::receive(&mut from).await {
        let _ = reply.send(item.value + 1);
    }
}

async fn ask_one_by_one<C: Channel>(to: Arc<C::Sender<Request>>, count: u64) -> (u64, Latencies) {
    let (mut sum, mut latencies) = (0, Latencies::default());
    for value in 0..count {
        let start = (value % SAMPLE == 0).then(Instant::now);
        let (reply, answer) = oneshot::channel();
        C::send(&to, (Item { value, from: 0 }, reply)).await;
        sum += answer.await.expect("each request is answered");
        if let Some(start) = start {
            latencies.record(start.elapsed());
        }
    }
    (sum, latencies)
}

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
    runtime.block_on(async {
        for (to, value) in senders.iter().zip(0..) {
            C::send(to, Item { value, from: 0 }).await;
        }
    });
    Outcome::new(actors, elapsed, told.wait_for(actors)).with_bytes(bytes)
}

/// Its state are eight bytes, and the two tallies that no idle actor would need but this measurement does.
async fn idle<C: Channel>(own: u64, mut from: C::Receiver<Item>, started: Tally, told: Tally) {
    started.count();
    let mut state = own;
    while let Some(item) = C::receive(&mut from).await {
        state = state.wrapping_add(item.value);
        told.add(state - own);
    }
}
