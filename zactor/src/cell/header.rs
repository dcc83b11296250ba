//! The type-erased part of a cell: two cache lines.
//!
//! | field                            | who writes                          | when                              |
//! |----------------------------------|-------------------------------------|-----------------------------------|
//! | `head`, `stub`                   | senders and the owner               | always; see `queue::mpsc`         |
//! | `state`                          | anybody                             | always; see `state.rs`            |
//! | `refs`                           | holders of references               | always; see `refs.rs`             |
//! | `core`, `id`, `limit`, `meta`, `parent`, `sequence`, `last_of_batch` | the maker | before the id table knows the cell |
//! | `tail`, `run`                    | the owner (`Turn`)                  | while he has the right to run     |
//! | `handled`, `current`, `stands_back` | the owner; anybody may read         | while he has the right to run     |
//! | `links`                          | whoever holds the parent's family lock | from birth to end              |
//! | `rare`                           | whoever needs it first              | once                              |

use std::cell::UnsafeCell;
use std::mem::offset_of;
use std::ptr::NonNull;
use std::sync::Arc;

use super::family::Links;
use super::local::Local;
use super::rare::{Lazy, Rare};
use super::refs::{CellRef, Count};
use super::state::{State, Woken};
use super::task::Task;
use super::turn::Delivery;
use crate::message::{ActorId, LINK_OFFSET};
use crate::queue::mpsc::{Closing, GaveBack, Head, Link, Tail, UNBOUNDED};
use crate::sync::atomic::{AtomicPtr, AtomicU16, AtomicU32, AtomicU64, Ordering};
use crate::system::Core;

/// What all cells of one actor type share.
pub(crate) struct Meta {
    pub(crate) type_name: fn() -> &'static str,
    pub(crate) type_id: fn() -> std::any::TypeId,
    /// Names of the messages, by tag.
    pub(crate) messages: &'static [&'static str],
    pub(crate) layout: std::alloc::Layout,
    /// Drops a message that no handler will see.
    pub(crate) discard: fn(Delivery<'_>),
    /// It decides about its children by the failure (`impl Supervisor`).
    pub(crate) decides: bool,
    /// It is no actor, but work that one has begun beside its mailbox.
    pub(crate) errand: bool,
    /// It ends when no user refers to it any more (users.rs).
    pub(crate) ends_unreferenced: bool,
}

/// No message is being handled.
pub(crate) const NOTHING: u32 = u32::MAX;
/// A hook or a continuation runs.
pub(crate) const HOOK: u32 = u32::MAX - 1;

/// One turn of a cell; it must be of the type that this was made for, and the right to run goes over.
pub(super) type Run = unsafe fn(NonNull<Header>, &Local) -> Option<Task>;

/// See the module.
#[repr(C, align(64))]
pub(crate) struct Header {
    pub(super) head: Head,
    stub: AtomicPtr<Link>,
    pub(super) state: State,
    core: NonNull<Core>,
    pub(crate) id: ActorId,
    /// What the head's count is compared with.
    pub(crate) limit: u32,
    pub(super) refs: Count,
    run: UnsafeCell<Run>,
    pub(crate) meta: &'static Meta,

    pub(super) tail: Tail,
    handled: AtomicU64,
    /// Who started it; `NONE` for a top-level actor.
    pub(crate) parent: ActorId,
    pub(super) links: UnsafeCell<Links>,
    rare: Lazy<Rare>,
    /// Orders children of one parent, and top-level actors, by their start.
    pub(crate) sequence: u64,
    /// Most messages of a turn, less one.
    last_of_batch: u16,
    /// Turns that this actor lets pass, for its receiver is far behind.
    stands_back: AtomicU16,
    current: AtomicU32,
}

/// Most messages of a turn.
pub(crate) const MAX_BATCH: u32 = 1 << 16;
/// Most turns that an actor lets pass in a row.
const MOST_TURNS_BACK: u32 = 64;

#[cfg(not(all(test, loom)))]
const _: () = {
    assert!(size_of::<Header>() == 128 && align_of::<Header>() == 64);
    assert!(offset_of!(Header, head) == 0 && offset_of!(Header, stub) == LINK_OFFSET);
    assert!(offset_of!(Header, tail) == 64);
};

/// What a new header needs to know.
pub(crate) struct Birth {
    pub(crate) core: NonNull<Core>,
    pub(crate) id: ActorId,
    pub(crate) limit: u32,
    pub(crate) batch: u32,
    pub(crate) sequence: u64,
    pub(crate) parent: ActorId,
    /// Which run queues it goes to, as the scheduler says (`state::route`).
    pub(crate) route: u64,
    pub(crate) ends_unreferenced: bool,
}

