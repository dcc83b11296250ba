//! An actor that asks another, again and again.

use std::sync::mpsc;
use std::time::Instant;

use zactor::prelude::*;

use crate::measure::{Latencies, SAMPLE};
use crate::workloads;

/// A request of 16 bytes.
#[derive(Debug, Message)]
#[message(reply = u64)]
pub struct Request(pub workloads::Item);

impl Request {
    /// The request that carries `value`.
    pub fn new(value: u64) -> Self {
        Self(workloads::Item::new(value))
    }
}

/// Answers with the value plus one.
#[actor(Request)]
#[derive(Debug)]
pub struct Service;

impl Handler<Request> for Service {
    fn handle(&mut self, Request(item): Request, _: &mut Context<Self>) -> u64 {
        item.value + 1
    }
}

/// What one round of asks needs: how many, where latencies go, whom to give the sum.
#[derive(Debug)]
pub struct Asking {
    /// How many.
    pub count: u64,
    /// One in [`SAMPLE`] is taken.
    pub latencies: Latencies,
    /// Gets the sum of the replies.
    pub done: mpsc::Sender<(u64, Latencies)>,
}

/// Orders a round of asks.
#[derive(Debug, Message)]
pub struct AskFor(pub Box<Asking>);

/// Asks, and asks again when the reply has come.
#[actor(AskFor)]
#[derive(Debug)]
pub struct Asker {
    to: ActorRef<Service>,
    next: u64,
    sum: u64,
    round: Option<Box<Asking>>,
}

impl Asker {
    /// An asker that waits for its order.
    pub fn new(to: ActorRef<Service>) -> Self {
        Self { to, next: 0, sum: 0, round: None }
    }

    fn ask(&mut self, ctx: &mut Context<Self>) {
        let start = self.next.is_multiple_of(SAMPLE).then(Instant::now);
        let asking = ctx.ask(&self.to, Request::new(self.next));
        asking.then(move |this, answer, ctx| this.answered(answer, start, ctx));
    }

    fn answered(
        &mut self,
        answer: Result<u64, AskError>,
        start: Option<Instant>,
        ctx: &mut Context<Self>,
    ) {
        let Some(round) = &mut self.round else { return };
        if let Some(start) = start {
            round.latencies.record(start.elapsed());
        }
        self.sum += answer.unwrap_or(0);
        self.next += 1;
        if self.next < round.count {
            self.ask(ctx);
        } else if let Some(round) = self.round.take() {
            let _ = round.done.send((self.sum, round.latencies));
        }
    }
}

impl Handler<AskFor> for Asker {
    fn handle(&mut self, AskFor(round): AskFor, ctx: &mut Context<Self>) {
        (self.next, self.sum, self.round) = (0, 0, Some(round));
        self.ask(ctx);
    }
}
