//! Loom's types, and the little that it lacks.

pub(crate) use loom::sync::{Arc, Mutex, MutexGuard};
pub(crate) use loom::{cell, hint, thread};

pub(crate) use key::{Key, per_thread};

/// Run queues that the models see.
pub(crate) mod deque;
/// `per_thread!`: `thread_local!` with what std's keys have besides.
mod key;

pub(crate) mod atomic {
    pub(crate) use loom::sync::atomic::{
        AtomicBool, AtomicI64, AtomicPtr, AtomicU8, AtomicU16, AtomicU32, AtomicU64, AtomicUsize,
        Ordering,
    };
}

/// Time does not exist in a model. A limit of zero has passed when the others have run; a longer one never passes, so that
/// what is to be done by an `unpark` is not done by the time.
pub(crate) fn park_timeout(limit: std::time::Duration) {
    if limit.is_zero() {
        thread::yield_now();
    } else {
        thread::park();
    }
}

/// loom counts SeqCst as AcqRel, so that there only a read-modify-write is sure to see the last value.
impl super::LookAgain for atomic::AtomicU64 {
    type Value = u64;
    fn look_again(&self) -> u64 {
        self.fetch_or(0, atomic::Ordering::SeqCst)
    }
}

impl<T> super::LookAgain for atomic::AtomicPtr<T> {
    type Value = *mut T;
    fn look_again(&self) -> *mut T {
        let (Ok(seen) | Err(seen)) =
            self.fetch_update(atomic::Ordering::SeqCst, atomic::Ordering::SeqCst, Some);
        seen
    }
}
