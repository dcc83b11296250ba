//! The end of a system: its actors stop one by one, the youngest first; what has not ended when most of the time is over is
//! killed; who stands in a handler even then is reported. Then the threads are joined.
//!
//! A thread of its own does it, so that anybody may begin a shutdown, a handler included. All who wait get its result.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::{Core, ShutdownReport};
use crate::actor::print_guarded;
use crate::cell::state::order;
use crate::cell::{CellRef, Local, NOTHING, Waiter, Waiters, drop_guarded, must_not_block, panics};
use crate::error::{StuckActor, SystemError};
use crate::message::ActorId;
use crate::scheduler::clock::Until;
use crate::scheduler::schedule;
use crate::supervision::Failure;
use crate::sync::atomic::{AtomicBool, Ordering};
use crate::sync::{Mutex, lock};

/// The part of the time that is kept for killing what did not stop.
const KILL_SHARE: u32 = 4;
/// That part is at most this long.
const KILL_AT_MOST: Duration = Duration::from_millis(500);
/// How long the threads of workers that are not stuck may take to return.
const JOIN_AT_MOST: Duration = Duration::from_secs(5);
/// As long may they take beside workers that are stuck.
const JOIN_BESIDE_STUCK: Duration = Duration::from_millis(100);

/// How often a shutdown looks whether a closure that blocks has returned.
const BLOCKING_LOOK: Duration = Duration::from_millis(1);

type Outcome = Result<ShutdownReport, SystemError>;

/// Whether the system lives, and how it ended.
#[derive(Default)]
pub(crate) struct Life {
    closing: AtomicBool,
    /// All top-level actors have ended.
    empty: Waiters,
    /// What the system ends of.
    failure: OnceLock<Failure>,
    /// Those that were cut off from their parents.
    stuck: Mutex<Vec<ActorId>>,
    outcome: OnceLock<Outcome>,
    over: Waiters,
    /// The thread that does it, until somebody who waits for its result has joined it.
    closer: Mutex<Option<std::thread::JoinHandle<()>>>,
}

impl Life {
    pub(super) fn is_closing(&self) -> bool {
        self.closing.load(Ordering::SeqCst)
    }

    /// Whether all top-level actors have ended.
    #[cfg(all(test, loom))]
    pub(super) fn is_over(&self) -> bool {
        self.empty.register(None, Waiter::Thread(std::thread::current())).is_none()
    }

    /// This actor stands in a handler, and nobody waits for it any more.
    pub(crate) fn keep_stuck(&self, id: ActorId) {
        lock(&self.stuck).push(id);
    }

    /// The last top-level actor has ended.
    pub(super) fn all_ended(&self) {
        for waiter in self.empty.finish() {
            waiter.wake();
        }
    }
}

/// Blocks until `over` says so, or `until`. False: it did not.
fn wait(waiters: &Waiters, until: Until) -> bool {
    let mut key = None;
    loop {
        key = waiters.register(key, Waiter::Thread(std::thread::current()));
        let Some(registered) = key else { return true };
        match until.left() {
            None => std::thread::park(),
            Some(Duration::ZERO) => {
                waiters.forget(registered);
                return false;
            }
            Some(left) => std::thread::park_timeout(left),
        }
    }
}

/// Begins the shutdown, once; `orders` is for all top-level actors. `failure`: the system ends of it, and says so.
pub(super) fn begin(core: &Arc<Core>, orders: u64, limit: Duration, failure: Option<Failure>) {
    if core.life.closing.swap(true, Ordering::SeqCst) {
        // Its error's destructor is the user's; nobody counts any more.
        let _ = drop_guarded(failure);
        return;
    }
    if let Some(failure) = failure {
        print_guarded(&failure, |failure| {
            tracing::error!(system = %core.name, %failure, "system failed");
        });
        // Set once: a shutdown begins once.
        let _ = core.life.failure.set(failure);
    }
    let mine = Arc::clone(core);
    let closer = move || {
        let outcome = close(&mine, orders, limit);
        finish(&mine, outcome);
    };
    let name = format!("{}-shutdown", core.name);
    // Kept before its result can be seen: whoever sees that joins it.
    let mut kept = lock(&core.life.closer);
    let spawned = std::thread::Builder::new().name(name).spawn(closer);
    let error = spawned.map(|thread| *kept = Some(thread)).err();
    drop(kept);
    if let Some(error) = error {
        let refused = SystemError::Refused { what: "a thread", error: Arc::new(error) };
        core.root.close(core, order::KILL | order::SHUTDOWN);
        core.scheduler.stop_workers();
        finish(core, Err(refused));
    }
}

