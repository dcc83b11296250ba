//! A system without threads, for the models of the upper layers: their threads run its actors.

use std::sync::Arc;

use loom::thread;

use super::spawn;
use super::{Core, SystemConfig};
use crate::actor::{Actor, ActorRef};
use crate::cell::state::order;
use crate::cell::{CellRef, Kept, Local, Sums, Task};
use crate::error::SpawnError;
use crate::scheduler::clock::Clock;
use crate::sync::deque::Worker;
use crate::{actor, handlers};

/// A system whose workers have no threads, their ends of the run queues with it.
pub(crate) fn system_with_ends(workers: u32) -> (Arc<Core>, Vec<Worker<Task>>) {
    let mut config = SystemConfig { dead_letter_log: 0, latency_sample: 0, ..Default::default() };
    let performance = &mut config.performance;
    performance.arena_size = 1 << 20;
    performance.message_pool_size = 0;
    performance.actor_pool_size = 0;
    performance.worker_threads = workers;
    performance.max_spin_cycles = 0;
    Core::new(
        "model",
        config,
        Clock::Manual(crate::testing::ManualClock::new()),
        None,
        super::threads::Threads::new(None, None),
    )
    .unwrap()
}

/// As `loom::model`, with at most `preemptions` of them, and without a log of what the actors say.
pub(crate) fn model_within(preemptions: usize, model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(preemptions);
    builder.max_branches = 5_000;
    builder.check(model);
}

/// A system of two workers that have no threads.
pub(crate) fn system() -> Arc<Core> {
    system_with_ends(2).0
}

/// Starts a top-level actor.
pub(crate) fn spawn<A: Actor>(core: &Arc<Core>, actor: A) -> Result<ActorRef<A>, SpawnError> {
    spawn::top(core, actor)
}

/// As `spawn`, of an actor that ends when nobody refers to it.
pub(crate) fn spawn_counted<A: Actor>(
    core: &Arc<Core>,
    actor: A,
) -> Result<ActorRef<A>, SpawnError> {
    spawn::top_counted(core, actor)
}

/// A thread of a model.
pub(crate) struct Thread<T>(thread::JoinHandle<(T, Kept)>);

/// Runs `f` on a thread of its own.
pub(crate) fn on_a_thread<T: 'static>(
    core: &Arc<Core>,
    f: impl FnOnce(&Core, &Local) -> T + 'static,
) -> Thread<T> {
    let core = Arc::clone(core);
    let kept = Kept::made(&core);
    Thread(thread::spawn(move || {
        kept.put();
        let result = Local::with(&core, |local| f(&core, local));
        (result, Kept::take())
    }))
}

impl<T> Thread<T> {
    /// What it kept for its system goes back here, so that a model does not go through the ways in which threads end.
    pub(crate) fn join(self) -> T {
        self.0.join().unwrap().0
    }
}

/// Runs an actor for as long as it asks for it.
pub(crate) fn run(local: &Local, mut task: Option<Task>) {
    while let Some(next) = task {
        task = next.run(local);
        if task.is_some() {
            thread::yield_now();
        }
    }
}

/// Runs what is in the global queue.
pub(crate) fn run_all(core: &Core, local: &Local) {
    while let Some(task) = core.scheduler.take() {
        run(local, Some(task));
    }
}

/// Gives `orders` and runs the actor, if nobody else does.
pub(crate) fn order_and_run(cell: &CellRef, local: &Local, orders: u64) {
    let task =
        if orders & order::DRAIN == 0 { cell.order(orders) } else { cell.order_drain(orders) };
    run(local, task);
}

/// Nobody else is there any more: ends all actors. All references are gone, so the system is too. The sums of what it
/// counted: each actor has ended, and no handler failed (what a model finds in one shows as a failure).
pub(crate) fn finish(core: Arc<Core>) -> Sums {
    finish_after(core, 0)
}

/// As `finish`, when so many actors were to fail, each with one message.
pub(crate) fn finish_after(core: Arc<Core>, failures: u64) -> Sums {
    let sums = finish_failing(core);
    assert_eq!(sums.failures + sums.failed, 2 * failures, "{sums:?}");
    sums
}

/// As `finish`, whatever failed.
pub(crate) fn finish_failing(core: Arc<Core>) -> Sums {
    Local::with(&core, |local| {
        run_all(&core, local);
        core.ids.for_each(|cell| order_and_run(&cell, local, order::KILL));
        run_all(&core, local);
        core.ids.for_each(|cell| panic!("{} is left", cell.id));
    });
    let (sums, ..) = core.locals.sum();
    assert_eq!(sums.hook_panics + sums.drop_panics, 0, "{sums:?}");
    assert_eq!(sums.live_ended, sums.created, "{sums:?}");
    let ended = sums.handled + sums.failed + sums.dead_lettered + sums.evicted;
    assert_eq!(sums.accepted, ended, "{sums:?}");
    drop(Kept::take());
    assert_eq!(Arc::strong_count(&core), 1);
    sums
}

#[actor]
struct Nobody;

#[handlers]
impl Nobody {}

/// A system ends while somebody starts an actor: the actor is refused, or the end stops it too, and waits for it.
#[test]
fn close_against_spawn_stops_or_refuses() {
    model_within(4, || {
        let core = system();
        let first = spawn(&core, Nobody).unwrap();
        let closer = on_a_thread(&core, |core, local| {
            core.root.close(core, order::STOP | order::SHUTDOWN);
            run_all(core, local);
        });
        let second = spawn(&core, Nobody);
        Local::with(&core, |local| run_all(&core, local));
        closer.join();
        Local::with(&core, |local| run_all(&core, local));
        assert!(core.life.is_over());
        assert!(first.0.state().is_ended());
        assert!(second.as_ref().is_ok_and(|second| second.0.state().is_ended()) || second.is_err());
        drop((first, second));
        finish(core);
    });
}

/// A system ends while one of its actors does: it goes on to the next, once.
#[test]
fn close_against_an_end_goes_on() {
    model_within(4, || {
        let core = system();
        let actors = [spawn(&core, Nobody).unwrap(), spawn(&core, Nobody).unwrap()];
        let closer = on_a_thread(&core, |core, local| {
            core.root.close(core, order::STOP | order::SHUTDOWN);
            run_all(core, local);
        });
        Local::with(&core, |local| {
            order_and_run(actors[1].0.cell(), local, order::STOP);
            run_all(&core, local);
        });
        closer.join();
        assert!(core.life.is_over());
        assert!(actors.iter().all(|actor| actor.0.state().is_ended()));
        drop(actors);
        finish(core);
    });
}
