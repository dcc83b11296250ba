//! The one door to atomics, shared cells, locks and threads.
//!
//! Everything that several threads touch goes through this layer, so that the models see it: they
//! run the shipped types on `loom` (`cfg(all(test, loom))`), everybody else on `std`.
//!
//! * `real.rs`: `std` behind loom's interface. `model.rs`: loom itself.
//! * `mutant.rs`: seeded bugs, which are off.
//! * `parker.rs`: one thread sleeps, others wake it; no wake-up is lost.
//!
//! Handed upward: [`atomic`], [`cell`], [`deque`], [`thread`], [`per_thread`], [`hint`], [`Arc`],
//! [`Mutex`], [`lock`], [`Parker`].
#![allow(dead_code, unused_imports, reason = "one door for all layers: each takes what it needs")]

#[cfg(all(test, loom))]
mod model;
#[cfg(not(all(test, loom)))]
mod real;

mod mutant;
mod parker;

#[cfg(all(test, loom))]
mod models;
#[cfg(test)]
#[cfg(not(loom))]
mod tests;

use std::sync::{PoisonError, TryLockError};

#[cfg(all(test, loom))]
pub(crate) use model::{
    Arc, Key, Mutex, MutexGuard, atomic, cell, deque, hint, park_timeout, per_thread, thread,
};
#[cfg(not(all(test, loom)))]
pub(crate) use real::{
    Arc, Mutex, MutexGuard, atomic, cell, deque, hint, park_timeout, per_thread, thread,
};

pub(crate) use mutant::mutant;
pub(crate) use parker::{Parker, Woken};

/// The second half of "store there, look here" between two threads, each of which does both: all four accesses are
/// SeqCst, so at least one sees what the other has stored.
pub(crate) trait LookAgain {
    type Value;
    fn look_again(&self) -> Self::Value;
}

/// Locks `mutex`. Poison means nothing here: no code of a user runs under a lock of the runtime,
/// and each critical section leaves its data whole.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    while cfg!(zactor_thread_sanitizer) {
        // The sanitizer sees what std inlines into this crate: a lock that is free when it is taken.
        match mutex.try_lock() {
            Ok(guard) => return guard,
            Err(TryLockError::Poisoned(poisoned)) => return poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => thread::yield_now(),
        }
    }
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
