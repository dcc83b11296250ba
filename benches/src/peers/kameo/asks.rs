//! Requests with a reply: `ask_in` and `ask_out`.

use std::time::Instant;

use kameo::prelude::*;

use crate::measure::{Latencies, Outcome, SAMPLE, timed};
use crate::peers::tasks;
use crate::workloads::Item;

#[derive(Actor)]
struct Service;

struct Request(Item);

impl Message<Request> for Service {
    type Reply = u64;
    async fn handle(&mut self, Request(item): Request, _: &mut Context<Self, u64>) -> u64 {
        item.value + 1
    }
}

pub(super) fn ask_in(asks: u64) -> Outcome {
    let runtime = tasks::runtime();
    let _inside = runtime.enter();
    let to = Service::spawn(Service);
    let mut latencies = Latencies::default();
    let outcome = timed(asks, |count| {
        let asker = runtime.spawn(ask_one_by_one(to.clone(), count));
        let (sum, taken) = runtime.block_on(asker).expect("no task panics");
        latencies = taken;
        sum
    });
    outcome.with_latencies(&latencies)
}

async fn ask_one_by_one(to: ActorRef<Service>, count: u64) -> (u64, Latencies) {
    let (mut sum, mut latencies) = (0, Latencies::default());
    for value in 0..count {
        let start = value.is_multiple_of(SAMPLE).then(Instant::now);
        sum += to.ask(Request(Item::new(value))).await.expect("each request is answered");
        if let Some(start) = start {
            latencies.record(start.elapsed());
        }
    }
    (sum, latencies)
}

pub(super) fn ask_out(asks: u64) -> Outcome {
    let runtime = tasks::runtime();
    let _inside = runtime.enter();
    let to = Service::spawn(Service);
    let mut latencies = Latencies::default();
    let outcome = timed(asks, |count| {
        latencies = Latencies::default();
        latencies.sum_timed(count, |value| {
            let request = to.ask(Request(Item::new(value)));
            request.blocking_send().expect("each request is answered")
        })
    });
    outcome.with_latencies(&latencies)
}
