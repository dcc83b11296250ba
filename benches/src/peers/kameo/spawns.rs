//! Actors that come and go: `spawn_idle` and `fork_join`.

use std::convert::Infallible;
use std::sync::mpsc;
use std::time::Instant;

use kameo::prelude::*;

use super::order;
use crate::measure::{Outcome, timed};
use crate::memory;
use crate::peers::tasks;
use crate::tally::Tally;
use crate::workloads::{Item, fork_join::BATCH};

pub(super) fn spawn_idle(actors: u64) -> Option<Outcome> {
    let runtime = tasks::runtime();
    let _inside = runtime.enter();
    let (started, told) = (Tally::default(), Tally::default());
    let mut references = Vec::with_capacity(usize::try_from(actors).ok()?);
    let before = memory::resident();
    let start = Instant::now();
    for state in 0..actors {
        let (started, told) = (started.clone(), told.clone());
        references.push(Idle::spawn(Idle { state, started, told }));
    }
    started.wait_for(actors);
    let elapsed = start.elapsed();
    let bytes = memory::grown_per(actors, before);
    for (to, value) in references.iter().zip(0..) {
        order(to, Item::new(value));
    }
    Some(Outcome::new(actors, elapsed, told.wait_for(actors)).with_bytes(bytes))
}

struct Idle {
    state: u64,
    started: Tally,
    told: Tally,
}

impl Actor for Idle {
    type Args = Self;
    type Error = Infallible;

    async fn on_start(idle: Self, _: ActorRef<Self>) -> Result<Self, Infallible> {
        idle.started.count();
        Ok(idle)
    }
}

impl Message<Item> for Idle {
    type Reply = ();
    async fn handle(&mut self, item: Item, _: &mut Context<Self, ()>) {
        let old = self.state;
        self.state = old.wrapping_add(item.value);
        self.told.add(self.state - old);
    }
}

pub(super) fn fork_join(actors: u64) -> Outcome {
    let runtime = tasks::runtime();
    let _inside = runtime.enter();
    let parent = Parent::spawn(Parent::default());
    timed(actors, |count| {
        let (done, sum) = mpsc::channel();
        order(&parent, Fork { count, done });
        sum.recv().expect("the parent lives")
    })
}

struct Fork {
    count: u64,
    done: mpsc::Sender<u64>,
}

struct Joined(u64);

#[derive(Actor, Default)]
struct Parent {
    next: u64,
    joined: u64,
    sum: u64,
    order: Option<Fork>,
}

impl Parent {
    async fn fork(&mut self, parent: &ActorRef<Self>) {
        let Some(order) = &self.order else { return };
        let end = order.count.min(self.next + BATCH);
        for value in self.next..end {
            let _ = Leaf::spawn(Leaf(parent.clone())).tell(Item::new(value)).await;
        }
        self.next = end;
    }
}

impl Message<Fork> for Parent {
    type Reply = ();
    async fn handle(&mut self, order: Fork, ctx: &mut Context<Self, ()>) {
        *self = Self { order: Some(order), ..Self::default() };
        self.fork(ctx.actor_ref()).await;
    }
}

impl Message<Joined> for Parent {
    type Reply = ();
    async fn handle(&mut self, Joined(value): Joined, ctx: &mut Context<Self, ()>) {
        self.sum += value;
        self.joined += 1;
        if self.joined < self.next {
            return;
        }
        match self.order.take_if(|order| order.count == self.joined) {
            Some(order) => drop(order.done.send(self.sum)),
            None => self.fork(ctx.actor_ref()).await,
        }
    }
}

#[derive(Actor)]
struct Leaf(ActorRef<Parent>);

impl Message<Item> for Leaf {
    type Reply = ();
    async fn handle(&mut self, item: Item, ctx: &mut Context<Self, ()>) {
        let _ = self.0.tell(Joined(item.value)).await;
        ctx.stop();
    }
}
