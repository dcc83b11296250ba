//! Who searches, who watches, who sleeps; whom to wake.
//!
//! A worker is *busy*, or it *searches* (spins over the queues), or it *watches* (parks for a millisecond at a time, while
//! others are busy, and takes work from one that stands still), or it *sleeps*. One word counts all of them.
//!
//! 1. Whoever makes work visible that others should take does a read-modify-write of the word after it; whoever leaves
//!    the search does one before his last look at all queues. So one of the two sees the other: no wake-up is lost.
//! 2. While a worker is busy and another is not, one searches, watches, or is woken by the next slot that fills. So work
//!    behind a handler that blocks waits about a millisecond. Whoever leaves the search or the watch for work, while
//!    others are busy, appoints a successor: one of them may have filled its slot, seen him here, and trusted him. So
//!    filling a slot takes a store and a load, and no read-modify-write.
//! 3. At most one sleeper is woken for a push, none while one searches: that one wakes the next if it finds more.
//!
//! | step                             | order  | pairs with                                             |
//! |----------------------------------|--------|--------------------------------------------------------|
//! | `wake_one`'s first RMW           | SeqCst | the RMW of `sleep`, `watch`: they see the work          |
//! | `slot_filled`'s load             | Relaxed | `end_search` (2): one that it does not see yet appoints  |

use crossbeam_utils::CachePadded;

use crate::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use crate::sync::{LookAgain, Mutex, Parker, lock};

const SEARCHING: u64 = 1;
const SLEEPING: u64 = 1 << 16;
const WATCHING: u64 = 1 << 32;
const FIELD: u64 = 0xffff;

#[derive(Clone, Copy)]
struct Word(u64);

impl Word {
    fn searching(self) -> u64 {
        self.0 & FIELD
    }
    fn sleeping(self) -> u64 {
        self.0 >> 16 & FIELD
    }
    fn watching(self) -> u64 {
        self.0 >> 32
    }
    fn busy(self, workers: u64) -> u64 {
        workers - self.searching() - self.sleeping() - self.watching()
    }
}

/// What a worker that has found nothing does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rest {
    Watch,
    Sleep,
}

/// Who is left when a searcher leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Left {
    /// Others search.
    Others,
    /// Nobody searches.
    Last,
    /// Nobody searches or watches, somebody sleeps, and a busy worker may have trusted in the one who leaves.
    Trusted,
}

const NOBODY: usize = usize::MAX;

/// See the module.
pub(crate) struct Idle {
    word: CachePadded<AtomicU64>,
    /// So many search at once.
    most_searchers: u64,
    watcher: AtomicUsize,
    sleepers: Mutex<Vec<usize>>,
    parkers: Box<[Parker]>,
}

impl Idle {
    /// All workers count as busy until they say otherwise. One searcher for two of those that can run at once is enough.
    pub(super) fn new(workers: usize, cores: usize) -> Self {
        Idle {
            word: CachePadded::new(AtomicU64::new(0)),
            most_searchers: workers.min(cores).div_ceil(2) as u64,
            watcher: AtomicUsize::new(NOBODY),
            sleepers: Mutex::new(Vec::with_capacity(workers)),
            parkers: (0..workers).map(|_| Parker::new()).collect(),
        }
    }

    fn workers(&self) -> u64 {
        self.parkers.len() as u64
    }

    pub(super) fn parker(&self, worker: usize) -> &Parker {
        &self.parkers[worker]
    }

    /// A busy worker has run out of work. False: enough others search.
    pub(super) fn begin_search(&self) -> bool {
        let word = Word(self.word.load(Ordering::Relaxed));
        if word.searching() >= self.most_searchers {
            return false;
        }
        self.word.fetch_add(SEARCHING, Ordering::SeqCst);
        true
    }

