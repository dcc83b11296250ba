//! Actors that come and go: `spawn_idle` and `fork_join`.

use std::sync::mpsc;
use std::time::Instant;

use ractor::{Actor, ActorProcessingErr, ActorRef};

use super::spawn;
use crate::measure::{Outcome, timed};
use crate::memory;
use crate::peers::tasks;
use crate::tally::Tally;
use crate::workloads::{Item, fork_join::BATCH};

pub(super) fn spawn_idle(actors: u64) -> Option<Outcome> {
    let runtime = tasks::runtime();
    let (started, told) = (Tally::default(), Tally::default());
    let mut references = Vec::with_capacity(usize::try_from(actors).ok()?);
    let before = memory::resident();
    let tallies = (started.clone(), told.clone());
    let start = Instant::now();
    let spawning = runtime.spawn(async move {
        for state in 0..actors {
            let (started, told) = tallies.clone();
            references.push(spawn(Idle { started, told }, state).await);
        }
        references
    });
    let references = runtime.block_on(spawning).ok()?;
    started.wait_for(actors);
    let elapsed = start.elapsed();
    let bytes = memory::grown_per(actors, before);
    for (to, value) in references.iter().zip(0..) {
        let _ = to.cast(Told(Item::new(value)));
    }
    Some(Outcome::new(actors, elapsed, told.wait_for(actors)).with_bytes(bytes))
}

struct Told(Item);

struct Idle {
    started: Tally,
    told: Tally,
}

impl Actor for Idle {
    type Msg = Told;
    type State = u64;
    type Arguments = u64;

    async fn pre_start(&self, _: ActorRef<Told>, own: u64) -> Result<u64, ActorProcessingErr> {
        self.started.count();
        Ok(own)
    }

    async fn handle(
        &self,
        _: ActorRef<Told>,
        Told(item): Told,
        state: &mut u64,
    ) -> Result<(), ActorProcessingErr> {
        let old = *state;
        *state = old.wrapping_add(item.value);
        self.told.add(*state - old);
        Ok(())
    }
}

pub(super) fn fork_join(actors: u64) -> Outcome {
    let runtime = tasks::runtime();
    let parent = runtime.block_on(spawn(Parent, ()));
    timed(actors, |count| {
        let (done, sum) = mpsc::channel();
        let _ = parent.cast(Family::Fork(Fork { count, done }));
        sum.recv().expect("the parent lives")
    })
}

struct Fork {
    count: u64,
    done: mpsc::Sender<u64>,
}

enum Family {
    Fork(Fork),
    Joined(u64),
}

struct Parent;

#[derive(Default)]
struct Progress {
    next: u64,
    joined: u64,
    sum: u64,
    order: Option<Fork>,
}

impl Progress {
    async fn fork(&mut self, parent: &ActorRef<Family>) {
        let Some(order) = &self.order else { return };
        let end = order.count.min(self.next + BATCH);
        for value in self.next..end {
            let leaf = spawn(Leaf(parent.clone()), ()).await;
            let _ = leaf.cast(Told(Item::new(value)));
        }
        self.next = end;
    }

    async fn joined(&mut self, value: u64, parent: &ActorRef<Family>) {
        self.sum += value;
        self.joined += 1;
        if self.joined < self.next {
            return;
        }
        match self.order.take_if(|order| order.count == self.joined) {
            Some(order) => drop(order.done.send(self.sum)),
            None => self.fork(parent).await,
        }
    }
}

impl Actor for Parent {
    type Msg = Family;
    type State = Progress;
    type Arguments = ();

    async fn pre_start(&self, _: ActorRef<Family>, (): ()) -> Result<Progress, ActorProcessingErr> {
        Ok(Progress::default())
    }

    async fn handle(
        &self,
        myself: ActorRef<Family>,
        message: Family,
        state: &mut Progress,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            Family::Fork(order) => {
                *state = Progress { order: Some(order), ..Progress::default() };
                state.fork(&myself).await;
            }
            Family::Joined(value) => state.joined(value, &myself).await,
        }
        Ok(())
    }
}

struct Leaf(ActorRef<Family>);

impl Actor for Leaf {
    type Msg = Told;
    type State = ();
    type Arguments = ();

    async fn pre_start(&self, _: ActorRef<Told>, (): ()) -> Result<(), ActorProcessingErr> {
        Ok(())
    }

    async fn handle(
        &self,
        myself: ActorRef<Told>,
        Told(item): Told,
        (): &mut (),
    ) -> Result<(), ActorProcessingErr> {
        let _ = self.0.cast(Family::Joined(item.value));
        myself.stop(None);
        Ok(())
    }
}
