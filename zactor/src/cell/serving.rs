//! Which actor a worker serves, and what it has in hand of it: so that others can tell what waits in a mailbox whose
//! owner is in the middle of a batch.
//!
//! 1. A worker names the actor before it takes the first message of a turn, and names the next one in its next turn.
//!    A turn that is over has nothing in hand, so an old name counts for nothing.
//! 2. `settled` is what of `Counts::taken` the mailboxes have back. A count goes up after the room has gone back
//!    (Release), and is read before the mailbox's head is (Acquire): who sees it sees the room. Between the two the room
//!    would count twice; the only such step that others cannot tell from rest, marking idle, is within a `Look`.
//! 3. All are sums and nothing is set back, so the end of a child within its parent's turn (a start that fails) leaves
//!    the parent's differences as they were: an end gives the room back message by message.

use std::ptr::{self, NonNull};

use super::header::Header;
use super::local::Local;
use crate::sync::atomic::{AtomicPtr, AtomicU64, Ordering};

/// See the module.
pub(super) struct Serving {
    actor: AtomicPtr<Header>,
    settled: AtomicU64,
}

impl Serving {
    pub(super) fn new() -> Self {
        Serving { actor: AtomicPtr::new(ptr::null_mut()), settled: AtomicU64::new(0) }
    }
}

/// What workers have in hand of one actor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct InHand {
    /// Taken out of the mailbox, whose room has not gone back.
    pub(super) unsettled: u64,
    /// Taken, and neither handled nor lost: in the handler.
    pub(super) unfinished: u64,
}

impl InHand {
    /// Adds what `local`'s thread has of `actor`.
    pub(super) fn add(&mut self, local: &Local, actor: NonNull<Header>) {
        let serving = &local.serving;
        if serving.actor.load(Ordering::Acquire) != actor.as_ptr() {
            return;
        }
        let settled = serving.settled.load(Ordering::Acquire);
        let counts = &local.counts;
        let lost = counts.failed.get() + counts.dead_lettered.get() + counts.evicted.get();
        let queued = counts.suspended.get() + counts.kept.get();
        let finished = counts.handled.get() + lost + queued;
        let taken = counts.taken.get();
        self.unsettled += taken.saturating_sub(settled);
        self.unfinished += (taken + counts.resumed.get()).saturating_sub(finished);
    }
}

impl Local {
    /// Whether a turn of `actor` is the last that began here.
    pub(super) fn serves(&self, actor: NonNull<Header>) -> bool {
        self.serving.actor.load(Ordering::Acquire) == actor.as_ptr()
    }

    /// A turn of `actor` begins: nothing is in hand.
    #[inline(always)]
    pub(super) fn serve(&self, actor: NonNull<Header>) {
        self.serving.actor.store(actor.as_ptr(), Ordering::Release);
    }

    /// The room of `n` messages that this thread took has gone back.
    #[inline(always)]
    pub(super) fn settled(&self, n: u32) {
        let settled = &self.serving.settled;
        settled.store(settled.load(Ordering::Relaxed).wrapping_add(n.into()), Ordering::Release);
    }
}