/// The shutdown is over.
fn finish(core: &Core, outcome: Outcome) {
    core.dead_letters.close();
    // Set once: only one closer runs.
    let _ = core.life.outcome.set(outcome);
    for waiter in core.life.over.finish() {
        waiter.wake();
    }
}

/// Whether the calling thread is one that the end of the system waits for, or waits for nothing anyway.
pub(super) fn must_not_wait(core: &Core) -> bool {
    must_not_block() || core.blocking.is_here() || Local::with(core, |local| local.current() != 0)
}

/// Waits for the result of the shutdown that has begun.
pub(super) fn outcome(core: &Core, limit: Option<Duration>) -> Outcome {
    if must_not_wait(core) {
        return core.life.outcome.get().cloned().unwrap_or(Err(SystemError::WouldBlock));
    }
    // The closer keeps to the limit itself; what it needs besides is for joining.
    let until =
        limit.map_or(Until::NEVER, |limit| Until::after(limit.saturating_add(JOIN_AT_MOST)));
    if !wait(&core.life.over, until) {
        return Err(SystemError::Timeout);
    }
    if let Some(closer) = lock(&core.life.closer).take() {
        // It has published its result and only returns. Others who wait for it meanwhile wait for the lock.
        let _ = closer.join();
    }
    core.life.outcome.get().cloned().unwrap_or(Err(SystemError::Timeout))
}

fn close(core: &Arc<Core>, orders: u64, limit: Duration) -> Outcome {
    let kill = (limit / KILL_SHARE).min(KILL_AT_MOST);
    let (stop_until, kill_until) = (Until::after(limit.saturating_sub(kill)), Until::after(limit));
    core.root.close(core, orders);
    let mut stuck = Vec::new();
    if !wait(&core.life.empty, stop_until) {
        core.ids.for_each(|cell| {
            schedule(core, cell.order(order::KILL | order::SHUTDOWN));
        });
        if !wait(&core.life.empty, kill_until) {
            stuck = who_is_stuck(core);
        }
    }
    if stuck.is_empty() {
        stuck = who_was_cut_off(core);
    }
    core.scheduler.stop_workers();
    join(core, stuck.is_empty());
    join_blocking(core, kill_until);
    if let Some(failure) = core.life.failure.get() {
        return Err(SystemError::Failed(failure.clone()));
    }
    if stuck.is_empty() {
        return Ok(ShutdownReport { stats: core.stats(), stuck: Vec::new() });
    }
    for actor in &stuck {
        // The subscriber is the user's.
        let _ = panics(|| tracing::error!(%actor, system = %core.name, "actor did not stop"));
    }
    Err(SystemError::Stuck(stuck))
}

/// Those that were cut off from their parents and have not ended since.
fn who_was_cut_off(core: &Core) -> Vec<StuckActor> {
    let cut_off = std::mem::take(&mut *lock(&core.life.stuck));
    let cells = cut_off.into_iter().filter_map(|id| core.ids.resolve(id));
    cells.filter(|cell| !cell.state().is_ended()).map(|cell| stuck_actor(&cell)).collect()
}

/// Those that have not ended and stand in a handler or hook; without any, all that have not ended.
fn who_is_stuck(core: &Core) -> Vec<StuckActor> {
    let mut stuck = Vec::new();
    let mut waiting = Vec::new();
    core.ids.for_each(|cell| {
        if cell.state().is_ended() {
            return;
        }
        let actor = stuck_actor(&cell);
        if cell.current() == NOTHING { waiting.push(actor) } else { stuck.push(actor) }
    });
    if stuck.is_empty() { waiting } else { stuck }
}

fn stuck_actor(cell: &CellRef) -> StuckActor {
    let message = cell.message_name(cell.current());
    StuckActor { id: cell.id, name: cell.name().cloned(), message }
}

/// Joins the threads: all of them, or, if some are stuck, those that return.
fn join(core: &Core, all: bool) {
    let timer = core.timers.stop();
    let threads = core.threads.take();
    let until = Until::after(if all { JOIN_AT_MOST } else { JOIN_BESIDE_STUCK });
    for thread in threads.into_iter().chain(timer) {
        while !thread.is_finished() && !until.is_over() {
            // Workers have been woken and return within microseconds.
            std::thread::yield_now();
        }
        if thread.is_finished() {
            // A worker does not panic: what it runs of the user's is caught.
            let _ = thread.join();
        }
    }
}

/// Joins those threads for closures that block whose closures return in time.
fn join_blocking(core: &Core, until: Until) {
    for thread in core.blocking.close(core) {
        while !thread.is_finished() && !until.is_over() {
            std::thread::park_timeout(BLOCKING_LOOK);
        }
        if thread.is_finished() {
            // As above.
            let _ = thread.join();
        }
    }
}