impl Header {
    pub(super) fn new(at: NonNull<Header>, birth: Birth, run: Run, meta: &'static Meta) -> Self {
        let stub = at.cast::<Link>();
        Header {
            head: Head::new_busy(stub),
            stub: AtomicPtr::new(std::ptr::null_mut()),
            state: State::new(birth.route),
            core: birth.core,
            id: birth.id,
            limit: birth.limit,
            // One for the actor itself, while it lives; one for whoever spawned it.
            refs: Count::new(2),
            run: UnsafeCell::new(run),
            meta,
            tail: Tail::new(stub),
            handled: AtomicU64::new(0),
            parent: birth.parent,
            links: UnsafeCell::new(Links::default()),
            rare: Lazy::new(),
            sequence: birth.sequence,
            #[expect(clippy::cast_possible_truncation, reason = "at most MAX_BATCH")]
            last_of_batch: (birth.batch.clamp(1, MAX_BATCH) - 1) as u16,
            stands_back: AtomicU16::new(0),
            current: AtomicU32::new(NOTHING),
        }
    }

    /// A model sees here whether all uses of the cell happened before its end.
    #[cfg(all(test, loom))]
    pub(super) fn must_be_alone(&mut self) {
        self.refs.must_be_alone();
        self.state.must_be_alone();
        self.handled.with_mut(|_| ());
        self.current.with_mut(|_| ());
        self.stands_back.with_mut(|_| ());
    }

    /// The system of this actor.
    #[inline(always)]
    pub(crate) fn core(&self) -> &Core {
        // SAFETY: a cell holds one count of its system (`Cell::new`), until it is freed.
        unsafe { self.core.as_ref() }
    }

    pub(super) fn core_ptr(&self) -> NonNull<Core> {
        self.core
    }

    /// What a turn runs.
    ///
    /// # Safety
    /// The caller has the right to run the cell.
    #[inline(always)]
    pub(super) unsafe fn run(&self) -> Run {
        // SAFETY: only owners touch it (caller).
        unsafe { *self.run.get() }
    }

    /// Later turns run `run`.
    ///
    /// # Safety
    /// As for `run`, and `run` is made for this cell's type.
    pub(super) unsafe fn set_run(&self, run: Run) {
        // SAFETY: only owners touch it (caller).
        unsafe { *self.run.get() = run };
    }

    /// Most messages of a turn.
    #[inline(always)]
    pub(super) fn batch(&self) -> u32 {
        u32::from(self.last_of_batch) + 1
    }

    /// The owner's turn is over, and a receiver of its messages is `behind` by so many: it gets about as many turns as it
    /// needs before the next one of this actor.
    #[inline(always)]
    pub(super) fn stand_back(&self, behind: u32) {
        if behind != 0 {
            let turns = (behind / self.batch()).min(MOST_TURNS_BACK);
            self.stands_back.store(turns as u16, Ordering::Relaxed);
        }
    }

    /// Whether the owner lets this turn pass. An order is attended at once.
    #[inline(always)]
    pub(super) fn lets_pass(&self) -> bool {
        let turns = self.stands_back.load(Ordering::Relaxed);
        if turns == 0 {
            return false;
        }
        self.stands_back.store(turns - 1, Ordering::Relaxed);
        self.state.orders() == 0
    }

    /// What few actors need.
    pub(crate) fn rare(&self) -> &Rare {
        self.rare.get_or_make()
    }

    pub(crate) fn rare_if_made(&self) -> Option<&Rare> {
        self.rare.get()
    }

    /// As [`rare_if_made`](Self::rare_if_made), after the mark that the actor has ended was set: whoever makes it later
    /// sees the mark.
    pub(crate) fn rare_for_end(&self) -> Option<&Rare> {
        self.rare.get_after_mark()
    }

    /// One of its messages became a dead letter.
    pub(crate) fn count_dead_letter(&self, local: &Local) {
        local.counts.dead_lettered.add(1);
        self.rare().dead_lettered.fetch_add(1, Ordering::Relaxed);
    }

    /// Which incarnation of the actor lives: 0 for the first.
    pub(crate) fn incarnation(&self) -> u64 {
        self.rare_if_made().map_or(0, |rare| rare.incarnation.load(Ordering::Relaxed))
    }

    /// How often the actor was restarted, tries that failed included.
    pub(crate) fn restarts(&self) -> u64 {
        self.rare_if_made().map_or(0, |rare| rare.restarts.load(Ordering::Relaxed))
    }

    /// The name, if it has one.
    pub(crate) fn name(&self) -> Option<&Arc<str>> {
        self.rare_if_made().and_then(|rare| rare.name.get())
    }

