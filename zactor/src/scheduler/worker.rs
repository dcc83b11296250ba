//! A worker's thread: the next actor, its turn, and what to do when there is none.

use std::sync::Arc;
use std::time::Duration;

use super::classes::{BEAT, Classes, Due};
use super::clock::{Clock, Nanos};
use super::idle::{Left, Rest};
use super::run_queue::{Scheduler, insist};
use crate::cell::{Local, Task, WorkerSide};
use crate::memory::Trimmed;
use crate::sync::deque::Worker as Queue;
use crate::sync::{Woken, hint};
use crate::system::Core;

/// Turns between two looks at the global queue while the own one has work.
const GLOBAL_BEAT: u32 = 61;
/// Turns in a row from the run-next slot, before the queue gets one.
const SLOT_TURNS: u32 = 16;
/// Search rounds in which another worker's turn counter must stand still before its last task is taken.
const STALLED_ROUNDS: u32 = 200;
/// A round of a search looks at all workers: with more than so many there are fewer rounds for it.
const LOOKS_A_ROUND: usize = 8;
/// Spins of a worker whose only actor lets a turn pass: about as long as a short turn.
const PASS_SPINS: u32 = if cfg!(all(test, loom)) { 1 } else { 16 };
/// How long a watcher parks. Work behind a handler that blocks waits this long.
const WATCH: Duration = Duration::from_millis(1);
/// What nobody has needed for this long goes back, down to the pools' floors.
const TRIM_AFTER: Duration = Duration::from_millis(100);

/// A worker's thread.
pub(crate) fn run(core: &Arc<Core>, index: usize, queue: Queue<Task>) {
    Local::with(core, |local| {
        local.become_worker(WorkerSide::new(index, queue), core.scheduler.looks.of(index));
        let Some(side) = local.worker() else { return };
        let seen = core.scheduler.workers.iter().map(|worker| worker.turns()).collect();
        Worker::new(core, local, side, seen).work();
    });
}

/// What a worker does first that sleeps and has been woken.
#[cfg(all(test, loom))]
pub(super) fn wake_up(core: &Core, local: &Local, side: &WorkerSide) -> Option<Task> {
    let seen = vec![u64::MAX; core.scheduler.workers.len()];
    Worker::new(core, local, side, seen).woken()
}

struct Worker<'a> {
    core: &'a Core,
    scheduler: &'a Scheduler,
    local: &'a Local,
    side: &'a WorkerSide,
    classes: &'a Classes,
    /// Counts the turns by weight.
    turn: usize,
    tick: u32,
    slot_turns: u32,
    /// The turn counters of all workers, when last looked at.
    seen: Vec<u64>,
    /// Real time, whatever the system's clock is.
    clock: Clock,
    /// When the last look at the global queue was, if there was work ever since.
    beat: Option<Nanos>,
}

impl<'a> Worker<'a> {
    fn new(core: &'a Core, local: &'a Local, side: &'a WorkerSide, seen: Vec<u64>) -> Self {
        let (scheduler, clock) = (&core.scheduler, Clock::real());
        let classes = scheduler.classes_of(side.index);
        Worker {
            core,
            scheduler,
            local,
            side,
            classes,
            turn: 0,
            tick: 0,
            slot_turns: 0,
            seen,
            clock,
            beat: None,
        }
    }

    fn work(mut self) {
        let shared = &self.scheduler.workers[self.side.index];
        while !self.scheduler.is_stopping() {
            let Some(task) = self.next().or_else(|| self.wait()) else { continue };
            shared.count_turn();
            let again = if task.lets_pass() { self.pass(task) } else { task.run(self.local) };
            if let Some(again) = again {
                self.scheduler.again(self.local, self.side, again);
            }
        }
    }

    /// A turn that an actor lets pass. If nothing else waits here its receiver runs elsewhere, and gets some time.
    fn pass(&self, task: Task) -> Option<Task> {
        if self.side.queue.is_empty() {
            (0..PASS_SPINS).for_each(|_| hint::spin_loop());
        }
        Some(task)
    }

