//! What a thread keeps for each system that it sends to: magazines, counters, who runs.
//!
//! 1. A `Local` is used by its thread alone, but for its counters, which others may read.
//! 2. It holds a weak count of its system, so the system's address does not come back while a `Local` could be
//!    taken for that of another.
//! 3. A thread that ends folds its counters into its system's and gives its memory back; a `Local` whose system is
//!    gone is thrown away when the thread meets its next system.

use std::alloc::Layout;
use std::cell::{Cell, OnceCell, RefCell};
use std::marker::PhantomData;
use std::ptr::NonNull;
use std::sync::{Arc, Weak};

use super::ask::AskPtr;
use super::bar::Bar;
use super::blocking::{forbid_waiting, without_waiting};
use super::deferring::Deferring;
use super::header::Header;
use super::ids::SLOT_CACHE;
use super::latencies::{Latencies, MergedLatencies};
use super::look::Look;
use super::serving::{InHand, Serving};
use super::task::Task;
use super::waits::Polling;
use crate::memory::Magazines;
use crate::message::Node;
use crate::sync::atomic::{AtomicU64, Ordering};
use crate::sync::{Mutex, lock, per_thread};
use crate::system::Core;

/// A number that one thread adds to and all may read.
#[derive(Default)]
pub(crate) struct Tally(AtomicU64);

impl Tally {
    #[inline(always)]
    pub(crate) fn add(&self, n: u64) {
        self.0.store(self.0.load(Ordering::Relaxed).wrapping_add(n), Ordering::Relaxed);
    }

    #[inline(always)]
    pub(crate) fn take_back(&self, n: u64) {
        self.0.store(self.0.load(Ordering::Relaxed).wrapping_sub(n), Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        // Acquire: whoever sees a count sees those that were stored before it.
        self.0.load(Ordering::Acquire)
    }
}

macro_rules! counts {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// What one thread has counted for one system.
        #[derive(Default)]
        pub(crate) struct Counts { $($(#[$doc])* pub(crate) $name: Tally,)* }

        /// Sums of `Counts`.
        #[derive(Clone, Copy, Debug, Default)]
        pub(crate) struct Sums { $(pub(crate) $name: u64,)* }

        impl Sums {
            pub(crate) fn add(&mut self, counts: &Counts) {
                $(self.$name = self.$name.wrapping_add(counts.$name.get());)*
            }
        }
    };
}

counts! {
    accepted,
    rejected,
    /// Popped from a mailbox, whatever became of it.
    taken,
    /// Of those the ones that are queued again, for their handler has put them aside.
    kept,
    handled,
    /// Put off by an async handler that waits for something, and taken up again.
    suspended,
    resumed,
    failed,
    dead_lettered,
    /// Pushed out of a full mailbox.
    evicted,
    boxed,
    created,
    restarted,
    /// Ended, however.
    live_ended,
    /// Ended otherwise than by a failure.
    stopped,
    /// Actors that ended by a failure.
    failures,
    drop_panics,
    hook_panics,
    late_replies,
    parks,
    steals,
    queue_overflows,
}

/// A worker's end of the run queues.
pub(crate) struct WorkerSide {
    pub(crate) index: usize,
    pub(crate) queue: crate::sync::deque::Worker<Task>,
    /// Others were called to the backlog that stands in the queue.
    pub(crate) called: Cell<bool>,
}

impl WorkerSide {
    pub(crate) fn new(index: usize, queue: crate::sync::deque::Worker<Task>) -> Self {
        WorkerSide { index, queue, called: Cell::new(false) }
    }
}

/// See the module. Two threads' are never on one line.
#[repr(align(128))]
pub(crate) struct Local {
    core: Weak<Core>,
    pub(super) bar: Bar,
    pub(crate) magazines: Magazines,
    pub(crate) counts: Counts,
    pub(crate) latency: Latencies,
    /// The running actor's id, 0 outside.
    current: Cell<u64>,
    /// Messages that the running turn may still handle.
    pub(crate) budget: Cell<u32>,
    /// How many messages a receiver of the running turn is behind, if far: at least [`FAR_BEHIND`](crate::mailbox).
    behind: Cell<u32>,
    /// Sends until the next one gets a timestamp.
    sample: Cell<u32>,
    pub(crate) slots: RefCell<Vec<u32>>,
    pub(crate) asks: RefCell<Vec<AskPtr>>,
    pub(crate) deferring: Deferring,
    pub(super) polling: Polling,
    worker: OnceCell<WorkerSide>,
    look: OnceCell<Arc<Look>>,
    pub(super) serving: Serving,
}

/// A thread's `Local`, while the system is held.
pub(crate) struct Here<'c> {
    /// In the thread's list: `find` spares it while its system lives.
    local: *const Local,
    /// Made for this use alone, by a thread that is ending and has folded its `Local`s.
    passing: bool,
    core: PhantomData<&'c Core>,
}

impl std::ops::Deref for Here<'_> {
    type Target = Local;
    #[inline(always)]
    fn deref(&self) -> &Local {
        // SAFETY: see the field.
        unsafe { &*self.local }
    }
}

impl Drop for Here<'_> {
    #[inline(always)]
    fn drop(&mut self) {
        if self.passing {
            // SAFETY: out of `Box::into_raw`, and nobody else's.
            unsafe { Box::from_raw(self.local.cast_mut()) }.retire();
        }
    }
}

