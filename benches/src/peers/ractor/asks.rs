//! Requests with a reply: `ask_in` and `ask_out`.

use std::time::Instant;

use ractor::concurrency::oneshot;
use ractor::{Actor, ActorProcessingErr, ActorRef, RpcReplyPort};

use super::spawn;
use crate::measure::{Latencies, Outcome, SAMPLE, timed};
use crate::peers::tasks;
use crate::workloads::Item;

struct Request(Item, RpcReplyPort<u64>);

struct Service;

impl Actor for Service {
    type Msg = Request;
    type State = ();
    type Arguments = ();

    async fn pre_start(&self, _: ActorRef<Request>, (): ()) -> Result<(), ActorProcessingErr> {
        Ok(())
    }

    async fn handle(
        &self,
        _: ActorRef<Request>,
        Request(item, reply): Request,
        (): &mut (),
    ) -> Result<(), ActorProcessingErr> {
        reply.send(item.value + 1)?;
        Ok(())
    }
}

pub(super) fn ask_in(asks: u64) -> Outcome {
    let runtime = tasks::runtime();
    let to = runtime.block_on(spawn(Service, ()));
    let mut latencies = Latencies::default();
    let outcome = timed(asks, |count| {
        let asker = runtime.spawn(ask_one_by_one(to.clone(), count));
        let (sum, taken) = runtime.block_on(asker).expect("no task panics");
        latencies = taken;
        sum
    });
    outcome.with_latencies(&latencies)
}

async fn ask_one_by_one(to: ActorRef<Request>, count: u64) -> (u64, Latencies) {
    let (mut sum, mut latencies) = (0, Latencies::default());
    for value in 0..count {
        let start = value.is_multiple_of(SAMPLE).then(Instant::now);
        let answer = to.call(|reply| Request(Item::new(value), reply), None).await;
        sum += answer.expect("the service lives").expect("each request is answered");
        if let Some(start) = start {
            latencies.record(start.elapsed());
        }
    }
    (sum, latencies)
}

/// There is no call for a thread outside; what `call` does is done by hand.
pub(super) fn ask_out(asks: u64) -> Outcome {
    let runtime = tasks::runtime();
    let to = runtime.block_on(spawn(Service, ()));
    let mut latencies = Latencies::default();
    let outcome = timed(asks, |count| {
        latencies = Latencies::default();
        latencies.sum_timed(count, |value| {
            let (reply, answer) = oneshot();
            let _ = to.cast(Request(Item::new(value), reply.into()));
            answer.blocking_recv().expect("each request is answered")
        })
    });
    outcome.with_latencies(&latencies)
}
