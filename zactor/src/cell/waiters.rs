//! Those who wait for one event that happens once: futures by their waker, threads by theirs.

use std::task::Waker;
use std::thread::Thread;

use crate::sync::{Mutex, lock};

/// Whom to wake.
#[derive(Clone, Debug)]
pub(crate) enum Waiter {
    Task(Waker),
    Thread(Thread),
}

impl Waiter {
    pub(crate) fn wake(self) {
        match self {
            Waiter::Task(waker) => waker.wake(),
            Waiter::Thread(thread) => thread.unpark(),
        }
    }
}

/// See the module. Wakers are the user's code: they are cloned, dropped and woken outside the lock.
#[derive(Default)]
pub(crate) struct Waiters(Mutex<List>);

#[derive(Default)]
struct List {
    over: bool,
    next_key: u64,
    waiting: Vec<(u64, Waiter)>,
}

impl Waiters {
    /// Registers a waiter under `key` (or a new key), in place of what the key stood for. `None`: it is over.
    pub(crate) fn register(&self, key: Option<u64>, waiter: Waiter) -> Option<u64> {
        let mut replaced = None;
        let mut list = lock(&self.0);
        if list.over {
            drop(list);
            drop(waiter);
            return None;
        }
        let key = key.unwrap_or_else(|| {
            list.next_key += 1;
            list.next_key
        });
        match list.waiting.iter_mut().find(|(other, _)| *other == key) {
            Some((_, place)) => replaced = Some(std::mem::replace(place, waiter)),
            None => list.waiting.push((key, waiter)),
        }
        drop(list);
        drop(replaced);
        Some(key)
    }

    /// Whoever registered under `key` waits no more.
    pub(crate) fn forget(&self, key: u64) {
        let mut list = lock(&self.0);
        let at = list.waiting.iter().position(|(other, _)| *other == key);
        let gone = at.map(|at| list.waiting.swap_remove(at));
        drop(list);
        drop(gone);
    }

    /// The event has happened; all who wait are to be woken by the caller.
    #[must_use]
    pub(crate) fn finish(&self) -> Vec<Waiter> {
        let mut list = lock(&self.0);
        list.over = true;
        list.waiting.drain(..).map(|(_, waiter)| waiter).collect()
    }
}