/// What stood there before the current turn.
#[must_use]
pub(crate) struct Entered {
    current: u64,
    budget: u32,
}

per_thread! {
    /// The `Local` used last.
    static LAST: Cell<*const Local> = const { Cell::new(std::ptr::null()) };
    static ALL: Locals = const { Locals(RefCell::new(Vec::new())) };
}

#[expect(clippy::vec_box, reason = "a `Local` stays where it is while others look at it")]
struct Locals(RefCell<Vec<Box<Local>>>);

/// What a model's thread kept, for whoever joins it.
#[cfg(all(test, loom))]
pub(crate) struct Kept(Locals);

#[cfg(all(test, loom))]
impl Kept {
    /// For a thread that has not begun: what it would take from its system at its first step is taken here.
    pub(crate) fn made(core: &Core) -> Self {
        let local = Local::new(&core.me());
        core.locals.add(&local);
        let node = local.take_node(core);
        // SAFETY: just taken.
        unsafe { local.give_node(core, node) };
        Kept(Locals(RefCell::new(vec![local])))
    }

    /// The calling thread keeps it.
    pub(crate) fn put(self) {
        let _ = ALL.try_with(|all| all.0.borrow_mut().append(&mut self.0.0.borrow_mut()));
    }

    /// The calling thread is done.
    pub(crate) fn take() -> Self {
        LAST.set(std::ptr::null());
        Kept(Locals(RefCell::new(ALL.try_with(|all| all.0.take()).unwrap_or_default())))
    }
}

impl Drop for Locals {
    fn drop(&mut self) {
        LAST.set(std::ptr::null());
        for local in self.0.take() {
            local.retire();
        }
    }
}

impl Local {
    fn new(core: &Arc<Core>) -> Box<Self> {
        Box::new(Local {
            core: Arc::downgrade(core),
            bar: Bar::open(Arc::as_ptr(core)),
            // SAFETY: used with this system's memory only, and not after that is gone (2).
            magazines: unsafe { Magazines::new(&core.memory) },
            counts: Counts::default(),
            latency: Latencies::default(),
            current: Cell::new(0),
            budget: Cell::new(0),
            behind: Cell::new(0),
            sample: Cell::new(core.config.latency_sample),
            slots: RefCell::new(Vec::new()),
            asks: RefCell::new(Vec::new()),
            deferring: Deferring::default(),
            polling: Polling::default(),
            worker: OnceCell::new(),
            look: OnceCell::new(),
            serving: Serving::new(),
        })
    }

