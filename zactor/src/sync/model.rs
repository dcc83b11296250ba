//! Loom's types, and the little that it lacks.

pub(crate) use loom::sync::{Arc, Mutex, MutexGuard};
pub(crate) use loom::{cell, hint, thread};

pub(crate) mod atomic {
    pub(crate) use loom::sync::atomic::{
        AtomicBool, AtomicI64, AtomicPtr, AtomicU8, AtomicU32, AtomicU64, AtomicUsize, Ordering,
    };
}

/// Time does not exist in a model: the limit may have passed at once, or after the others ran.
pub(crate) fn park_timeout(_limit: std::time::Duration) {
    thread::yield_now();
}
