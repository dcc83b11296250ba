//! The state word of a cell: orders from outside, marks of an actor that left its worker, the end.
//!
//! 1. A *mark* says that nobody runs the cell and nobody will unless he clears it. `IDLE` stands in the mailbox's
//!    head, the `PARKED` reasons here; never both. Whoever clears a mark has the right to run the cell, and
//!    schedules it once. Else an actor runs twice, or never.
//! 2. An order or a token is set by the same read-modify-write that clears `PARKED`; parking is one CAS that fails
//!    while an order or a token stands for which the actor must go on. So no wake is lost between the two.
//! 3. `IDLE` is in another word: whoever gives an order looks at the head after it, the owner looks here after he
//!    marked idle; all four accesses are SeqCst, so one of them sees the other. Else an order waits for a message.
//! 4. `NEWS` says that the system lane has something: a verdict of the supervisor, a report of a child. It is given like
//!    an order and cleared by the owner before he looks, so what is put there later sets it again.
//! 5. `TERMINAL` is set by the owner before the mailbox closes, `ENDED` by the owner as the last thing of all;
//!    neither is ever cleared.
//! 6. `LINE` and `MUTES` say that others wait for room; they are set and cleared under the lock of the list they stand for.
//!    Whoever enters a list sets the bit and looks at the mailbox's count next; whoever gives room back looks here next:
//!    all four accesses are SeqCst, so one of them sees the other. Else a sender waits beside an empty mailbox.
//! 7. `MUTED` is set and cleared under the lock of the actor's `Mutes`. Whoever clears it wakes an actor that is parked for
//!    it alone; parking is one CAS that fails once it is cleared.
//!
//! | step                   | order   | pairs with: what becomes visible                                   |
//! |------------------------|---------|--------------------------------------------------------------------|
//! | `order`, `token`'s CAS | SeqCst  | the owner's `pending`, `park`: what the giver did before            |
//! | `park`'s CAS           | SeqCst  | `order`, `token` that clears it: all that the owner did             |
//! | `claim_terminal`, `end`| SeqCst  | `is_terminal`, `is_ended` (Acquire): what the end wrote             |

use crate::sync::LookAgain;
use crate::sync::atomic::{AtomicU64, Ordering};

/// Orders, strongest last. A stronger one that comes later overtakes a weaker one.
pub(crate) mod order {
    /// Handle what is queued, then end.
    pub(crate) const DRAIN: u64 = 1;
    /// End after the current message.
    pub(crate) const STOP: u64 = 1 << 1;
    /// End now, without hooks.
    pub(crate) const KILL: u64 = 1 << 2;
    /// The order comes from a system that goes: the end is called `Shutdown`.
    pub(crate) const SHUTDOWN: u64 = 1 << 3;
    /// Look at the system lane (a verdict, reports of children). The only one that is taken back.
    pub(crate) const NEWS: u64 = 1 << 4;
    /// Past its time: those that it waits for have none left either.
    pub(crate) const HURRY: u64 = 1 << 5;
    /// A receiver of its messages is full: the actor handles no more until that one is half empty (mutes.rs).
    pub(crate) const MUTED: u64 = 1 << 28;
    /// Somebody stands in the line before its mailbox (line.rs).
    pub(crate) const LINE: u64 = 1 << 29;
    /// It has muted somebody (mutes.rs).
    pub(crate) const MUTES: u64 = 1 << 30;
    /// Others wait until its mailbox has room.
    pub(crate) const PRESSED: u64 = LINE | MUTES;
    /// What a batch is interrupted for.
    pub(crate) const INTERRUPT: u64 = STOP | KILL | NEWS | MUTED | PRESSED;
    /// What ends an actor.
    pub(crate) const ALL: u64 = DRAIN | STOP | KILL;
}