    /// This thread's `Local` for `core`.
    #[inline(always)]
    pub(crate) fn here(core: &Core) -> Here<'_> {
        Self::at_hand(core).unwrap_or_else(|| Self::find(core))
    }

    /// The one used last, if that is for `core` and no bar is up.
    #[inline(always)]
    pub(super) fn at_hand(core: &Core) -> Option<Here<'_>> {
        let last = LAST.get();
        // SAFETY: null, or in this thread's list, which frees one only after it has reset `LAST`.
        let local = unsafe { last.as_ref() }.filter(|local| local.bar.passes(core))?;
        Some(Here { local, passing: false, core: PhantomData })
    }

    fn is_for(&self, core: &Core) -> bool {
        std::ptr::eq(self.core.as_ptr(), core)
    }

    /// As [`here`](Self::here), for the length of `f`.
    #[inline(always)]
    pub(crate) fn with<R>(core: &Core, f: impl FnOnce(&Local) -> R) -> R {
        f(&Self::here(core))
    }

    #[cold]
    #[inline(never)]
    fn find(core: &Core) -> Here<'_> {
        let found = ALL.try_with(|all| {
            let mut all = all.0.borrow_mut();
            if let Some(local) = all.iter().find(|local| local.is_for(core)) {
                return std::ptr::from_ref::<Local>(local);
            }
            let gone = |local: &Local| local.core.strong_count() == 0;
            LAST.set(std::ptr::null());
            all.retain(|local| !gone(local));
            let local = Local::new(&core.me());
            core.locals.add(&local);
            all.push(local);
            std::ptr::from_ref::<Local>(&all[all.len() - 1])
        });
        let Ok(found) = found else {
            // The thread is ending and has folded its `Local`s already: one for this call alone.
            let local = Local::new(&core.me());
            core.locals.add(&local);
            return Here { local: Box::into_raw(local), passing: true, core: PhantomData };
        };
        LAST.set(found);
        Here { local: found, passing: false, core: PhantomData }
    }

    /// Everything that this thread kept goes back to the system, if that still lives.
    #[cold]
    fn retire(self: Box<Self>) {
        if let Some(core) = self.core.upgrade() {
            self.magazines.flush(&core.memory);
            core.ids.give_back(self.slots.take().into_iter());
            core.asks.give_back(self.asks.take());
            core.locals.fold(&self);
        }
    }

    #[inline(always)]
    pub(super) fn enter(&self, header: &Header) -> Entered {
        let before = Entered { current: self.current.get(), budget: self.budget.get() };
        self.current.set(header.id.as_raw());
        self.budget.set(header.batch());
        self.behind.set(0);
        before
    }

    #[inline(always)]
    pub(super) fn leave(&self, before: Entered) {
        self.current.set(before.current);
        self.budget.set(before.budget);
    }

    /// This worker is about to mark `header` idle and will look at it once more. What it wrote here is visible to
    /// whoever clears the mark (Release and Acquire of the mailbox's head).
    #[inline(always)]
    pub(super) fn look(&self, header: &Header) {
        if let Some(look) = self.look.get() {
            look.set(header);
        }
    }

    #[inline(always)]
    pub(super) fn look_away(&self) {
        if let Some(look) = self.look.get() {
            look.clear();
        }
    }

    /// Runs `f` as `header`'s actor: what it sends has this sender.
    pub(crate) fn run_as<R>(&self, header: &Header, f: impl FnOnce() -> R) -> R {
        struct Leave<'a>(&'a Local, Option<Entered>);
        impl Drop for Leave<'_> {
            fn drop(&mut self) {
                if let Some(before) = self.1.take() {
                    self.0.leave(before);
                }
            }
        }
        let _leave = Leave(self, Some(self.enter(header)));
        without_waiting(f)
    }

    /// 64 bytes for a message.
    #[inline(always)]
    pub(super) fn take_node(&self, core: &Core) -> NonNull<Node> {
        self.magazines.take_node(&core.memory).cast()
    }

    /// # Safety
    /// A node of this system, out of a `take_node`, and no longer used.
    #[inline(always)]
    pub(super) unsafe fn give_node(&self, core: &Core, node: NonNull<Node>) {
        // SAFETY: passed on.
        unsafe { self.magazines.give_node(&core.memory, node.cast()) };
    }

    /// A block for `layout`.
    #[inline]
    pub(super) fn alloc(&self, core: &Core, layout: Layout) -> NonNull<u8> {
        self.magazines.alloc(&core.memory, layout)
    }

    /// # Safety
    /// A block of this system, out of an `alloc` of this layout, and no longer used.
    #[inline]
    pub(super) unsafe fn free(&self, core: &Core, block: NonNull<u8>, layout: Layout) {
        // SAFETY: passed on.
        unsafe { self.magazines.free(&core.memory, block, layout) };
    }

    /// Who sends, as a message says it.
    #[inline(always)]
    pub(crate) fn current(&self) -> u64 {
        self.current.get()
    }

    /// The running turn ends after the current message: its receiver has `queued` messages to handle.
    #[inline(always)]
    pub(crate) fn end_turn(&self, queued: u32) {
        self.budget.set(0);
        self.behind.set(queued);
    }

    /// How far behind a receiver of the running turn is; 0 if not far.
    #[inline(always)]
    pub(super) fn behind(&self) -> u32 {
        self.behind.get()
    }

    /// When a message sent now was sent: 0 but for one in `latency_sample`.
    #[inline(always)]
    pub(crate) fn timestamp(&self, core: &Core) -> i64 {
        let left = self.sample.get().wrapping_sub(1);
        self.sample.set(left);
        if left == 0 { self.take_sample(core) } else { 0 }
    }

    #[cold]
    fn take_sample(&self, core: &Core) -> i64 {
        self.sample.set(core.config.latency_sample);
        i64::try_from(core.clock.now().0).unwrap_or(i64::MAX).max(1)
    }

    /// A free slot of the id table.
    pub(crate) fn slot(&self, core: &Core) -> Option<u32> {
        let mut slots = self.slots.borrow_mut();
        if slots.is_empty() {
            core.ids.reserve(&mut slots);
        }
        slots.pop()
    }

    pub(super) fn give_slot(&self, core: &Core, slot: u32) {
        let mut slots = self.slots.borrow_mut();
        slots.push(slot);
        if slots.len() > 2 * SLOT_CACHE {
            core.ids.give_back(slots.drain(..SLOT_CACHE));
        }
    }

    /// This thread becomes a worker of the system.
    pub(crate) fn become_worker(&self, side: WorkerSide, look: Arc<Look>) {
        forbid_waiting();
        // A thread is a worker once; a second time would be a bug here, and changes nothing.
        let _ = self.worker.set(side);
        let _ = self.look.set(look);
    }

    /// This thread marks cells idle, and says so there.
    pub(super) fn take_look(&self, look: &Arc<Look>) {
        // Once, as above.
        let _ = self.look.set(Arc::clone(look));
    }

    /// Its run queue, if this thread is a worker of the system.
    #[inline(always)]
    pub(crate) fn worker(&self) -> Option<&WorkerSide> {
        self.worker.get()
    }
}

