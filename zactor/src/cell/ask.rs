//! The reply slot: one ask, from the call to its end.
//!
//! A slot has two owners, the asker ([`Asked`]) and the answerer (answer.rs: the queued message, later the running
//! handler), and strangers that may end the ask by time. `queue::oneshot` decides who was first, and which of them frees.
//! Slots come from a pool and keep their type for the life of the system, so a stranger who holds an old generation may
//! still look.
//!
//! The value lies in the slot as 32 untyped bytes. Both ends know its type: the asker from the call, the answerer from
//! the tag of the message; who finds nobody to give it to drops it.

#![allow(
    clippy::multiple_unsafe_ops_per_block,
    reason = "one argument covers both where it says so"
)]

use std::marker::PhantomData;
use std::mem::{ManuallyDrop, MaybeUninit};
use std::ptr::NonNull;

use super::answer::NoAnswer;
use super::continuation::Continuation;
use super::guard::panics;
use super::local::Local;
use super::refs::CellRef;
use super::task::Task;
use super::typed::Ref;
use super::value;
use super::waiters::Waiter;
use crate::message::BYTES;
use crate::queue::oneshot::{Expired, Registered, Slot, State};
use crate::supervision::Failure;
use crate::sync::atomic::{AtomicU64, Ordering};
use crate::sync::{Mutex, lock};
use crate::system::Core;

/// How an ask ended.
pub(crate) enum Outcome<R> {
    Reply(R),
    Failed(Failure),
    /// The message was refused or evicted.
    Full,
    Closed,
    NoReply,
    /// Nobody answered in time.
    Expired,
}

/// How far the message of an ask has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// No handler has taken it up.
    Queued,
    /// A handler took it up, in nanoseconds since the start of the system, coarsely; nobody has answered yet.
    Running {
        since: u64,
    },
    Answered,
}

/// What lies in a slot.
pub(super) enum Stored {
    Value([MaybeUninit<u8>; BYTES]),
    None(NoAnswer),
}

/// What happens when the ask ends.
pub(super) enum Waiting {
    Waiter(Waiter),
    /// A marker goes to the asker's mailbox.
    Marker {
        asker: CellRef,
        continuation: NonNull<u8>,
        drop: unsafe fn(NonNull<u8>),
    },
}

// SAFETY: a continuation is `Send`.
unsafe impl Send for Waiting {}

impl Waiting {
    /// What may be done under a lock: no code of the user's runs. `Ok` is to be scheduled.
    fn post(self) -> Result<Option<Task>, Rest> {
        if let Waiting::Marker { asker, continuation, .. } = &self {
            // SAFETY: made by `then` for this actor's type; gone over once it is pushed, and if not still ours.
            if let Ok(task) = unsafe { asker.push_marker(*continuation, 0) } {
                return Ok(task);
            }
        }
        Err(Rest(self))
    }

    /// All of it: outside of any lock. The result is to be scheduled.
    #[must_use]
    pub(super) fn tell(self, local: &Local) -> Option<Task> {
        self.post().unwrap_or_else(|rest| {
            rest.run(local);
            None
        })
    }
}

/// What is left to do for somebody who waited, and is the user's code: a waker, or the destructor of a continuation
/// whose actor has ended.
#[must_use]
pub(crate) struct Rest(Waiting);

impl Rest {
    pub(crate) fn wake(waiter: Waiter) -> Self {
        Rest(Waiting::Waiter(waiter))
    }

    /// Outside of any lock. A panic is contained and counted.
    pub(crate) fn run(self, local: &Local) {
        let panicked = panics(|| match self.0 {
            Waiting::Waiter(waiter) => waiter.wake(),
            Waiting::Marker { asker, continuation, drop } => {
                // SAFETY: made by `then` with this destructor, and not pushed, so ours.
                unsafe { drop(continuation) };
                // Last: it keeps the system.
                std::mem::drop(asker);
            }
        });
        if panicked {
            local.counts.drop_panics.add(1);
        }
    }
}