    /// The next task, by weight if the important ones are among those that wait.
    #[inline]
    fn next(&mut self) -> Option<Task> {
        if self.classes.waiting() == 0 { self.next_common() } else { self.next_by_weight() }
    }

    #[cold]
    fn next_by_weight(&mut self) -> Option<Task> {
        let due = BEAT[self.turn % BEAT.len()];
        self.turn += 1;
        let first = match due {
            Due::High => self.classes.take(Due::High),
            Due::Low => self.classes.take(Due::Low).or_else(|| self.classes.take(Due::High)),
            Due::Common => None,
        };
        first.or_else(|| self.next_common()).or_else(|| self.classes.take_any())
    }

    /// The next task of this worker's own places, or of the global queue.
    #[inline(always)]
    fn next_common(&mut self) -> Option<Task> {
        self.tick = self.tick.wrapping_add(1);
        if self.tick.is_multiple_of(GLOBAL_BEAT)
            && let Some(task) = self.on_beat()
        {
            return Some(task);
        }
        let shared = &self.scheduler.workers[self.side.index];
        if self.slot_turns < SLOT_TURNS {
            if let Some(task) = shared.slot.take() {
                self.slot_turns += 1;
                return Some(task);
            }
        }
        self.slot_turns = 0;
        self.side.queue.pop().or_else(|| shared.slot.take()).or_else(|| self.global())
    }

    /// A look at the global queue, and at the clock.
    fn on_beat(&mut self) -> Option<Task> {
        let now = self.clock.now();
        if let Some(before) = self.beat.replace(now) {
            let each = (now.0 - before.0) / u64::from(GLOBAL_BEAT);
            self.scheduler.workers[self.side.index].set_patience(each);
        }
        self.global()
    }

    fn global(&self) -> Option<Task> {
        let shared = &self.scheduler.workers[self.side.index];
        if !self.scheduler.stealing {
            return insist(|| shared.inbox.steal_batch_and_pop(&self.side.queue));
        }
        if self.scheduler.global.is_empty() {
            return None;
        }
        insist(|| self.scheduler.global.steal_batch_and_pop(&self.side.queue))
    }

    /// Out of work: search, watch, sleep. `None`: look at everything again.
    #[cold]
    fn wait(&mut self) -> Option<Task> {
        self.beat = None;
        if !self.scheduler.stealing {
            return self.wait_alone();
        }
        let searching = self.scheduler.idle.begin_search();
        if searching {
            self.see_turns();
            let found = (0..self.rounds()).find_map(|round| {
                hint::spin_loop();
                self.search(round >= STALLED_ROUNDS && round % STALLED_ROUNDS == 0)
            });
            if found.is_some() {
                return self.found(found);
            }
        }
        match self.scheduler.idle.rest(self.side.index, searching) {
            Rest::Watch => self.watch(),
            Rest::Sleep => self.sleep(),
        }
    }

    fn rounds(&self) -> u32 {
        let shares = self.scheduler.workers.len().div_ceil(LOOKS_A_ROUND);
        self.scheduler.spin.div_ceil(u32::try_from(shares).unwrap_or(u32::MAX))
    }

    /// A searcher is busy again; the last one calls the next if there is more to do, or to watch what others leave behind
    /// turns that may not end (idle.rs, 2). One that has found nothing will watch itself.
    fn found(&self, task: Option<Task>) -> Option<Task> {
        let left = self.scheduler.idle.end_search();
        if left != Left::Others && self.backlog() {
            self.scheduler.idle.wake_one();
        } else if left == Left::Trusted
            && task.is_some()
            && !crate::sync::mutant("left_behind_unwatched")
        {
            self.scheduler.idle.slot_filled();
        }
        task
    }

    /// Whether there is more than the workers will get to soon.
    fn backlog(&self) -> bool {
        !self.scheduler.global.is_empty()
            || self.classes.waiting() > 0
            || self.scheduler.workers.iter().any(|worker| worker.has_backlog())
    }

