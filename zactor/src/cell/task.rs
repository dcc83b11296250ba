//! The right to run a cell, as a value: made by whoever cleared a mark, consumed by the run.

use std::ptr::NonNull;

use super::header::Header;
use super::local::Local;
use crate::sync::LookAgain;
use crate::sync::atomic::{AtomicPtr, Ordering};

/// The right to run one cell. There is one at most for each, so it is in one run queue at most.
#[must_use = "a cell whose task is lost never runs again"]
pub(crate) struct Task(NonNull<Header>);

// SAFETY: the right to run may travel; what the owner wrote travels with it (Release and Acquire of the queues).
unsafe impl Send for Task {}

impl Task {
    /// # Safety
    /// The caller cleared a mark of the cell, or has just made it, or owns its right to run otherwise.
    #[inline(always)]
    pub(super) unsafe fn new(header: NonNull<Header>) -> Self {
        Task(header)
    }

    pub(super) fn header(&self) -> NonNull<Header> {
        self.0
    }

    /// Whether the actor lets this turn pass, for a receiver of its messages is far behind.
    #[inline]
    pub(crate) fn lets_pass(&self) -> bool {
        // SAFETY: an actor that is scheduled is alive, and so is its cell.
        unsafe { self.0.as_ref() }.lets_pass()
    }

    /// One turn. The result is the right to the next one: to the back of the queue with it.
    #[inline]
    pub(crate) fn run(self, local: &Local) -> Option<Task> {
        // SAFETY: an actor that is scheduled is alive, and so is its cell.
        let header = unsafe { self.0.as_ref() };
        header.state.take_over();
        let before = local.enter(header);
        local.serve(self.0);
        // SAFETY: `run` was made for this cell's type; the right to run is ours, and goes over.
        let next = unsafe { header.run()(self.0, local) };
        local.leave(before);
        next
    }

    /// The actor's slot in the id table.
    pub(crate) fn slot(&self) -> u32 {
        // SAFETY: as in `run`.
        unsafe { self.0.as_ref() }.id.slot()
    }

    /// Which run queues it goes to, bits of `state::route`; 0: the common ones.
    #[inline(always)]
    pub(crate) fn route(&self) -> u64 {
        // SAFETY: as in `run`.
        unsafe { self.0.as_ref() }.state.route()
    }

    fn into_raw(self) -> *mut Header {
        self.0.as_ptr()
    }
}

/// A place for one task, open to all threads.
pub(crate) struct Slot(AtomicPtr<Header>);

impl Slot {
    pub(crate) fn new() -> Self {
        Slot(AtomicPtr::new(std::ptr::null_mut()))
    }

    /// Puts a task in, and takes out what was there. By one thread alone: all others only take.
    #[must_use]
    #[inline]
    pub(crate) fn put(&self, task: Task) -> Option<Task> {
        if self.0.load(Ordering::Relaxed).is_null() {
            // It stays empty until this thread fills it. Release: the next owner sees what the last one did.
            self.0.store(task.into_raw(), Ordering::Release);
            return None;
        }
        NonNull::new(self.0.swap(task.into_raw(), Ordering::AcqRel)).map(Task)
    }

    /// Takes out what is there.
    #[must_use]
    #[inline]
    pub(crate) fn take(&self) -> Option<Task> {
        if self.0.load(Ordering::Relaxed).is_null() {
            return None;
        }
        // Acquire: what the last owner did.
        NonNull::new(self.0.swap(std::ptr::null_mut(), Ordering::Acquire)).map(Task)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.look_again().is_null()
    }
}
