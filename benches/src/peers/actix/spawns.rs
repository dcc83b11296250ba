//! Actors that come and go: `spawn_idle` and `fork_join`.

use std::sync::mpsc;
use std::time::Instant;

use actix::prelude::*;

use super::{Arbiters, Item};
use crate::measure::{Outcome, timed};
use crate::memory;
use crate::tally::Tally;
use crate::workloads::fork_join::BATCH;

pub(super) fn spawn_idle(actors: u64) -> Option<Outcome> {
    let arbiter = Arbiters::start();
    let (started, told) = (Tally::default(), Tally::default());
    let count = usize::try_from(actors).ok()?;
    let before = memory::resident();
    let (done, references) = mpsc::channel();
    let start = Instant::now();
    let tallies = (started.clone(), told.clone());
    arbiter.arbiter.spawn(async move {
        let mut references = Vec::with_capacity(count);
        for state in 0..actors {
            let (started, told) = tallies.clone();
            references.push(Idle { state, started, told }.start());
        }
        let _ = done.send(references);
    });
    let references = references.recv().ok()?;
    started.wait_for(actors);
    let elapsed = start.elapsed();
    let bytes = memory::grown_per(actors, before);
    for (to, value) in references.iter().zip(0..) {
        to.do_send(Item::new(value));
    }
    Some(Outcome::new(actors, elapsed, told.wait_for(actors)).with_bytes(bytes))
}

struct Idle {
    state: u64,
    started: Tally,
    told: Tally,
}

impl Actor for Idle {
    type Context = Context<Self>;

    fn started(&mut self, _: &mut Self::Context) {
        self.started.count();
    }
}

impl Handler<Item> for Idle {
    type Result = ();
    fn handle(&mut self, Item(item): Item, _: &mut Self::Context) {
        let old = self.state;
        self.state = old.wrapping_add(item.value);
        self.told.add(self.state - old);
    }
}

pub(super) fn fork_join(actors: u64) -> Outcome {
    let arbiter = Arbiters::start();
    let parent = arbiter.spawn(Parent::default);
    timed(actors, |count| {
        let (done, sum) = mpsc::channel();
        parent.do_send(Fork { count, done });
        sum.recv().expect("the parent lives")
    })
}

#[derive(Message)]
#[rtype(result = "()")]
struct Fork {
    count: u64,
    done: mpsc::Sender<u64>,
}

#[derive(Message)]
#[rtype(result = "()")]
struct Joined(u64);

#[derive(Default)]
struct Parent {
    next: u64,
    joined: u64,
    sum: u64,
    order: Option<Fork>,
}

impl Parent {
    fn fork(&mut self, ctx: &mut Context<Self>) {
        let Some(order) = &self.order else { return };
        let end = order.count.min(self.next + BATCH);
        for value in self.next..end {
            Leaf(ctx.address()).start().do_send(Item::new(value));
        }
        self.next = end;
    }
}

impl Actor for Parent {
    type Context = Context<Self>;
}

impl Handler<Fork> for Parent {
    type Result = ();
    fn handle(&mut self, order: Fork, ctx: &mut Self::Context) {
        *self = Self { order: Some(order), ..Self::default() };
        self.fork(ctx);
    }
}

impl Handler<Joined> for Parent {
    type Result = ();
    fn handle(&mut self, Joined(value): Joined, ctx: &mut Self::Context) {
        self.sum += value;
        self.joined += 1;
        if self.joined < self.next {
            return;
        }
        match self.order.take_if(|order| order.count == self.joined) {
            Some(order) => drop(order.done.send(self.sum)),
            None => self.fork(ctx),
        }
    }
}

struct Leaf(Addr<Parent>);

impl Actor for Leaf {
    type Context = Context<Self>;
}

impl Handler<Item> for Leaf {
    type Result = ();
    fn handle(&mut self, Item(item): Item, ctx: &mut Self::Context) {
        self.0.do_send(Joined(item.value));
        ctx.stop();
    }
}
