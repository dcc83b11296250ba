//! Where a scheduled actor goes.
//!
//! A worker puts it into its run-next slot (what was there moves to the back of its queue); anybody else into the
//! global queue. A queue past its threshold gives half of itself to the global one, which has no limit: a scheduled
//! actor is never dropped. With stealing off an actor belongs to one worker, and goes to that one's inbox.
//!
//! Neighbours that talk stay on one worker that way: the one that was told runs next, and nobody is woken for it. Others
//! are called for, and may take, what the worker would not get to within about the time that waking a thread takes: how
//! many turns that is, the worker tells from the length of its last turns ([`Shared::patience`]). A line of the cache
//! that changes cores costs more than many a turn.

use std::sync::Arc;

use crossbeam_utils::CachePadded;

use super::classes::Classes;
use super::dispatcher::Dispatcher;
use super::idle::Idle;
use super::pinned::All;
use crate::cell::state::route;
use crate::cell::{Local, Looks, Pinned, Slot, Task, WorkerSide};
use crate::message::Priority;
use crate::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use crate::sync::deque::{Injector, Steal, Stealer, Worker};

/// What other threads may reach of a worker.
pub(super) struct Shared {
    pub(super) slot: Slot,
    pub(super) stealer: Stealer<Task>,
    /// Tasks that must run here (stealing off).
    pub(super) inbox: Injector<Task>,
    /// Turns so far: one that stands still while work waits is stalled.
    turns: AtomicU64,
    /// So many tasks may wait for their own worker before others come for them.
    patience: AtomicU32,
}

/// What waking a thread takes, about: work that waits less is not worth it.
const WAKE_UP_NANOS: u64 = 20_000;
/// However short the turns, so many waiting tasks are a backlog.
const MOST_PATIENCE: u64 = 8;

impl Shared {
    pub(super) fn turns(&self) -> u64 {
        self.turns.load(Ordering::Relaxed)
    }

    pub(super) fn count_turn(&self) {
        self.turns.store(self.turns() + 1, Ordering::Relaxed);
    }

    fn patience(&self) -> usize {
        self.patience.load(Ordering::Relaxed) as usize
    }

    /// Its last turns have taken so long on average.
    pub(super) fn set_patience(&self, nanos_a_turn: u64) {
        let turns = (WAKE_UP_NANOS / nanos_a_turn.max(1)).min(MOST_PATIENCE);
        self.patience.store(turns as u32, Ordering::Relaxed);
    }

    /// More waits in its queue than it will get to soon.
    pub(super) fn has_backlog(&self) -> bool {
        self.stealer.len() > self.patience()
    }
}

/// What the configuration says about run queues.
pub(crate) struct Rules {
    pub(crate) workers: usize,
    pub(crate) stealing: bool,
    /// Rounds of a search before a worker parks.
    pub(crate) spin: u32,
    pub(crate) local_threshold: usize,
    pub(crate) global_threshold: usize,
}

/// The run queues of a system.
pub(crate) struct Scheduler {
    pub(super) workers: Box<[CachePadded<Shared>]>,
    pub(super) global: Injector<Task>,
    pub(super) idle: Idle,
    pub(crate) looks: Looks,
    /// Actors that are more or less important than others: for all workers, or with stealing off for each.
    classes: Box<[CachePadded<Classes>]>,
    pub(super) stealing: bool,
    pub(super) spin: u32,
    local_threshold: usize,
    global_threshold: usize,
    pinned: All,
    stopping: AtomicBool,
}

/// Cores for so many workers; in a model there are as many, whatever the machine.
fn cores(workers: usize) -> usize {
    if cfg!(all(test, loom)) {
        return workers;
    }
    std::thread::available_parallelism().map_or(1, usize::from)
}

impl Scheduler {
    /// The queues, and each worker's own end of its queue.
    pub(crate) fn new(rules: &Rules) -> (Self, Vec<Worker<Task>>) {
        let count = rules.workers;
        let ends: Vec<_> = (0..count).map(|_| Worker::new_fifo()).collect();
        let shared = |end: &Worker<Task>| {
            CachePadded::new(Shared {
                slot: Slot::new(),
                stealer: end.stealer(),
                inbox: Injector::new(),
                turns: AtomicU64::new(0),
                patience: AtomicU32::new(0),
            })
        };
        let scheduler = Scheduler {
            workers: ends.iter().map(shared).collect(),
            global: Injector::new(),
            idle: Idle::new(count, cores(count)),
            looks: Looks::new(count),
            classes: (0..if rules.stealing { 1 } else { count })
                .map(|_| CachePadded::new(Classes::new()))
                .collect(),
            stealing: rules.stealing,
            spin: rules.spin,
            local_threshold: rules.local_threshold,
            global_threshold: rules.global_threshold,
            pinned: All::default(),
            stopping: AtomicBool::new(false),
        };
        (scheduler, ends)
    }

