//! The look that a worker takes at a cell once more after it has marked it idle, when the next owner may have ended it: who
//! frees a cell waits until no worker's look is at it.

use std::ptr::NonNull;
use std::sync::Arc;

use super::header::Header;
use crate::sync::atomic::{AtomicPtr, Ordering};

/// The cell that one worker has just marked idle, and looks at once more: not to be freed meanwhile. Written once a turn,
/// so it shares its line with nothing that another worker writes.
#[derive(Default)]
#[repr(align(128))]
pub(crate) struct Look(AtomicPtr<Header>);

impl Look {
    pub(super) fn set(&self, header: &Header) {
        self.0.store(std::ptr::from_ref(header).cast_mut(), Ordering::Relaxed);
    }

    pub(super) fn clear(&self) {
        self.0.store(std::ptr::null_mut(), Ordering::Release);
    }

    /// Acquire: the worker's look is over before the cell goes.
    pub(super) fn is_at(&self, header: NonNull<Header>) -> bool {
        self.0.load(Ordering::Acquire) == header.as_ptr()
    }
}

/// The looks of all workers.
pub(crate) struct Looks(Box<[Arc<Look>]>);

impl Looks {
    pub(crate) fn new(workers: usize) -> Self {
        Looks((0..workers).map(|_| Arc::default()).collect())
    }

    pub(crate) fn of(&self, worker: usize) -> Arc<Look> {
        Arc::clone(&self.0[worker])
    }

    pub(super) fn none_at(&self, header: NonNull<Header>) -> bool {
        !self.0.iter().any(|look| look.is_at(header))
    }
}
