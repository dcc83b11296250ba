//! Tasks of tokio and its unbounded channel: faster than the bounded one, without a limit to what may queue up.

use tokio::sync::mpsc;

use super::{Peer, tasks};
use crate::measure::Outcome;

/// The peer, and the channel that its tasks use.
pub(super) struct TokioUnbounded;

impl Peer for TokioUnbounded {
    fn name(&self) -> &'static str {
        "tokio_unbounded"
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

impl tasks::Channel for TokioUnbounded {
    type Sender<T: Send + 'static> = mpsc::UnboundedSender<T>;
    type Receiver<T: Send + 'static> = mpsc::UnboundedReceiver<T>;
    const WAITS: bool = false;

    fn channel<T: Send + 'static>() -> (mpsc::UnboundedSender<T>, mpsc::UnboundedReceiver<T>) {
        mpsc::unbounded_channel()
    }

    async fn send<T: Send + 'static>(to: &mpsc::UnboundedSender<T>, value: T) {
        let _ = to.send(value);
    }

    async fn receive<T: Send + 'static>(from: &mut mpsc::UnboundedReceiver<T>) -> Option<T> {
        from.recv().await
    }

    async fn receive_many<T: Send + 'static>(
        from: &mut mpsc::UnboundedReceiver<T>,
        values: &mut Vec<T>,
        most: usize,
    ) -> bool {
        from.recv_many(values, most).await > 0
    }
}