    /// A searcher is busy again, or about to rest. The last one learns whether it must appoint a successor, should it
    /// have found work; and it should call another if there is more.
    pub(super) fn end_search(&self) -> Left {
        let word = Word(self.word.fetch_sub(SEARCHING, Ordering::SeqCst));
        if word.searching() > 1 {
            return Left::Others;
        }
        let alone = word.busy(self.workers()) == 0;
        if word.watching() > 0 || word.sleeping() == 0 || alone {
            Left::Last
        } else {
            Left::Trusted
        }
    }

    /// Leaves the search (or, without one, business) for a rest. The caller looks at all queues once more.
    pub(super) fn rest(&self, worker: usize, searching: bool) -> Rest {
        let from = if searching { SEARCHING } else { 0 };
        // Held from before the count says that this worker sleeps, so that a waker who sees the count finds it here.
        let mut sleepers = lock(&self.sleepers);
        let mut old = self.word.load(Ordering::Relaxed);
        loop {
            let word = Word(old - from);
            let others_busy = word.busy(self.workers()) > 1;
            let rest = if others_busy && word.watching() == 0 { Rest::Watch } else { Rest::Sleep };
            let to = if rest == Rest::Watch { WATCHING } else { SLEEPING };
            let new = old - from + to;
            match self.word.compare_exchange_weak(old, new, Ordering::SeqCst, Ordering::Relaxed) {
                Ok(_) => {
                    match rest {
                        Rest::Watch => self.watcher.store(worker, Ordering::SeqCst),
                        Rest::Sleep => sleepers.push(worker),
                    }
                    return rest;
                }
                Err(now) => old = now,
            }
        }
    }

    /// The watcher goes on watching while others are busy; else it is to sleep.
    pub(super) fn still_to_watch(&self) -> bool {
        Word(self.word.look_again()).busy(self.workers()) > 0
    }

    /// The watcher becomes a searcher.
    pub(super) fn stop_watching(&self) {
        self.watcher.store(NOBODY, Ordering::SeqCst);
        self.word.fetch_sub(WATCHING - SEARCHING, Ordering::SeqCst);
    }

    /// A sleeper that has seen work at its last look becomes a searcher. False: somebody is waking it already, and has
    /// counted it as a searcher.
    pub(super) fn cancel_sleep(&self, worker: usize) -> bool {
        let mut sleepers = lock(&self.sleepers);
        let Some(at) = sleepers.iter().position(|&other| other == worker) else { return false };
        sleepers.swap_remove(at);
        self.word.fetch_sub(SLEEPING - SEARCHING, Ordering::SeqCst);
        true
    }

    /// Work was made visible that somebody should take soon.
    pub(super) fn wake_one(&self) {
        // A read-modify-write, not a load: see invariant 1.
        let word = if crate::sync::mutant("wake_by_load") {
            Word(self.word.load(Ordering::Relaxed))
        } else {
            Word(self.word.fetch_add(0, Ordering::SeqCst))
        };
        if word.searching() == 0 {
            self.wake(word);
        }
    }

    /// A slot was filled, or a first task queued: nobody needs to come at once, but somebody must watch.
    #[inline]
    pub(super) fn slot_filled(&self) {
        let word = Word(self.word.load(Ordering::Relaxed));
        if word.searching() == 0 && word.watching() == 0 && word.sleeping() != 0 {
            self.wake(word);
        }
    }

    #[cold]
    fn wake(&self, word: Word) {
        if word.sleeping() != 0 {
            let mut sleepers = lock(&self.sleepers);
            if let Some(worker) = sleepers.pop() {
                self.word.fetch_sub(SLEEPING - SEARCHING, Ordering::SeqCst);
                drop(sleepers);
                self.parkers[worker].unpark();
                return;
            }
        }
        let watcher = self.watcher.load(Ordering::SeqCst);
        if let Some(parker) = self.parkers.get(watcher) {
            parker.unpark();
        }
    }

    /// For the end of the system: everybody up.
    pub(super) fn wake_all(&self) {
        for parker in &self.parkers {
            parker.unpark();
        }
    }

    /// A sleeper has been woken without anybody having counted it (the end of the system).
    pub(super) fn is_asleep(&self, worker: usize) -> bool {
        lock(&self.sleepers).contains(&worker)
    }
}
