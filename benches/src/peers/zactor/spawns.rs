//! Actors that come and go: `spawn_idle` and `fork_join`.

use std::sync::mpsc;
use std::time::Instant;

use zactor::error::SpawnError;

use super::start;
use crate::actors::family::{Fork, Parent};
use crate::actors::idle::Idle;
use crate::actors::stream::Item;
use crate::measure::{Outcome, timed};
use crate::memory;
use crate::tally::Tally;

pub(super) fn spawn_idle(actors: u64) -> Result<Outcome, SpawnError> {
    let system = start();
    let (started, told) = (Tally::default(), Tally::default());
    let mut references = Vec::with_capacity(usize::try_from(actors).expect("fits the memory"));
    let before = memory::resident();
    let start = Instant::now();
    for state in 0..actors {
        let (started, told) = (started.clone(), told.clone());
        references.push(system.spawn(Idle { state, started, told })?);
    }
    started.wait_for(actors);
    let elapsed = start.elapsed();
    let bytes = memory::grown_per(actors, before);
    for (to, value) in references.iter().zip(0..) {
        to.tell(Item::new(value)).expect("the actor lives");
    }
    Ok(Outcome::new(actors, elapsed, told.wait_for(actors)).with_bytes(bytes))
}

pub(super) fn fork_join(actors: u64) -> Result<Outcome, SpawnError> {
    let system = start();
    let parent = system.spawn(Parent::default())?;
    Ok(timed(actors, |count| {
        let (done, sum) = mpsc::channel();
        parent.tell(Fork { count, done }).expect("the parent lives");
        sum.recv().expect("the parent lives")
    }))
}