/// The `Local`s of a system, for whoever sums up.
#[derive(Default)]
pub(crate) struct Registry(Mutex<Registered>);

#[derive(Default)]
struct Registered {
    locals: Vec<Entry>,
    folded: Sums,
    folded_latency: MergedLatencies,
    memory: crate::memory::Counts,
}

struct Entry(*const Local);

// SAFETY: only what is atomic is read through the pointer, under the lock that its thread takes to leave the list.
unsafe impl Send for Entry {}

impl Registry {
    fn add(&self, local: &Local) {
        lock(&self.0).locals.push(Entry(local));
    }

    fn fold(&self, local: &Local) {
        let mut all = lock(&self.0);
        all.locals.retain(|entry| !std::ptr::eq(entry.0, local));
        all.folded.add(&local.counts);
        all.folded_latency.add(&local.latency);
        all.memory.add(&local.magazines);
    }

    /// Each thread's, with the list locked.
    pub(super) fn for_each(&self, mut f: impl FnMut(&Local)) {
        for entry in &lock(&self.0).locals {
            // SAFETY: as in `sum`.
            f(unsafe { &*entry.0 });
        }
    }

    /// What threads have in hand of an actor; those that have ended have nothing.
    pub(super) fn in_hand(&self, actor: NonNull<Header>) -> InHand {
        let mut hand = InHand::default();
        self.for_each(|local| hand.add(local, actor));
        hand
    }

    /// The sums over all threads, those that have ended included.
    pub(crate) fn sum(&self) -> (Sums, MergedLatencies, crate::memory::Counts) {
        let all = lock(&self.0);
        let mut sums = all.folded;
        let mut latency = MergedLatencies::default();
        latency.merge(&all.folded_latency);
        let mut memory = all.memory;
        for entry in &all.locals {
            // SAFETY: in the list, so its thread has not freed it; atomics only (see `Entry`).
            let local = unsafe { &*entry.0 };
            sums.add(&local.counts);
            latency.add(&local.latency);
            memory.add(&local.magazines);
        }
        (sums, latency, memory)
    }
}
