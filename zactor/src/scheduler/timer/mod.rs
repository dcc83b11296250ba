//! The wheel: what is to happen when. One lock around the slots, and the next deadline beside it, for whoever sleeps.
//!
//! Payloads are dropped outside of the lock: a message's destructor may arm a timer.
//!
//! | step                         | order  | pairs with: what becomes visible                              |
//! |------------------------------|--------|---------------------------------------------------------------|
//! | `arm` lowers `next`          | SeqCst | a thread that parks: it sees `next`, or is unparked           |
//! | `next_deadline`              | SeqCst | the same                                                      |

mod slots;
#[cfg(all(test, not(loom)))]
mod tests;

use std::fmt;

use self::slots::Slots;
use super::clock::Nanos;
pub(crate) use crate::cell::TimerKey;
use crate::sync::atomic::{AtomicU64, Ordering};
use crate::sync::{Mutex, lock};

/// What `arm` did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(crate) struct Armed {
    pub(crate) key: TimerKey,
    /// No other deadline is before this one: whoever sleeps until `next_deadline` sleeps too long.
    pub(crate) is_next: bool,
}

/// What has become due.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Due<F> {
    pub(crate) deadline: Nanos,
    pub(crate) key: TimerKey,
    pub(crate) fire: F,
}

/// Timers by deadline. Arm, cancel and look from any thread; one lock, held for some ten nanoseconds.
pub(crate) struct Wheel<F> {
    /// No deadline is before this time; written under the lock.
    next: AtomicU64,
    slots: Mutex<Slots<F>>,
}

impl<F> Wheel<F> {
    pub(crate) fn new() -> Self {
        Self { next: AtomicU64::new(u64::MAX), slots: Mutex::new(Slots::new()) }
    }

    /// Has `fire` taken once `deadline` has come; never, if it is [`Nanos::NEVER`]. A deadline in the past is due
    /// at once: whoever arms looks at the clock afterwards, for the time may have come meanwhile.
    pub(crate) fn arm(&self, deadline: Nanos, fire: F) -> Armed {
        let mut slots = lock(&self.slots);
        let key = slots.arm(deadline.0, fire);
        let is_next = deadline.0 < self.next.load(Ordering::Relaxed);
        if is_next {
            self.next.store(deadline.0, Ordering::SeqCst);
        }
        Armed { key, is_next }
    }

    /// Whether the timer was armed: it will never fire, and its memory is free. `false` once it was taken.
    pub(crate) fn cancel(&self, key: TimerKey) -> bool {
        self.disarm(key).is_some()
    }

    /// As [`cancel`](Self::cancel), and gives the payload back.
    pub(crate) fn disarm(&self, key: TimerKey) -> Option<F> {
        let mut slots = lock(&self.slots);
        let entry = slots.disarm(key)?;
        if entry.deadline <= self.next.load(Ordering::Relaxed) {
            self.next.store(slots.next_deadline(), Ordering::SeqCst);
        }
        Some(entry.fire)
    }

    /// A time that no deadline is before, [`NEVER`](Nanos::NEVER) without timers. Mostly the next deadline itself;
    /// a little earlier when many deadlines are close together: then `take_due` finds nothing and knows more.
    /// No lock.
    #[inline]
    pub(crate) fn next_deadline(&self) -> Nanos {
        Nanos(self.next.load(Ordering::SeqCst))
    }

    /// Takes all whose deadline is not after `now` and appends them to `due`: by deadline, those of equal deadlines
    /// as they were armed. The lock is released now and then, so that no one waits for a million of them.
    pub(crate) fn take_due(&self, now: Nanos, due: &mut Vec<Due<F>>) {
        let before = due.len();
        let mut more = true;
        while more {
            let mut slots = lock(&self.slots);
            more = slots.take_some(now.0, due);
            self.next.store(slots.next_deadline(), Ordering::SeqCst);
        }
        due[before..].sort_unstable_by_key(|due| (due.deadline, due.key.arming));
    }

    /// Timers that are armed.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        lock(&self.slots).entries.len()
    }
}

impl<F> fmt::Debug for Wheel<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wheel")
            .field("next_deadline", &self.next_deadline())
            .finish_non_exhaustive()
    }
}

#[cfg(all(test, loom))]
mod models {
    use super::*;
    use crate::sync::{Arc, thread};

    /// Either the canceller or the firer has the timer, never both, never neither.
    #[test]
    fn cancel_against_fire_has_one_winner() {
        loom::model(|| {
            let wheel = Arc::new(Wheel::new());
            let key = wheel.arm(Nanos(5), ()).key;
            let canceller = thread::spawn({
                let wheel = Arc::clone(&wheel);
                move || wheel.cancel(key)
            });
            let mut due = Vec::new();
            wheel.take_due(Nanos(5), &mut due);
            let cancelled = canceller.join().unwrap();
            assert_eq!(cancelled, due.is_empty());
            assert_eq!(wheel.next_deadline(), Nanos::NEVER);
        });
    }
}
