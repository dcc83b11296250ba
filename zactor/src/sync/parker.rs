//! One thread sleeps, others wake it; no wake-up is lost.
//!
//! ```text
//!           park            unpark
//!   PARKED ◀──── EMPTY ──────────────▶ TOKEN      park on TOKEN: takes it, returns at once
//!      └──────────────────────────────▶           unpark on PARKED: leaves the token, wakes
//! ```
//! The token is the parker's own. The one that `std` keeps for each thread wakes the sleeper and
//! says nothing: a user's code may set or take it.
//!
//! 1. `unpark` leaves a token whatever it finds. Else one that comes before `park` is lost.
//! 2. `park` goes to sleep only by a read-modify-write that finds no token. Else it sleeps beside one.
//! 3. `sleeper` is stored before `PARKED` is. Else a waker knows of a sleeper, but not which.
//!
//! | step                      | order   | pairs with: what becomes visible                        |
//! |---------------------------|---------|---------------------------------------------------------|
//! | `unpark` swaps in `TOKEN` | AcqRel  | the `park` that takes it: all that the waker did before |
//! | `park`'s CAS to `PARKED`  | AcqRel  | the `unpark` that finds it: `sleeper`                   |

use std::fmt;
use std::time::Duration;

use crate::sync::atomic::{
    AtomicU32,
    Ordering::{AcqRel, Acquire},
};
use crate::sync::{Mutex, lock, park_timeout, thread};

const EMPTY: u32 = 0;
const PARKED: u32 = 1;
const TOKEN: u32 = 2;

/// Why [`Parker::park_timeout`] returned.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Woken {
    /// There was a token; it is taken.
    Unparked,
    /// The time is up, or the operating system let go early: the caller looks at its own clock.
    Elapsed,
}

/// A place for one thread to sleep in. Threads may take turns, but only one at a time parks here.
pub(crate) struct Parker {
    state: AtomicU32,
    /// Whoever parked last.
    sleeper: Mutex<Option<thread::Thread>>,
}

impl Parker {
    pub(crate) fn new() -> Self {
        Self { state: AtomicU32::new(EMPTY), sleeper: Mutex::new(None) }
    }

    /// Sleeps until there is a token, and takes it.
    pub(crate) fn park(&self) {
        if !self.enter() {
            return;
        }
        loop {
            thread::park();
            if self.state.compare_exchange(TOKEN, EMPTY, AcqRel, Acquire).is_ok() {
                return;
            }
        }
    }

    /// Sleeps until there is a token, `limit` has passed, or for no reason at all.
    pub(crate) fn park_timeout(&self, limit: Duration) -> Woken {
        if self.enter() {
            park_timeout(limit);
            if self.state.swap(EMPTY, AcqRel) != TOKEN {
                return Woken::Elapsed;
            }
        }
        Woken::Unparked
    }

    /// Leaves a token, and wakes the sleeper if there is one.
    pub(crate) fn unpark(&self) {
        if self.state.swap(TOKEN, AcqRel) == PARKED {
            // Cloned, so that the system call is made outside the lock.
            let sleeper = lock(&self.sleeper).clone();
            if let Some(thread) = sleeper {
                thread.unpark();
            }
        }
    }

    /// Whether the caller is to sleep now; if not, it has taken the token.
    fn enter(&self) -> bool {
        *lock(&self.sleeper) = Some(thread::current());
        let parked = if crate::sync::mutant("park_without_token") {
            self.state.swap(PARKED, AcqRel) != PARKED
        } else {
            self.state.compare_exchange(EMPTY, PARKED, AcqRel, Acquire).is_ok()
        };
        if !parked {
            let _ = self.state.swap(EMPTY, AcqRel);
        }
        parked
    }
}

impl fmt::Debug for Parker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parker").finish_non_exhaustive()
    }
}