/// See the module.
#[repr(align(64))]
pub(crate) struct AskSlot {
    pub(super) slot: Slot<Stored, Waiting>,
    /// The asker's id, 0 from outside.
    pub(super) asker: AtomicU64,
    /// Coarse time limit in nanoseconds since the start of the system; 0: not swept yet; `NEVER`: none.
    deadline: AtomicU64,
    /// When a handler took the message up (coarse, at least 1); 0: not yet.
    pub(super) started: AtomicU64,
    /// Who has to act before it can be answered; 0: whoever has the right to answer.
    pub(super) holder: AtomicU64,
}

const NEVER: u64 = u64::MAX;

/// A slot of some system, which lives as long as that.
#[derive(Clone, Copy)]
pub(crate) struct AskPtr(pub(super) NonNull<AskSlot>);

// SAFETY: a slot may be used from any thread: `Slot` is `Sync`, the rest is atomic.
unsafe impl Send for AskPtr {}
// SAFETY: as above.
unsafe impl Sync for AskPtr {}

impl std::ops::Deref for AskPtr {
    type Target = AskSlot;
    #[inline(always)]
    fn deref(&self) -> &AskSlot {
        // SAFETY: slots live as long as their system; whoever has an `AskPtr` holds that, by a cell or by `Core`.
        unsafe { self.0.as_ref() }
    }
}

const POOLED: usize = 64;
const SEGMENT: usize = 512;

/// All slots of a system.
#[derive(Default)]
pub(crate) struct AskPool(Mutex<Slots>);

#[derive(Default)]
struct Slots {
    free: Vec<AskPtr>,
    segments: Vec<Segment>,
}

#[derive(Clone, Copy)]
struct Segment(NonNull<[AskSlot]>);

// SAFETY: as for `AskPtr`.
unsafe impl Send for Segment {}

impl AskPool {
    fn refill(&self, cache: &mut Vec<AskPtr>) {
        let mut slots = lock(&self.0);
        if slots.free.len() < POOLED {
            let segment: Box<[AskSlot]> = (0..SEGMENT).map(|_| AskSlot::new()).collect();
            let segment = NonNull::from(Box::leak(segment));
            // SAFETY: just made; given back by `drop`.
            let all = unsafe { segment.as_ref() };
            slots.free.extend(all.iter().rev().map(|slot| AskPtr(NonNull::from(slot))));
            slots.segments.push(Segment(segment));
        }
        let from = slots.free.len() - POOLED;
        cache.extend(slots.free.drain(from..));
    }

    /// Takes back slots that a thread kept.
    pub(crate) fn give_back(&self, kept: impl IntoIterator<Item = AskPtr>) {
        lock(&self.0).free.extend(kept);
    }

    /// Ends what is past its coarse limit, and gives new asks theirs. Says whether any ask is open. Those to be told are
    /// added to `expired`.
    pub(crate) fn sweep(&self, now: u64, limit: u64, expired: &mut Vec<ExpiredAsk>) -> bool {
        let segments = lock(&self.0).segments.clone();
        let mut open = false;
        for segment in segments {
            // SAFETY: segments live as long as the pool.
            for slot in unsafe { segment.0.as_ref() } {
                let Some(generation) = slot.slot.gate().open() else { continue };
                let deadline = slot.deadline.load(Ordering::Relaxed);
                if deadline == NEVER {
                    continue;
                }
                open = true;
                if deadline == 0 {
                    slot.deadline.store(now.saturating_add(limit).max(1), Ordering::Relaxed);
                } else if deadline <= now {
                    expired.extend(AskPtr(NonNull::from(slot)).expire(generation));
                }
            }
        }
        open
    }
}

impl Drop for AskPool {
    fn drop(&mut self) {
        for segment in lock(&self.0).segments.drain(..) {
            // SAFETY: leaked by `refill`, once; nobody uses a slot of a system that is gone.
            drop(unsafe { Box::from_raw(segment.0.as_ptr()) });
        }
    }
}

