//! Requests with a way back: `ask_in` and `ask_out`. The way back is tokio's oneshot channel, whatever carries requests.

use std::time::Instant;

use tokio::sync::oneshot;

use super::{Channel, runtime};
use crate::measure::{Latencies, Outcome, SAMPLE, timed};
use crate::workloads::Item;

/// A request with the way back.
type Request = (Item, oneshot::Sender<u64>);

async fn serve<C: Channel>(mut from: C::Receiver<Request>) {
    while let Some((item, reply)) = C::receive(&mut from).await {
        let _ = reply.send(item.value + 1);
    }
}

pub(super) fn ask_in<C: Channel>(asks: u64) -> Outcome {
    let runtime = runtime();
    let (to, from) = C::channel();
    runtime.spawn(serve::<C>(from));
    let mut latencies = Latencies::default();
    let outcome = timed(asks, |count| {
        let asker = runtime.spawn(ask_one_by_one::<C>(to.clone(), count));
        let (sum, taken) = runtime.block_on(asker).expect("no task panics");
        latencies = taken;
        sum
    });
    outcome.with_latencies(&latencies)
}

async fn ask_one_by_one<C: Channel>(to: C::Sender<Request>, count: u64) -> (u64, Latencies) {
    let (mut sum, mut latencies) = (0, Latencies::default());
    for value in 0..count {
        let start = value.is_multiple_of(SAMPLE).then(Instant::now);
        let (reply, answer) = oneshot::channel();
        C::send(&to, (Item::new(value), reply)).await;
        sum += answer.await.expect("each request is answered");
        if let Some(start) = start {
            latencies.record(start.elapsed());
        }
    }
    (sum, latencies)
}

pub(super) fn ask_out<C: Channel>(asks: u64) -> Outcome {
    let runtime = runtime();
    let (to, from) = C::channel();
    runtime.spawn(serve::<C>(from));
    let mut latencies = Latencies::default();
    let outcome = timed(asks, |count| {
        latencies = Latencies::default();
        latencies.sum_timed(count, |value| {
            let (reply, answer) = oneshot::channel();
            C::send_outside(&to, (Item::new(value), reply));
            answer.blocking_recv().expect("each request is answered")
        })
    });
    outcome.with_latencies(&latencies)
}