    /// The name of the message with this tag.
    pub(crate) fn message_name(&self, tag: u32) -> &'static str {
        match tag {
            HOOK => "a hook",
            NOTHING => "nothing",
            tag => self.meta.messages.get(tag as usize).copied().unwrap_or("?"),
        }
    }

    pub(crate) fn is_alive(&self) -> bool {
        !self.state.is_terminal()
    }

    pub(crate) fn state(&self) -> &State {
        &self.state
    }

    /// Queued messages, and how many are in the handler. Exact while nothing moves but the one who asks.
    pub(crate) fn queue(&self) -> (u64, u64) {
        if self.is_idle() {
            return (self.aside(), 0);
        }
        let core = self.core();
        // A worker that marks it idle has given the room back, and may not have said so yet.
        while !crate::sync::mutant("queue_ignores_look")
            && (!core.scheduler.looks.none_at(NonNull::from(self)) || self.is_looked_at())
        {
            crate::sync::thread::yield_now();
        }
        let hand = core.locals.in_hand(NonNull::from(self));
        let wraps = self.rare_if_made().map_or(0, |rare| rare.wraps.load(Ordering::Relaxed));
        let rounds = wraps.wrapping_mul(u64::from(UNBOUNDED) + 1);
        let count = rounds.wrapping_add(u64::from(self.head.len())).wrapping_sub(hand.unsettled);
        let count = count.wrapping_add(self.over()).wrapping_add(self.aside());
        // Below 0 while a sender has not told of the round that it began, or room goes back.
        (count.cast_signed().max(0).cast_unsigned(), hand.unfinished)
    }

    /// Queued messages.
    pub(crate) fn queued(&self) -> u64 {
        self.queue().0
    }

    /// The node that every queue of this cell begins with.
    #[inline(always)]
    pub(super) fn stub(&self) -> NonNull<Link> {
        NonNull::from(self).cast()
    }

    /// The owner has taken messages out: their room goes back.
    #[inline(always)]
    pub(super) fn give_room_back(&self, n: u32) {
        if self.head.give_back(n, self.limit) == GaveBack::Borrowed {
            self.rare().wraps.fetch_sub(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.head.is_closed()
    }

    /// Nothing gets into the mailbox any more; for somebody who has just registered to be told.
    pub(super) fn is_over_after_register(&self) -> bool {
        self.head.is_ended()
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.head.is_idle()
    }

    /// Messages handled so far.
    pub(crate) fn handled(&self) -> u64 {
        self.handled.load(Ordering::Relaxed)
    }

    /// The tag of the message in the handler, `HOOK` or `NOTHING`.
    pub(crate) fn current(&self) -> u32 {
        self.current.load(Ordering::Relaxed)
    }

    #[inline(always)]
    pub(crate) fn set_current(&self, tag: u32) {
        self.current.store(tag, Ordering::Relaxed);
    }

    /// One message was handled. The owner alone counts.
    #[inline(always)]
    pub(crate) fn count_handled(&self, local: &Local) {
        local.counts.handled.add(1);
        self.handled.store(self.handled.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
    }

    /// The message that was counted as handled before its handler returned was lost. The owner alone counts.
    pub(crate) fn take_handled_back(&self, local: &Local) {
        local.counts.handled.take_back(1);
        self.handled.store(self.handled.load(Ordering::Relaxed) - 1, Ordering::Relaxed);
    }

    /// Closes the mailbox of an actor that ends: sends from now on get their message back, and its timers are gone.
    pub(crate) fn close(&self) {
        // `Already`: a drain has closed it.
        let _ = self.head.close();
        self.drop_timers();
        // SAFETY: a live actor holds a reference to itself; the result ends here.
        unsafe { CellRef::uncounted(NonNull::from(self)) }.nobody_waits();
    }
}

impl CellRef {
    /// Gives an order (bits of `state::order`). The result is to be scheduled.
    #[must_use]
    pub(crate) fn order(&self, orders: u64) -> Option<Task> {
        let woken = self.state.order(orders);
        self.woken(woken)
    }

    /// Leaves a token (bits of `state::token`). The result is to be scheduled.
    #[must_use]
    pub(crate) fn wake(&self, tokens: u64) -> Option<Task> {
        match self.state.wake(tokens) {
            // SAFETY: the parked mark was cleared here, so this is the right to run.
            Woken::Schedule => Some(unsafe { Task::new(self.as_ptr()) }),
            Woken::NotParked | Woken::Ended => None,
        }
    }

    /// The mailbox is closed: those who wait for room wait no more.
    fn nobody_waits(&self) {
        if self.state.is_pressed() {
            Local::with(self.core(), |local| {
                self.close_line(local);
                self.let_all_go(local);
            });
        }
    }

    /// Orders a drain, and closes the mailbox for it. The result is to be scheduled.
    #[must_use]
    pub(crate) fn order_drain(&self, orders: u64) -> Option<Task> {
        let woken = self.state.order(orders);
        let closed = self.head.close_and_claim();
        self.nobody_waits();
        match closed {
            Closing::Schedule if crate::sync::mutant("no_drain_idle_stop") => None,
            // SAFETY: the idle mark was cleared here, so this is the right to run.
            Closing::Schedule => Some(unsafe { Task::new(self.as_ptr()) }),
            Closing::Quiet | Closing::Already => self.woken(woken),
        }
    }

    fn woken(&self, woken: Woken) -> Option<Task> {
        let mine = match woken {
            Woken::Schedule => true,
            Woken::NotParked if crate::sync::mutant("no_drain_idle_stop") => false,
            Woken::NotParked => self.head.claim_idle(),
            Woken::Ended => false,
        };
        // SAFETY: one of the two marks was cleared here, so this is the right to run.
        mine.then(|| unsafe { Task::new(self.as_ptr()) })
    }
}

// SAFETY: see the table: each field is atomic, or never written after birth, or guarded by a right or a lock.
unsafe impl Sync for Header {}
