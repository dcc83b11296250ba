//! Supervises the workers, keeps their journal, and offers them the tasks until each has been answered. An offer whose worker
//! failed ends at once, without a time limit, and is made again. The coordinator itself is never struck: what must outlive
//! a fault lies one level above it.

use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::mpsc::Sender;

use zactor::prelude::*;

use crate::chaos::PATIENCE;
use crate::chaos::faults::Faults;
use crate::chaos::work::{Ledger, Work};
use crate::chaos::worker::{Offer, Report, Worker};
use crate::ui::Delivered;

/// Jobs that are under way at a time.
const UNDER_WAY: u64 = 512;
/// After so many jobs there is news.
const NEWS: u64 = 256;

/// What is heard of the work outside.
pub(crate) enum News<S> {
    /// So many jobs are finished.
    Finished(u64),
    /// All are; the states are those of the workers, by their numbers.
    Done(Vec<S>),
}

/// Begin.
#[derive(Message)]
pub(crate) struct Begin;

/// A task has been done, and what it did. Whatever its worker suffers from here on, this stays.
#[derive(Message)]
pub(crate) struct Entry<W: Work> {
    pub(crate) worker: usize,
    pub(crate) task: u64,
    pub(crate) effect: W::Effect,
}

/// What has this worker done so far? Asked by its next incarnation; what it sent before it failed has arrived by then.
#[derive(Message)]
#[message(reply = Ledger<W>)]
pub(crate) struct Recall<W: Work>(usize, PhantomData<fn() -> W>);

impl<W: Work> Recall<W> {
    pub(crate) fn new(worker: usize) -> Self {
        Self(worker, PhantomData)
    }
}

/// The state of a worker when all is done.
#[derive(Message)]
pub(crate) struct Reported<W: Work> {
    pub(crate) worker: usize,
    pub(crate) state: W::State,
}

#[actor(Begin, Entry<W>, Recall<W>, Reported<W>, lifecycle)]
pub(crate) struct Coordinator<W: Work> {
    work: Arc<W>,
    faults: Faults,
    news: Sender<News<W::State>>,
    workers: Vec<ActorRef<Worker<W>>>,
    journal: Vec<Ledger<W>>,
    begun: u64,
    finished: u64,
    reports: Vec<Option<W::State>>,
}

impl<W: Work> Coordinator<W> {
    pub(crate) fn new(work: Arc<W>, faults: Faults, news: Sender<News<W::State>>) -> Self {
        let journal = (0..work.workers()).map(|_| Ledger::new()).collect();
        let reports = (0..work.workers()).map(|_| None).collect();
        let (workers, begun, finished) = (Vec::new(), 0, 0);
        Self { work, faults, news, workers, journal, begun, finished, reports }
    }

    /// Begins as many jobs as may be under way; has the workers report after the last.
    fn go_on(&mut self, ctx: &mut Context<Self>) {
        while self.begun < self.work.jobs() && self.begun - self.finished < UNDER_WAY {
            let job = self.begun;
            self.begun += 1;
            self.offer(job * W::STEPS, 0, ctx);
        }
        if self.finished == self.work.jobs() {
            self.workers.iter().for_each(|worker| worker.tell(Report).delivered());
        }
    }

    fn offer(&mut self, task: u64, attempt: u32, ctx: &mut Context<Self>) {
        let worker = &self.workers[self.work.worker(task)];
        let offer = ctx.ask(worker, Offer { task, attempt }).timeout(PATIENCE);
        offer.then(move |coordinator, answer, ctx| match answer {
            Ok(()) => coordinator.done(task, ctx),
            // Struck. Whether the task was done before that, the journal knows, and from it the worker.
            Err(AskError::Failed(_) | AskError::NoReply)
                if coordinator.faults.strike(task, attempt).is_some() =>
            {
                coordinator.offer(task, attempt + 1, ctx);
            }
            // A failure that was not planned is a mistake: to try again for ever would hide it.
            Err(error) => ctx.fail(error),
        });
    }

    /// Goes on to the next step of this job, or to the next job.
    fn done(&mut self, task: u64, ctx: &mut Context<Self>) {
        if (task + 1) % W::STEPS != 0 {
            return self.offer(task + 1, 0, ctx);
        }
        self.finished += 1;
        if self.finished % NEWS == 0 {
            self.news.send(News::Finished(self.finished)).ok();
        }
        self.go_on(ctx);
    }
}

impl<W: Work> Lifecycle for Coordinator<W> {
    fn pre_start(&mut self, ctx: &mut Context<Self>) -> Result<(), Failure> {
        for number in 0..self.work.workers() {
            let (work, faults, coordinator) = (Arc::clone(&self.work), self.faults, ctx.me());
            self.workers.push(ctx.spawn_with(move || {
                Worker::new(number, Arc::clone(&work), faults, coordinator.clone())
            })?);
        }
        Ok(())
    }
}

impl<W: Work> Handler<Begin> for Coordinator<W> {
    fn handle(&mut self, _: Begin, ctx: &mut Context<Self>) {
        self.go_on(ctx);
    }
}

impl<W: Work> Handler<Entry<W>> for Coordinator<W> {
    fn handle(&mut self, entry: Entry<W>, _ctx: &mut Context<Self>) {
        self.journal[entry.worker].enter(entry.task, &entry.effect);
    }
}

impl<W: Work> Handler<Recall<W>> for Coordinator<W> {
    fn handle(&mut self, Recall(worker, _): Recall<W>, _ctx: &mut Context<Self>) -> Ledger<W> {
        self.journal[worker].clone()
    }
}

impl<W: Work> Handler<Reported<W>> for Coordinator<W> {
    fn handle(&mut self, reported: Reported<W>, _ctx: &mut Context<Self>) {
        self.reports[reported.worker] = Some(reported.state);
        if self.reports.iter().all(Option::is_some) {
            self.news.send(News::Done(self.reports.drain(..).flatten().collect())).ok();
        }
    }
}
