//! What few actors need, in a box made when the first of it is needed.

use std::sync::{Arc, OnceLock};

use super::family::Family;
use super::pinned::Pinned;
use super::pressure::Pressure;
use super::timers::Timers;
use super::waiters::Waiters;
use super::watch::Watch;
use crate::supervision::{EndReason, Faults, Given, Supervision, Waiting};
use crate::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, Ordering};
use crate::sync::{LookAgain, Mutex};

/// See the module.
#[derive(Default)]
pub(crate) struct Rare {
    pub(crate) name: OnceLock<Arc<str>>,
    /// Messages that the mailbox refused.
    pub(crate) rejected: AtomicU64,
    pub(crate) failed: AtomicU64,
    pub(crate) dead_lettered: AtomicU64,
    /// How often the count of an unbounded mailbox came round, less how often it was borrowed from.
    pub(crate) wraps: AtomicU64,
    /// How it ended, where that is more than "stopped".
    pub(crate) end: OnceLock<EndReason>,
    /// Those who wait for the end.
    pub(crate) joiners: Waiters,
    pub(crate) family: Mutex<Family>,
    pub(super) timers: Lazy<Timers>,
    /// References of users, where they are counted (users.rs).
    pub(super) users: AtomicU32,
    /// Which incarnation lives; written by the owner.
    pub(crate) incarnation: AtomicU64,
    /// How often it was tried to make a next one.
    pub(crate) restarts: AtomicU64,
    /// What it was started with, where that is not the default.
    pub(crate) given: OnceLock<Box<Given>>,
    /// Its thread, if it has one; set at its birth.
    pub(crate) pinned: OnceLock<Arc<Pinned>>,
    pressure: Lazy<Pressure>,
    faults: Lazy<Mutex<Faults>>,
    supervision: Lazy<Mutex<Supervision>>,
    watch: Lazy<Watch>,
    waiting: Lazy<Mutex<Waiting>>,
}

impl Rare {
    /// What concerns a full mailbox.
    pub(crate) fn pressure(&self) -> &Pressure {
        self.pressure.get_or_make()
    }

    pub(crate) fn pressure_if_made(&self) -> Option<&Pressure> {
        self.pressure.get()
    }

    /// What it and its supervisor know about its failures.
    pub(crate) fn faults(&self) -> &Mutex<Faults> {
        self.faults.get_or_make()
    }

    pub(crate) fn faults_if_made(&self) -> Option<&Mutex<Faults>> {
        self.faults.get()
    }

    /// What it keeps as the supervisor of its children.
    pub(crate) fn supervision(&self) -> &Mutex<Supervision> {
        self.supervision.get_or_make()
    }

    pub(crate) fn supervision_if_made(&self) -> Option<&Mutex<Supervision>> {
        self.supervision.get()
    }

    /// As `supervision_if_made`, after the mark that a child has ended was set: whoever makes it later sees the mark.
    pub(crate) fn supervision_for_end(&self) -> Option<&Mutex<Supervision>> {
        self.supervision.get_after_mark()
    }

    /// Which child it waits for.
    pub(crate) fn waiting(&self) -> &Mutex<Waiting> {
        self.waiting.get_or_make()
    }

    pub(crate) fn waiting_if_made(&self) -> Option<&Mutex<Waiting>> {
        self.waiting.get()
    }

    /// Who watches it, and whom it watches.
    pub(super) fn watch(&self) -> &Watch {
        self.watch.get_or_make()
    }

    pub(super) fn watch_if_made(&self) -> Option<&Watch> {
        self.watch.get()
    }

    pub(super) fn watch_for_end(&self) -> Option<&Watch> {
        self.watch.get_after_mark()
    }
}

/// A `T` behind one pointer, made at first use.
pub(super) struct Lazy<T>(AtomicPtr<T>);

impl<T: Default> Default for Lazy<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Default> Lazy<T> {
    pub(super) fn new() -> Self {
        Lazy(AtomicPtr::new(std::ptr::null_mut()))
    }

    pub(super) fn get(&self) -> Option<&T> {
        // SAFETY: what the pointer leads to was published by `get_or_make` and lives as long as `self`.
        unsafe { self.0.load(Ordering::Acquire).as_ref() }
    }

    /// As `get`, in one order with what the caller stored before and the maker looks at after (both SeqCst).
    pub(super) fn get_after_mark(&self) -> Option<&T> {
        // SAFETY: as in `get`.
        unsafe { self.0.look_again().as_ref() }
    }

    pub(super) fn get_or_make(&self) -> &T {
        match self.get() {
            Some(made) => made,
            None => self.make(),
        }
    }

    #[cold]
    fn make(&self) -> &T {
        let mine = Box::into_raw(Box::<T>::default());
        let null = std::ptr::null_mut();
        let won = self.0.compare_exchange(null, mine, Ordering::SeqCst, Ordering::Acquire);
        let made = match won {
            Ok(_) => mine,
            Err(other) => {
                // SAFETY: made above, and never published.
                drop(unsafe { Box::from_raw(mine) });
                other
            }
        };
        // SAFETY: published, and lives as long as `self`.
        unsafe { &*made }
    }
}

impl<T> Drop for Lazy<T> {
    fn drop(&mut self) {
        let made = self.0.load(Ordering::Acquire);
        if !made.is_null() {
            // SAFETY: made by `Box::into_raw`, published once, dropped once.
            drop(unsafe { Box::from_raw(made) });
        }
    }
}