impl AskSlot {
    fn new() -> Self {
        AskSlot {
            slot: Slot::new(),
            asker: AtomicU64::new(0),
            deadline: AtomicU64::new(0),
            started: AtomicU64::new(0),
            holder: AtomicU64::new(0),
        }
    }
}

impl AskPtr {
    /// As a message carries it.
    pub(super) fn to_word(self) -> u64 {
        self.0.as_ptr().expose_provenance() as u64
    }

    pub(super) fn free(self, local: &Local, core: &Core) {
        let mut cache = local.asks.borrow_mut();
        cache.push(self);
        if cache.len() > 2 * POOLED {
            core.asks.give_back(cache.drain(..POOLED));
        }
    }

    /// Ends the ask of this generation by time, if nothing has ended it before.
    pub(crate) fn expire(self, generation: u32) -> Option<ExpiredAsk> {
        // SAFETY: slots keep their type.
        match unsafe { self.slot.gate().expire(generation) } {
            Expired::No => None,
            Expired::Yes { waiter, free } => {
                Some(ExpiredAsk { waiting: waiter, free: free.then_some(self) })
            }
        }
    }
}

/// An ask that ended by time: whom it is to tell.
#[must_use]
pub(crate) struct ExpiredAsk {
    waiting: Option<Waiting>,
    free: Option<AskPtr>,
}

impl ExpiredAsk {
    /// What may be done under a lock. `Ok` is to be scheduled.
    pub(crate) fn post(self, core: &Core) -> Result<Option<Task>, Rest> {
        if let Some(slot) = self.free {
            core.asks.give_back([slot]);
        }
        self.waiting.map_or(Ok(None), Waiting::post)
    }
}

/// The asker's end.
pub(crate) struct Asked<R> {
    pub(super) slot: AskPtr,
    /// Keeps the system, and so the slot.
    target: CellRef,
    tag: u32,
    pub(super) generation: u32,
    reply: PhantomData<fn() -> R>,
}

impl<R: Send + 'static> Asked<R> {
    /// A slot for an ask of `target`, and the word that its message carries.
    pub(crate) fn new(target: CellRef, tag: u32, local: &Local) -> (Self, u64) {
        let slot = {
            let mut cache = local.asks.borrow_mut();
            if cache.is_empty() {
                target.core().asks.refill(&mut cache);
            }
            cache.pop().expect("a refill brings some")
        };
        slot.asker.store(local.current(), Ordering::Relaxed);
        slot.deadline.store(0, Ordering::Relaxed);
        slot.started.store(0, Ordering::Relaxed);
        slot.holder.store(target.id.as_raw(), Ordering::Relaxed);
        // SAFETY: out of the pool, so ours alone.
        let generation = unsafe { slot.slot.gate().arm(None) };
        (Asked { slot, target, tag, generation, reply: PhantomData }, slot.to_word())
    }

    /// The message was refused: there is no answerer but us.
    pub(crate) fn refused(self) {
        // SAFETY: the message that carried the answerer's end was not published.
        let _ = unsafe { self.slot.slot.answer(Stored::None(NoAnswer::Closed)) };
    }

    /// The tag of the message.
    pub(crate) fn tag(&self) -> u32 {
        self.tag
    }

    /// How far the message has come.
    pub(crate) fn progress(&self) -> Progress {
        match self.slot.started.load(Ordering::Relaxed) {
            0 => Progress::Queued,
            _ if self.slot.slot.gate().is_answered() => Progress::Answered,
            at => Progress::Running { since: at },
        }
    }

    /// For a stranger who ends it by time.
    pub(crate) fn ticket(&self) -> (AskPtr, u32) {
        (self.slot, self.generation)
    }

    /// The limit is exact, and somebody else watches it: the coarse one does not hold.
    pub(crate) fn without_coarse_limit(&self) {
        self.slot.deadline.store(NEVER, Ordering::Relaxed);
    }

    /// Whether the ask is over.
    pub(crate) fn is_over(&self) -> bool {
        self.slot.slot.gate().state() != State::Pending
    }

    /// The outcome of an ask that is over, and who was asked.
    pub(crate) fn finish(self) -> (Outcome<R>, CellRef) {
        let this = ManuallyDrop::new(self);
        let expired = this.slot.slot.gate().state() == State::Expired;
        // SAFETY: not dropped otherwise.
        let target = unsafe { std::ptr::read(&raw const this.target) };
        let outcome = match leave(this.slot, &target) {
            Some(Stored::Value(bytes)) => Outcome::Reply(unpack(&bytes, target.core())),
            Some(Stored::None(NoAnswer::Failed(failure))) => Outcome::Failed(failure),
            Some(Stored::None(NoAnswer::Full)) => Outcome::Full,
            Some(Stored::None(NoAnswer::Closed)) => Outcome::Closed,
            Some(Stored::None(NoAnswer::NoReply)) => Outcome::NoReply,
            None if expired => Outcome::Expired,
            None => Outcome::NoReply,
        };
        (outcome, target)
    }

    /// Leaves word whom to wake. False: it is over already.
    pub(crate) fn set_waiter(&self, waiter: Waiter) -> bool {
        // SAFETY: the asker is we, and has not left.
        match unsafe { self.slot.slot.gate().set_waiter(Waiting::Waiter(waiter)) } {
            Registered::Waiting { .. } => true,
            Registered::Over { .. } => false,
        }
    }
}

