//! Requests with a reply: `ask_in` and `ask_out`.

use std::sync::mpsc;

use actix::prelude::*;

use super::Arbiters;
use crate::measure::{Latencies, Outcome, SAMPLE, timed};
use crate::workloads::Item;

#[derive(Message)]
#[rtype(result = "u64")]
struct Request(Item);

struct Service;

impl Actor for Service {
    type Context = Context<Self>;
}

impl Handler<Request> for Service {
    type Result = u64;
    fn handle(&mut self, Request(item): Request, _: &mut Self::Context) -> u64 {
        item.value + 1
    }
}

/// The asker is a task on the arbiter: faster than an actor that waits by `into_actor`.
pub(super) fn ask_in(asks: u64) -> Option<Outcome> {
    let arbiter = Arbiters::start();
    let to = arbiter.spawn(|| Service);
    let mut latencies = Latencies::default();
    let outcome = timed(asks, |count| {
        let (done, answer) = mpsc::channel();
        let to = to.clone();
        arbiter.arbiter.spawn(async move {
            let _ = done.send(ask_one_by_one(to, count).await);
        });
        let (sum, taken) = answer.recv().expect("the asker answers");
        latencies = taken;
        sum
    });
    Some(outcome.with_latencies(&latencies))
}

async fn ask_one_by_one(to: Addr<Service>, count: u64) -> (u64, Latencies) {
    let (mut sum, mut latencies) = (0, Latencies::default());
    for value in 0..count {
        let start = value.is_multiple_of(SAMPLE).then(std::time::Instant::now);
        sum += to.send(Request(Item::new(value))).await.expect("each request is answered");
        if let Some(start) = start {
            latencies.record(start.elapsed());
        }
    }
    (sum, latencies)
}

/// The thread outside is one that runs a runtime of actix, as a `main` under `#[actix::main]` does.
pub(super) fn ask_out(asks: u64) -> Outcome {
    let arbiter = Arbiters::start();
    let to = arbiter.spawn(|| Service);
    let mut latencies = Latencies::default();
    let outcome = timed(asks, |count| {
        latencies = Latencies::default();
        latencies.sum_timed(count, |value| {
            let request = to.send(Request(Item::new(value)));
            arbiter.system.block_on(request).expect("each request is answered")
        })
    });
    outcome.with_latencies(&latencies)
}
