//! What there is to do, and what it leaves behind: the bank and the census look the same to those who do it.

use std::collections::HashSet;

/// Jobs that consist of steps. A step is a *task*; the tasks are numbered from 0, those of a job one after the other.
pub(crate) trait Work: Send + Sync + 'static {
    /// What a worker keeps in memory, and loses when it fails.
    type State: Clone + Default + PartialEq + Send + 'static;
    /// What one task adds to it.
    type Effect: Send + 'static;
    /// How many tasks each job has.
    const STEPS: u64;

    fn jobs(&self) -> u64;
    fn workers(&self) -> usize;
    /// Which worker a task falls to.
    fn worker(&self, task: u64) -> usize;
    fn perform(&self, task: u64) -> Self::Effect;
    /// Adds what a task did; the order of the tasks makes no difference.
    fn add(state: &mut Self::State, effect: &Self::Effect);

    fn tasks(&self) -> u64 {
        self.jobs() * Self::STEPS
    }
}

/// A number as a place in a table that is in memory.
pub(crate) fn index(n: u64) -> usize {
    usize::try_from(n).expect("no table is longer than the memory")
}

/// The state of one worker, and the tasks that made it what it is.
pub(crate) struct Ledger<W: Work> {
    pub(crate) state: W::State,
    done: HashSet<u64>,
}

impl<W: Work> Ledger<W> {
    pub(crate) fn new() -> Self {
        Self { state: W::State::default(), done: HashSet::new() }
    }

    pub(crate) fn has(&self, task: u64) -> bool {
        self.done.contains(&task)
    }

    /// Enters a task that has not been entered before.
    pub(crate) fn enter(&mut self, task: u64, effect: &W::Effect) {
        let new = self.done.insert(task);
        assert!(new, "task {task} was done twice");
        W::add(&mut self.state, effect);
    }
}

impl<W: Work> Clone for Ledger<W> {
    fn clone(&self) -> Self {
        Self { state: self.state.clone(), done: self.done.clone() }
    }
}
