//! The references that users hold, counted apart for an actor that ends with the last of them.
//!
//! `refs.rs` keeps memory, and counts what the runtime holds as well: the actor itself, whoever waits for its end, its
//! timers, open asks. None of these shall keep such an actor alive, so its users have a count of their own; all other
//! actors have none, and `refer` and `unrefer` look at what never changes.
//!
//! 1. It begins at 1, for the reference that `spawn` returns: what a hook takes and drops before does not end the actor.
//! 2. Whoever takes it to 0 still holds the cell, and orders a drain. Who finds the actor by its name or id afterwards
//!    finds a mailbox that is closed.
//!
//! | step                  | order   | pairs with: what becomes visible                                          |
//! |-----------------------|---------|---------------------------------------------------------------------------|
//! | `refer`'s increment   | Relaxed | nothing: whoever counts has the cell already                              |
//! | `unrefer`'s decrement | AcqRel  | every other decrement: what was sent before is in before the mailbox closes |

use super::header::Header;
use crate::sync::atomic::Ordering;

impl Header {
    /// A new actor whose type of cell counts (`Resident::COUNTED`).
    pub(super) fn begin_to_count(&self) {
        self.rare().users.store(1, Ordering::Relaxed);
    }

    /// One more of a user's references.
    #[inline(always)]
    pub(crate) fn refer(&self) {
        if self.meta.ends_unreferenced {
            self.rare().users.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// One less. True: it was the last one of an actor that ends with it.
    #[inline(always)]
    #[must_use]
    pub(crate) fn unrefer(&self) -> bool {
        self.meta.ends_unreferenced && self.rare().users.fetch_sub(1, Ordering::AcqRel) == 1
    }
}
