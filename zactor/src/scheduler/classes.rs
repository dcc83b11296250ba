//! Ready actors that are more important than others, or less: in queues of their own, beside those of `run_queue.rs`.
//!
//! A worker that sees one here gives its turns by weight, so each class with work gets at least one turn in eight of each
//! worker. While there is none a turn costs one load more. All workers share one set of queues; with stealing off each has
//! its own, for the actors that stay with it.

use crate::cell::Task;
use crate::cell::state::route;
use crate::sync::atomic::{AtomicUsize, Ordering};
use crate::sync::deque::Injector;

use super::run_queue::insist;

/// See the module.
pub(super) struct Classes {
    /// Counted before a task is in, and after it was taken: whoever sees 0 misses none but those that come.
    waiting: AtomicUsize,
    high: Injector<Task>,
    low: Injector<Task>,
}

/// Who has the next turn, if he has work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    High,
    Common,
    Low,
}

/// Whose turn it is, of eight.
pub(super) const BEAT: [Due; 8] = {
    use Due::{Common, High, Low};
    [High, High, Common, High, High, Common, High, Low]
};

impl Classes {
    pub(super) fn new() -> Self {
        Classes { waiting: AtomicUsize::new(0), high: Injector::new(), low: Injector::new() }
    }

    pub(super) fn push(&self, task: Task) {
        self.waiting.fetch_add(1, Ordering::SeqCst);
        let queue = if task.route() & route::HIGH == 0 { &self.low } else { &self.high };
        queue.push(task);
    }

    /// How many tasks wait. Relaxed is enough for a turn; for a last look before a rest the word of `Idle` orders it.
    #[inline(always)]
    pub(super) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    pub(super) fn take(&self, due: Due) -> Option<Task> {
        let task = match due {
            Due::High => insist(|| self.high.steal()),
            Due::Low => insist(|| self.low.steal()),
            Due::Common => None,
        };
        if task.is_some() {
            self.waiting.fetch_sub(1, Ordering::SeqCst);
        }
        task
    }

    /// Any task, the most important first, for a worker that has no other.
    pub(super) fn take_any(&self) -> Option<Task> {
        if self.waiting() == 0 {
            return None;
        }
        self.take(Due::High).or_else(|| self.take(Due::Low))
    }
}