/// Why an actor left its worker without being idle.
pub(crate) mod parked {
    /// It waits for a child's end.
    pub(crate) const CHILDREN: u64 = 1 << 8;
    /// It has failed, or takes part in the restart of a group, and waits for its supervisor: the word comes as `NEWS`.
    pub(crate) const SUPERVISOR: u64 = 1 << 9;
    /// It starts again after a while.
    pub(crate) const BACKOFF: u64 = 1 << 10;
    /// Its async handler waits for something.
    pub(crate) const SUSPENDED: u64 = 1 << 12;
    /// It is muted. What ends this is no token but the end of `order::MUTED`.
    pub(crate) const MUTED: u64 = 1 << 15;
    pub(crate) const ALL: u64 = 0xff << 8;
}

/// For each reason to be parked the mark that it is over.
pub(crate) mod token {
    /// A child has ended.
    pub(crate) const CHILDREN: u64 = 1 << 16;
    /// The while is over.
    pub(crate) const BACKOFF: u64 = 1 << 18;
    /// The handler's waker was called.
    pub(crate) const SUSPENDED: u64 = 1 << 20;
    pub(crate) const ALL: u64 = 0xff << 16;
}

/// Which run queues an actor goes to, from its birth on. No bit: the common ones.
pub(crate) mod route {
    /// It is more important than others.
    pub(crate) const HIGH: u64 = 1 << 40;
    /// It is less important than others.
    pub(crate) const LOW: u64 = 1 << 41;
    /// It stays with its worker.
    pub(crate) const HOME: u64 = 1 << 42;
    /// It has a thread of its own.
    pub(crate) const PINNED: u64 = 1 << 43;
    pub(super) const ALL: u64 = 0xff << 40;
}

const TERMINAL: u64 = 1 << 24;
const ENDED: u64 = 1 << 25;
const CUT_OFF: u64 = 1 << 26;
/// An async handler has a message that no turn has in hand.
const HELD: u64 = 1 << 27;
const KIND_SHIFT: u32 = 32;
const KIND: u64 = 0xff << KIND_SHIFT;

/// How an actor ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum EndKind {
    Stopped = 1,
    Drained,
    Killed,
    Shutdown,
    Failed,
    StartFailed,
}

/// The right to run the cell, given by whoever cleared its mark.
#[must_use]
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Woken {
    /// A mark was cleared here: the caller schedules the cell.
    Schedule,
    /// No mark of this word stood; the other mark may.
    NotParked,
    /// The actor has ended.
    Ended,
}

/// See the module.
pub(crate) struct State(AtomicU64);

impl State {
    pub(crate) fn new(route: u64) -> Self {
        State(AtomicU64::new(route))
    }

    #[cfg(all(test, loom))]
    pub(super) fn must_be_alone(&mut self) {
        self.0.with_mut(|_| ());
    }

    #[inline(always)]
    pub(super) fn route(&self) -> u64 {
        self.0.load(Ordering::Relaxed) & route::ALL
    }

    /// Sets orders or tokens and clears the parked mark, in one step.
    fn set_and_wake(&self, bits: u64) -> Woken {
        let mut old = self.0.load(Ordering::Relaxed);
        loop {
            if old & ENDED != 0 {
                return Woken::Ended;
            }
            let new = (old | bits) & !parked::ALL;
            match self.0.compare_exchange_weak(old, new, Ordering::SeqCst, Ordering::Relaxed) {
                Ok(_) if old & parked::ALL != 0 => return Woken::Schedule,
                Ok(_) => return Woken::NotParked,
                Err(now) => old = now,
            }
        }
    }

    /// Gives an order. On `NotParked` the caller looks at the mailbox's idle mark next.
    pub(crate) fn order(&self, orders: u64) -> Woken {
        self.set_and_wake(orders)
    }

    /// Leaves a token: what the actor parked for is over.
    pub(crate) fn wake(&self, tokens: u64) -> Woken {
        self.set_and_wake(tokens)
    }