    fn see_turns(&mut self) {
        for (seen, worker) in self.seen.iter_mut().zip(&self.scheduler.workers) {
            *seen = worker.turns();
        }
    }

    /// One look at all queues. `stalled`: workers that have not moved since the last such look lose even their last
    /// task and what is in their slot.
    fn search(&mut self, stalled: bool) -> Option<Task> {
        if let Some(task) = self.classes.take_any().or_else(|| self.global()) {
            return Some(task);
        }
        let count = self.scheduler.workers.len();
        for other in (1..count).map(|step| (self.side.index + step) % count) {
            let victim = &self.scheduler.workers[other];
            if victim.has_backlog() {
                let task = insist(|| victim.stealer.steal_batch_and_pop(&self.side.queue));
                if task.is_some() {
                    self.local.counts.steals.add(1);
                    return task;
                }
            }
            if !stalled {
                continue;
            }
            let turns = victim.turns();
            if std::mem::replace(&mut self.seen[other], turns) == turns {
                let task = insist(|| victim.stealer.steal()).or_else(|| victim.slot.take());
                if task.is_some() {
                    self.local.counts.steals.add(1);
                    return task;
                }
            }
        }
        None
    }

    /// Others are busy: look again every millisecond, or when somebody calls.
    fn watch(&mut self) -> Option<Task> {
        let idle = &self.scheduler.idle;
        self.see_turns();
        let mut found = self.search(false);
        while found.is_none() && idle.still_to_watch() && !self.scheduler.is_stopping() {
            let _ = idle.parker(self.side.index).park_timeout(WATCH);
            found = self.search(true);
        }
        idle.stop_watching();
        self.found(found)
    }

    fn sleep(&mut self) -> Option<Task> {
        let idle = &self.scheduler.idle;
        let me = self.side.index;
        // The last look, after the word says that this worker sleeps (idle.rs, 1).
        if self.anything() || self.scheduler.is_stopping() {
            if idle.cancel_sleep(me) {
                return self.woken();
            }
        } else {
            self.local.counts.parks.add(1);
            self.park_long(me);
        }
        // Woken, and counted as a searcher by whoever did it; or the system ends.
        while idle.is_asleep(me) {
            if self.scheduler.is_stopping() {
                return None;
            }
            idle.parker(me).park();
        }
        self.woken()
    }

    /// A sleeper has become a searcher.
    fn woken(&mut self) -> Option<Task> {
        let found = self.search(true);
        self.found(found)
    }

    /// Sleeps; gives idle memory back after a while.
    fn park_long(&self, me: usize) {
        let parker = self.scheduler.idle.parker(me);
        let mut pause = TRIM_AFTER;
        while self.core.memory.has_surplus() {
            if parker.park_timeout(pause) == Woken::Unparked
                || self.scheduler.stealing && !self.scheduler.idle.is_asleep(me)
            {
                return;
            }
            self.local.magazines.flush(&self.core.memory);
            pause = match self.core.memory.trim() {
                Trimmed::Done => break,
                Trimmed::Again => Duration::ZERO,
                Trimmed::Later => TRIM_AFTER,
            };
        }
        parker.park();
    }

    /// Whether any queue has anything that this worker should take before it sleeps.
    fn anything(&self) -> bool {
        self.backlog() || self.everybody_rests() && self.anybody_waits()
    }

    /// Whether a task waits at any worker.
    fn anybody_waits(&self) -> bool {
        let mut workers = self.scheduler.workers.iter();
        workers.any(|worker| !worker.stealer.is_empty() || !worker.slot.is_empty())
    }

    fn everybody_rests(&self) -> bool {
        !self.scheduler.idle.still_to_watch()
    }

    /// Stealing off: only what is brought here.
    fn wait_alone(&self) -> Option<Task> {
        for _ in 0..self.scheduler.spin {
            hint::spin_loop();
            if let Some(task) = self.classes.take_any().or_else(|| self.global()) {
                return Some(task);
            }
        }
        self.local.counts.parks.add(1);
        self.park_long(self.side.index);
        None
    }
}