    /// Where an actor goes; bits of `state::route`.
    pub(crate) fn route(&self, priority: Priority, dispatcher: Dispatcher) -> u64 {
        if dispatcher == Dispatcher::Pinned {
            return route::PINNED;
        }
        let class = match priority {
            Priority::High => route::HIGH,
            Priority::Normal => 0,
            Priority::Low => route::LOW,
        };
        if self.stealing { class } else { class | route::HOME }
    }

    /// The actor runs soon.
    #[inline]
    pub(crate) fn schedule(&self, local: &Local, task: Task) {
        match local.worker() {
            Some(worker) if task.route() == 0 => match self.workers[worker.index].slot.put(task) {
                None => self.idle.slot_filled(),
                Some(displaced) => self.push_back(local, worker, displaced),
            },
            _ => self.push_elsewhere(local, task),
        }
    }

    /// Its turn is over: the actor goes behind those that wait.
    pub(super) fn again(&self, local: &Local, worker: &WorkerSide, task: Task) {
        if task.route() == 0 {
            self.push_back(local, worker, task);
        } else {
            self.push_elsewhere(local, task);
        }
    }

    /// Behind those that wait for this worker.
    fn push_back(&self, local: &Local, worker: &WorkerSide, task: Task) {
        worker.queue.push(task);
        let waiting = worker.queue.len();
        // One of them is the worker's next.
        if waiting <= self.workers[worker.index].patience() + 1 {
            worker.called.set(false);
            self.idle.slot_filled();
        } else if waiting > self.local_threshold {
            self.overflow(local, worker);
        } else if !worker.called.replace(true) {
            // Once for each backlog: whoever comes calls the next one if he leaves some of it, and nobody goes to sleep
            // beside it.
            self.idle.wake_one();
        }
    }

    #[cold]
    fn overflow(&self, local: &Local, worker: &WorkerSide) {
        local.counts.queue_overflows.add(1);
        for _ in 0..worker.queue.len() / 2 {
            let Some(task) = worker.queue.pop() else { break };
            self.push_global(local, task);
        }
        self.idle.wake_one();
    }

    fn push_global(&self, local: &Local, task: Task) {
        self.global.push(task);
        // The length of an injector is a few loads; it is asked for only on this path.
        if self.global.len() > self.global_threshold {
            local.counts.queue_overflows.add(1);
        }
    }

    /// By a thread that is no worker, or an actor that does not go to the common queues.
    #[inline(never)]
    fn push_elsewhere(&self, local: &Local, task: Task) {
        let route = task.route();
        if route & route::PINNED != 0 {
            task.put_to_its_thread();
        } else if route & route::HOME != 0 {
            self.push_home(local, task);
        } else if route == 0 {
            self.push_global(local, task);
            self.idle.wake_one();
        } else {
            let classes = &self.classes[0];
            classes.push(task);
            if local.worker().is_some() && classes.waiting() <= 1 {
                // This worker comes to it next.
                self.idle.slot_filled();
            } else {
                self.idle.wake_one();
            }
        }
    }

    fn push_home(&self, local: &Local, task: Task) {
        let home = self.home(&task);
        let own = local.worker().filter(|worker| worker.index == home);
        match own {
            _ if task.route() & (route::HIGH | route::LOW) != 0 => self.classes[home].push(task),
            Some(worker) => worker.queue.push(task),
            None => self.workers[home].inbox.push(task),
        }
        if own.is_none() {
            self.idle.parker(home).unpark();
        }
    }

    /// Those that this worker shares with others, or not.
    pub(super) fn classes_of(&self, worker: usize) -> &Classes {
        &self.classes[if self.stealing { 0 } else { worker }]
    }

    /// The worker that an actor stays with when stealing is off.
    fn home(&self, task: &Task) -> usize {
        task.slot() as usize % self.workers.len()
    }

    /// A task of the global queue, for a model's thread.
    #[cfg(all(test, loom))]
    pub(crate) fn take(&self) -> Option<Task> {
        insist(|| self.global.steal())
    }

    pub(crate) fn worker_count(&self) -> usize {
        self.workers.len()
    }

    /// Workers return from their loops as soon as their current turn is over.
    pub(crate) fn stop_workers(&self) {
        self.stopping.store(true, Ordering::SeqCst);
        self.idle.wake_all();
        self.pinned.end();
    }

    /// This actor's thread is to end with the system, if not before.
    pub(crate) fn add_pinned(&self, pinned: &Arc<Pinned>) {
        self.pinned.add(pinned);
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }
}

/// Takes from a queue that may ask to try again.
pub(super) fn insist(mut steal: impl FnMut() -> Steal<Task>) -> Option<Task> {
    loop {
        match steal() {
            Steal::Success(task) => return Some(task),
            Steal::Empty => return None,
            Steal::Retry => crate::sync::hint::spin_loop(),
        }
    }
}