    /// The orders given so far. Relaxed is enough between messages: an order is seen at the next one.
    #[inline(always)]
    pub(crate) fn orders(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
            & (order::ALL | order::SHUTDOWN | order::HURRY | order::INTERRUPT)
    }

    /// Sets bits of `order` that are no orders: they wake nobody.
    pub(super) fn raise(&self, bits: u64) {
        self.0.fetch_or(bits, Ordering::SeqCst);
    }

    /// Takes back what `raise` has set, under the lock of what it stands for.
    pub(super) fn lower(&self, bits: u64) {
        self.0.fetch_and(!bits, Ordering::SeqCst);
    }

    /// The second look of whoever has given room back, or closed the mailbox (invariant 6).
    #[inline(always)]
    pub(super) fn is_pressed(&self) -> bool {
        !crate::sync::mutant("pressed_no_second_look") && self.0.look_again() & order::PRESSED != 0
    }

    /// A look after the caller's own step, for whoever must not leave it muted.
    pub(super) fn is_muted(&self) -> bool {
        self.0.look_again() & order::MUTED != 0
    }

    /// The actor is not muted any more. `Schedule`: it was parked for that alone.
    pub(super) fn unmute(&self) -> Woken {
        let mut old = self.0.load(Ordering::Relaxed);
        loop {
            let new = old & !(order::MUTED | parked::MUTED);
            match self.0.compare_exchange_weak(old, new, Ordering::SeqCst, Ordering::Relaxed) {
                Ok(_) if old & ENDED != 0 => return Woken::Ended,
                Ok(_) if old & parked::ALL == parked::MUTED => return Woken::Schedule,
                Ok(_) => return Woken::NotParked,
                Err(now) => old = now,
            }
        }
    }

    /// Parks a muted actor, unless it is not muted any more, or one of the orders is new since `seen`.
    pub(super) fn park_muted(&self, seen: u64) -> bool {
        let mut old = self.0.load(Ordering::Relaxed);
        loop {
            let news = old & (order::ALL | order::NEWS) & !seen != 0;
            if old & order::MUTED == 0 || news {
                return false;
            }
            let new = old | parked::MUTED;
            match self.0.compare_exchange_weak(old, new, Ordering::SeqCst, Ordering::Relaxed) {
                Ok(_) => return true,
                Err(now) => old = now,
            }
        }
    }

    /// The owner is about to look at the system lane. Acquire: what was put there before is seen.
    #[must_use]
    pub(crate) fn take_news(&self) -> bool {
        self.orders() & order::NEWS != 0
            && self.0.fetch_and(!order::NEWS, Ordering::SeqCst) & order::NEWS != 0
    }

    /// The second look, after the owner marked the mailbox idle (invariant 3).
    #[inline(always)]
    pub(crate) fn orders_after_mark(&self) -> u64 {
        if crate::sync::mutant("system_lane_no_second_look") {
            return 0;
        }
        // A drain closes the mailbox, and clears the mark itself.
        self.0.look_again() & order::INTERRUPT
    }

    /// What happened before the cell was scheduled becomes visible to its new owner.
    #[inline(always)]
    pub(crate) fn take_over(&self) {
        self.0.load(Ordering::Acquire);
    }

    /// Parks for `reason`, unless a token for it or one of `orders` that is new since `seen` stands. Consumes the
    /// token then.
    pub(crate) fn park(&self, reason: u64, seen: u64) -> bool {
        let mut old = self.0.load(Ordering::Relaxed);
        loop {
            let over = old & (reason << 8) != 0;
            let news = old & (order::ALL | order::NEWS) & !seen != 0;
            let new = if over || news { old & !(reason << 8) } else { old | reason };
            match self.0.compare_exchange_weak(old, new, Ordering::SeqCst, Ordering::Relaxed) {
                Ok(_) => return !(over || news),
                Err(now) => old = now,
            }
        }
    }