impl<R> Asked<R> {
    /// Who was asked.
    pub(crate) fn target(&self) -> &CellRef {
        &self.target
    }
}

/// The asker's last step.
fn leave(slot: AskPtr, target: &CellRef) -> Option<Stored> {
    let core = target.core();
    // SAFETY: the asker's end is consumed by the caller.
    let left = unsafe { slot.slot.leave() };
    if left.free {
        Local::with(core, |local| slot.free(local, core));
    }
    drop(left.waiter);
    left.value
}

/// `bytes` must be those that `Answer::send` has stored for an ask of this reply type, once.
pub(super) fn unpack<R>(bytes: &[MaybeUninit<u8>; BYTES], core: &Core) -> R {
    // SAFETY: the asker's `R` is the reply of the message whose tag `Answer::send` has checked.
    unsafe {
        value::unpack(bytes, |block, layout| {
            Local::with(core, |local| local.free(core, block, layout));
        })
    }
}

impl<R> Drop for Asked<R> {
    fn drop(&mut self) {
        // A reply that is there is dropped by us: nobody else knows its type.
        if let Some(Stored::Value(bytes)) = leave(self.slot, &self.target) {
            drop(unpack::<R>(&bytes, self.target.core()));
        }
    }
}

/// When the ask in `holder` is over, `asker` runs `f` with it. The result is to be scheduled.
#[must_use]
pub(crate) fn then<V: 'static, C: 'static, R: Send + 'static, H: Send + 'static>(
    asker: &Ref<V>,
    local: &Local,
    holder: H,
    asked: impl FnOnce(&H) -> Option<&Asked<R>>,
    f: impl FnOnce(&mut V, H, &mut C) + Send + 'static,
) -> Option<Task> {
    let slot = asked(&holder).map(|asked| asked.slot);
    let core = asker.core();
    let continuation =
        Continuation::<V, C>::new(core, local, asker.incarnation(), move |value, context| {
            f(value, holder, context);
        });
    let waiting = Waiting::Marker {
        asker: asker.cell().clone(),
        continuation: continuation.into_raw(),
        drop: Continuation::<V, C>::drop_raw,
    };
    let Some(slot) = slot else { return waiting.tell(local) };
    // SAFETY: the asker's end lives in the continuation, which runs in a later turn of this actor, or is dropped with the
    // marker: both after it was told.
    match unsafe { slot.slot.gate().set_waiter(waiting) } {
        Registered::Waiting { .. } => None,
        Registered::Over { waiter } => waiter.tell(local),
    }
}
