//! Requests with a reply: `ask_in` and `ask_out`.

use std::sync::mpsc;

use zactor::error::SpawnError;

use super::start;
use crate::actors::service::{AskFor, Asker, Asking, Request, Service};
use crate::measure::{Latencies, Outcome, timed};

pub(super) fn ask_in(asks: u64) -> Result<Outcome, SpawnError> {
    let system = start();
    let to = system.spawn(Service)?;
    let asker = system.spawn(Asker::new(to))?;
    let mut latencies = Latencies::default();
    let outcome = timed(asks, |count| {
        let (done, answer) = mpsc::channel();
        let round = Asking { count, latencies: Latencies::default(), done };
        asker.tell(AskFor(Box::new(round))).expect("the asker lives");
        let (sum, taken) = answer.recv().expect("the asker lives");
        latencies = taken;
        sum
    });
    Ok(outcome.with_latencies(&latencies))
}

pub(super) fn ask_out(asks: u64) -> Result<Outcome, SpawnError> {
    let system = start();
    let to = system.spawn(Service)?;
    let mut latencies = Latencies::default();
    let outcome = timed(asks, |count| {
        latencies = Latencies::default();
        latencies.sum_timed(count, |value| {
            to.ask(Request::new(value)).wait().expect("each request is answered")
        })
    });
    Ok(outcome.with_latencies(&latencies))
}