    /// As `park` for an async handler, but the token stays for `resume`.
    pub(crate) fn suspend(&self, seen: u64) -> bool {
        let mut old = self.0.load(Ordering::Relaxed);
        loop {
            let woken = old & token::SUSPENDED != 0;
            let news = old & (order::ALL | order::NEWS) & !seen != 0;
            let parks = !(woken || news) || crate::sync::mutant("suspend_ignores_token");
            let new = old | HELD | if parks { parked::SUSPENDED } else { 0 };
            match self.0.compare_exchange_weak(old, new, Ordering::SeqCst, Ordering::Relaxed) {
                Ok(_) => return parks,
                Err(now) => old = now,
            }
        }
    }

    /// A turn takes the message of an async handler up. Says whether its waker was called, and takes the token.
    pub(crate) fn resume(&self, token: u64) -> bool {
        self.0.fetch_and(!(token | HELD), Ordering::SeqCst) & token != 0
    }

    /// Whether an async handler has a message that no turn has in hand.
    pub(crate) fn is_held(&self) -> bool {
        self.0.load(Ordering::Acquire) & HELD != 0
    }

    /// The owner begins the end, or makes it a stronger one.
    pub(crate) fn claim_terminal(&self, kind: EndKind) {
        let mut old = self.0.load(Ordering::Relaxed);
        loop {
            let new = old & !KIND | (kind as u64) << KIND_SHIFT | TERMINAL;
            match self.0.compare_exchange_weak(old, new, Ordering::SeqCst, Ordering::Relaxed) {
                Ok(_) => return,
                Err(now) => old = now,
            }
        }
    }

    /// How it ends; meaningful once it is terminal.
    pub(crate) fn end_kind(&self) -> EndKind {
        match (self.0.load(Ordering::Acquire) & KIND) >> KIND_SHIFT {
            2 => EndKind::Drained,
            3 => EndKind::Killed,
            4 => EndKind::Shutdown,
            5 => EndKind::Failed,
            6 => EndKind::StartFailed,
            _ => EndKind::Stopped,
        }
    }

    pub(crate) fn is_terminal(&self) -> bool {
        self.0.load(Ordering::Acquire) & (TERMINAL | CUT_OFF) != 0
    }

    /// It is given up while it stands in a handler: it counts as dead from now on, and ends when that returns.
    pub(crate) fn cut_off(&self) {
        self.0.fetch_or(CUT_OFF, Ordering::SeqCst);
    }

    pub(crate) fn is_cut_off(&self) -> bool {
        self.0.load(Ordering::Acquire) & CUT_OFF != 0
    }

    /// The owner is done: the last thing that happens to the word.
    pub(crate) fn end(&self) {
        self.0.fetch_or(TERMINAL | ENDED, Ordering::SeqCst);
    }

    pub(crate) fn is_ended(&self) -> bool {
        self.0.load(Ordering::Acquire) & ENDED != 0
    }

    /// As `is_ended`, for somebody who has just registered to be told: either this sees the end, or whoever ends the
    /// actor sees him.
    pub(crate) fn is_ended_after_register(&self) -> bool {
        !crate::sync::mutant("joiner_no_second_look") && self.0.look_again() & ENDED != 0
    }

    pub(crate) fn is_backing_off(&self) -> bool {
        self.0.load(Ordering::Relaxed) & parked::BACKOFF != 0
    }

    pub(crate) fn is_parked(&self) -> bool {
        self.0.load(Ordering::Relaxed) & parked::ALL != 0
    }
}

const _: () = assert!(parked::CHILDREN << 8 == token::CHILDREN && parked::ALL << 8 == token::ALL);
const _: () =
    assert!((TERMINAL | ENDED | CUT_OFF | HELD | KIND) & (order::MUTED | order::PRESSED) == 0);
const _: () = assert!((order::PRESSED | HELD | KIND) & route::ALL == 0);
