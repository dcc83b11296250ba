//! Tasks of tokio and its bounded channel, the usual way to write an actor by hand.
//!
//! Capacity 1,024.

use tokio::sync::mpsc;

use super::{Peer, tasks};
use crate::measure::Outcome;

const CAPACITY: usize = 1_024;

/// The peer, and the channel that its tasks use.
pub(super) struct TokioBounded;

impl Peer for TokioBounded {
    fn name(&self) -> &'static str {
        "tokio_bounded"
    }

    fn tell_1to1(&self, messages: u64) -> Option<Outcome> {
        Some(tasks::tell_1to1::<Self>(messages))
    }

    fn pingpong(&self, hops: u64) -> Option<Outcome> {
        Some(tasks::pingpong::<Self>(hops))
    }

    fn ask_in(&self, asks: u64) -> Option<Outcome> {
        Some(tasks::ask_in::<Self>(asks))
    }

    fn spawn_idle(&self, actors: u64) -> Option<Outcome> {
        Some(tasks::spawn_idle::<Self>(actors))
    }
}

impl tasks::Channel for TokioBounded {
    type Sender<T: Send + 'static> = mpsc::Sender<T>;
    type Receiver<T: Send + 'static> = mpsc::Receiver<T>;
    const WAITS: bool = true;

    fn channel<T: Send + 'static>() -> (mpsc::Sender<T>, mpsc::Receiver<T>) {
        mpsc::channel(CAPACITY)
    }

    async fn send<T: Send + 'static>(to: &mpsc::Sender<T>, value: T) {
        let _ = to.send(value).await;
    }

    async fn receive<T: Send + 'static>(from: &mut mpsc::Receiver<T>) -> Option<T> {
        from.recv().await
    }

    async fn receive_many<T: Send + 'static>(
        from: &mut mpsc::Receiver<T>,
        values: &mut Vec<T>,
        most: usize,
    ) -> bool {
        from.recv_many(values, most).await > 0
    }
}
