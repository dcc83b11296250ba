//! Where an actor with a thread of its own is scheduled.
//!
//! 1. There is one right to run the cell, so at most one task is here. Whoever puts it in has cleared a mark of the cell,
//!    and sees that the place is empty.
//! 2. The last turn says that there is no further one. All turns but those of `spawn` run on the one thread.

use std::sync::Arc;

use super::header::Header;
use super::local::Local;
use super::look::Look;
use super::state::route;
use super::task::{Slot, Task};
use crate::sync::Parker;
use crate::sync::atomic::{AtomicBool, Ordering};

/// See the module.
pub(crate) struct Pinned {
    place: Slot,
    over: AtomicBool,
    parker: Parker,
    look: Arc<Look>,
}

impl Pinned {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Pinned {
            place: Slot::new(),
            over: AtomicBool::new(false),
            parker: Parker::new(),
            look: Arc::default(),
        })
    }

    /// The calling thread is the actor's from now on.
    pub(crate) fn begin(&self, local: &Local) {
        local.take_look(&self.look);
    }

    /// The right to the next turn, when there is one. `None`: there is none any more.
    pub(crate) fn next(&self) -> Option<Task> {
        loop {
            // Looked at first: what the last turn left behind is nothing.
            let over = self.over.load(Ordering::Acquire);
            match self.place.take() {
                None if over => return None,
                None => self.parker.park(),
                task => return task,
            }
        }
    }

    /// There is no further turn: the actor has ended, or the system is gone.
    pub(crate) fn end(&self) {
        self.over.store(true, Ordering::Release);
        self.parker.unpark();
    }
}

impl Task {
    /// To the actor's own thread.
    pub(crate) fn put_to_its_thread(self) {
        // SAFETY: an actor that is scheduled is alive, and so is its cell.
        let header = unsafe { self.header().as_ref() };
        let Some(pinned) = header.pinned().cloned() else {
            unreachable!("whose route says so has a thread");
        };
        // From here on the cell may be gone.
        let before = pinned.place.put(self);
        debug_assert!(before.is_none(), "there is one right to run a cell");
        pinned.parker.unpark();
    }
}

impl Header {
    /// Its thread, if it has one.
    #[inline(always)]
    pub(crate) fn pinned(&self) -> Option<&Arc<Pinned>> {
        if self.state.route() & route::PINNED == 0 {
            return None;
        }
        self.rare_if_made().and_then(|rare| rare.pinned.get())
    }

    /// Its own thread marks it idle, and has not said what it gave back.
    pub(super) fn is_looked_at(&self) -> bool {
        self.pinned().is_some_and(|pinned| pinned.look.is_at(self.into()))
    }
}
