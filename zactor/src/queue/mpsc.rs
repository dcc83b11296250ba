//! Many producers, one consumer: a bounded channel, and the intrusive queue that it stands on.
//!
//! ```text
//! Tail ─▶ [stub] ─next─▶ [a] ─next─▶ null    [b] ◀─ Head     b is in, a's link to it not yet stored
//!
//! Head    63      62 .. 42   41     40 .. 0                  one word; where addresses have 48 bits
//!         CLOSED  count      IDLE   newest node >> 6         the count has 20 and the pointer 42
//! ```
//! Nodes are the caller's: blocks aligned to 64 bytes that begin with a `Link`. The queue touches
//! a node's `next` and nothing else. The stub is the link of whoever owns the queue.
//!
//! 1. `Tail` is the node taken last, or the stub; its payload is gone. Only the consumer touches it.
//!    Else a payload is read twice.
//! 2. Links lead from `Tail` to `Head`, but for the gap of a producer between its CAS and its link.
//!    Else messages are lost.
//! 3. Only who published a node's successor stores its link, once. So a node that `Tail` has left has
//!    no writer, and may be freed.
//! 4. `IDLE` is set only while `Head` and `Tail` are at the stub, the stub's link is null and the
//!    owner is not scheduled. Else an actor sleeps on a full mailbox, or runs twice.
//! 5. The count is what counted pushes added and the consumer has not given back. It stays below
//!    `UNBOUNDED`, or a push goes the long way round the mask. Else it runs over into `CLOSED`.
//! 6. Once `CLOSED` is set no counted push succeeds; `CLOSED` and `IDLE` together are the end, and
//!    nothing does. `CLOSED` is never cleared. Else a message lands where nobody drains.
//!
//! | step                        | order   | pairs with: what becomes visible                           |
//! |-----------------------------|---------|------------------------------------------------------------|
//! | `push`'s CAS                | AcqRel  | the push before: its node; `mark_idle`: all the owner did  |
//! | `push` stores a link        | Release | `pop`'s load (Acquire): the payload                        |
//! | `mark_idle`'s CAS           | SeqCst  | the push or claim that finds `IDLE`; a look elsewhere next |
//! | `give_back`                 | SeqCst  | a waiter's `room`: it registers, then looks here           |
//! | a refused push's load       | Acquire | `close`: all that the closer did before                    |
//! | `claim_idle`, `close`       | SeqCst  | `mark_idle`; in a second look the caller's own store       |

use std::ptr::{self, NonNull};

pub(crate) use super::link::Link;
use crate::sync::atomic::{
    AtomicU64,
    Ordering::{AcqRel, Acquire, Relaxed, Release, SeqCst},
};
use crate::sync::cell::UnsafeCell;
use crate::sync::{LookAgain, hint};

pub use super::channel::{Receiver, Sender, channel};

/// Nodes are aligned to 64, so these bits of their addresses are zero.
const ALIGN_BITS: u32 = 6;
/// Bits of an address that a process can own, without those that alignment spares.
const POINTER_BITS: u32 = if cfg!(target_arch = "x86_64") { 41 } else { 42 };
const POINTER: u64 = (1 << POINTER_BITS) - 1;
const IDLE: u64 = 1 << POINTER_BITS;
const COUNT_SHIFT: u32 = POINTER_BITS + 1;
const COUNT_BITS: u32 = 63 - COUNT_SHIFT;
const COUNT: u64 = ((1 << COUNT_BITS) - 1) << COUNT_SHIFT;
const CLOSED: u64 = 1 << 63;

/// The largest capacity that can be asked for.
pub(crate) const MAX_CAPACITY: u32 = if COUNT_BITS == 21 { 2_000_000 } else { 1_000_000 };

/// The limit of a queue without one: the highest count there is, beyond which it starts again at 0.
pub(crate) const UNBOUNDED: u32 = (1 << COUNT_BITS) - 1;

const _: () = assert!(MAX_CAPACITY < UNBOUNDED && (IDLE | COUNT | CLOSED | POINTER) == u64::MAX);
const _: () = assert!(size_of::<Head>() == 8);

/// What a push has done.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pushed {
    /// It is in; the owner runs, or somebody has scheduled it already.
    Quiet {
        /// How many counted messages are in.
        queued: u32,
    },
    /// It is in, and the owner was idle: the caller schedules it, nobody else will.
    Schedule,
    /// It is in, and the count of this unbounded queue has started again at 0.
    Wrapped,
}

/// Why a push has done nothing.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// The limit is reached; later there may be room.
    Full,
    /// No later push succeeds.
    Closed,
}

/// What closing has found.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Closing {
    /// It is closed now; the owner runs, or somebody has scheduled it already.
    Quiet,
    /// It is closed now, and the owner was idle: the caller schedules it.
    Schedule,
    /// Somebody else had closed it.
    Already,
}

/// What giving room back has done to the count.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GaveBack {
    /// It went down.
    Plain,
    /// It went below 0 and starts again at the top: takes back one [`Pushed::Wrapped`].
    Borrowed,
}

/// What the consumer's end of the queue holds.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Popped {
    /// A message. Its node stays the queue's until the next `pop` or `mark_idle` hands it out.
    Message {
        /// Holds the payload, which the caller takes out now.
        node: NonNull<Link>,
        /// The message taken before, if its node was not freed yet: it is the caller's now.
        freed: Option<NonNull<Link>>,
    },
    /// Nothing.
    Empty,
    /// A producer stands between publishing and linking. It may be off its core: do not wait.
    Busy,
}

/// The owner's queue is not empty, or not as open as it should be: it stays scheduled.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotEmpty;

/// The producers' end, and all that is decided in common: one word.
#[derive(Debug)]
#[repr(transparent)]
pub(crate) struct Head(AtomicU64);

impl Head {
    /// An empty queue whose owner sleeps.
    #[cfg(test)]
    pub(crate) fn new_idle(stub: NonNull<Link>) -> Self {
        Self(AtomicU64::new(pack(stub) | IDLE))
    }

    /// An empty queue whose owner is scheduled or runs.
    pub(crate) fn new_busy(stub: NonNull<Link>) -> Self {
        Self(AtomicU64::new(pack(stub)))
    }

    /// A busy queue whose count stands at `count`, as if so many had come and gone.
    #[cfg(test)]
    pub(crate) fn counting_from(stub: NonNull<Link>, count: u32) -> Self {
        Self(AtomicU64::new(pack(stub) | (u64::from(count) << COUNT_SHIFT)))
    }

    /// Publishes a chain of `n` counted messages, all or none.
    ///
    /// # Safety
    /// `first ..= last` are `n >= 1` nodes, aligned to 64, linked by [`Link::append`], and `last`'s
    /// link is null. They are the caller's, and on success the queue's. The stub is alive.
    #[inline(always)]
    pub(crate) unsafe fn push(
        &self,
        first: NonNull<Link>,
        last: NonNull<Link>,
        n: u32,
        limit: u32,
    ) -> Result<Pushed, Refused> {
        debug_assert!(n >= 1 && limit <= UNBOUNDED, "{n} messages, limit {limit}");
        let word = self.0.load(Relaxed);
        let top = (word >> COUNT_SHIFT) + u64::from(n); // CLOSED is more than any limit
        if top <= u64::from(limit) && self.publish(word, (top << COUNT_SHIFT) | pack(last)).is_ok()
        {
            // SAFETY: the CAS made `first` the successor of the node in `word`, which waits for this link: the
            // consumer's tail cannot have left it.
            unsafe { link(word, first) };
            return Ok(pushed(word, top));
        }
        // SAFETY: passed on.
        unsafe { self.push_again(first, last, n, limit) }
    }

    /// Others push as well, or there is no room.
    ///
    /// # Safety
    /// As for [`Head::push`].
    #[cold]
    #[inline(never)]
    unsafe fn push_again(
        &self,
        first: NonNull<Link>,
        last: NonNull<Link>,
        n: u32,
        limit: u32,
    ) -> Result<Pushed, Refused> {
        let mut wait = Backoff::new();
        let mut word = self.0.load(Relaxed);
        loop {
            if crate::sync::mutant("push_ignores_closed") {
                word &= !CLOSED;
            }
            let top = (word >> COUNT_SHIFT) + u64::from(n);
            if top > u64::from(limit) {
                // SAFETY: passed on.
                return unsafe { self.push_beyond(first, last, n, limit, word) };
            }
            match self.publish(word, (top << COUNT_SHIFT) | pack(last)) {
                Ok(()) => {
                    // SAFETY: as in `push`.
                    unsafe { link(word, first) };
                    return Ok(pushed(word, top));
                }
                Err(()) => word = wait.reload(&self.0),
            }
        }
    }

    /// Full, closed, or an unbounded queue whose count comes round.
    ///
    /// # Safety
    /// As for [`Head::push`].
    #[cold]
    unsafe fn push_beyond(
        &self,
        first: NonNull<Link>,
        last: NonNull<Link>,
        n: u32,
        limit: u32,
        mut word: u64,
    ) -> Result<Pushed, Refused> {
        let mut wait = Backoff::new();
        loop {
            if word & CLOSED != 0 {
                return Err(self.refuse());
            }
            if limit != UNBOUNDED {
                return Err(Refused::Full);
            }
            let top = (word >> COUNT_SHIFT) + u64::from(n);
            match self.publish(word, ((top << COUNT_SHIFT) & COUNT) | pack(last)) {
                Ok(()) => {
                    // SAFETY: as in `push`.
                    unsafe { link(word, first) };
                    let wrapped = top > u64::from(UNBOUNDED);
                    debug_assert!(!wrapped || word & IDLE == 0, "an idle queue counts 0");
                    return Ok(if wrapped { Pushed::Wrapped } else { pushed(word, top) });
                }
                Err(()) => word = wait.reload(&self.0),
            }
        }
    }

    /// Publishes one message that the count leaves out and no limit refuses. On a closed queue it
    /// gets in if `even_if_closed`, until the end.
    ///
    /// # Safety
    /// As for [`Head::push`], with a chain of one.
    pub(crate) unsafe fn push_uncounted(
        &self,
        node: NonNull<Link>,
        even_if_closed: bool,
    ) -> Result<Pushed, Refused> {
        let mut wait = Backoff::new();
        let mut word = self.0.load(Relaxed);
        loop {
            if word & CLOSED != 0 && (!even_if_closed || word & IDLE != 0) {
                return Err(self.refuse());
            }
            match self.publish(word, (word & (CLOSED | COUNT)) | pack(node)) {
                Ok(()) => {
                    // SAFETY: as in `push`.
                    unsafe { link(word, node) };
                    return Ok(pushed(word, count(word).into()));
                }
                Err(()) => word = wait.reload(&self.0),
            }
        }
    }

    /// A push has found `CLOSED`, by a Relaxed load: what its closer did before becomes visible.
    fn refuse(&self) -> Refused {
        if !crate::sync::mutant("refused_relaxed") {
            self.0.load(Acquire);
        }
        Refused::Closed
    }

    /// How many messages fit now, at least one. Called after a waiter has registered it is the
    /// second look: either it sees the room, or who gives the room back sees the waiter.
    pub(crate) fn room(&self, limit: u32) -> Result<u32, Refused> {
        let word = self.0.look_again();
        if word & CLOSED != 0 {
            return Err(Refused::Closed);
        }
        if limit == UNBOUNDED {
            return Ok(UNBOUNDED);
        }
        match limit.saturating_sub(count(word)) {
            0 => Err(Refused::Full),
            room => Ok(room),
        }
    }

    /// The consumer has taken `n` counted messages out.
    #[inline]
    pub(crate) fn give_back(&self, n: u32, limit: u32) -> GaveBack {
        if limit == UNBOUNDED {
            return self.give_back_round(n);
        }
        let before = self.0.fetch_sub(u64::from(n) << COUNT_SHIFT, SeqCst);
        debug_assert!(count(before) >= n, "{n} given back of {}", count(before));
        GaveBack::Plain
    }

    /// Under the mask: a subtraction would borrow from `CLOSED`.
    fn give_back_round(&self, n: u32) -> GaveBack {
        let mut wait = Backoff::new();
        let mut word = self.0.load(Relaxed);
        loop {
            let less = word.wrapping_sub(u64::from(n) << COUNT_SHIFT) & COUNT;
            match self.0.compare_exchange_weak(word, (word & !COUNT) | less, SeqCst, Relaxed) {
                Ok(_) if count(word) < n => return GaveBack::Borrowed,
                Ok(_) => return GaveBack::Plain,
                Err(_) => word = wait.reload(&self.0),
            }
        }
    }

    /// Clears `IDLE` for somebody who has work for the owner elsewhere. True: it was set, and the
    /// caller schedules. False: the owner is scheduled and will look, or it has ended.
    #[must_use]
    pub(crate) fn claim_idle(&self) -> bool {
        let mut word = self.0.look_again();
        while word & (IDLE | CLOSED) == IDLE {
            if crate::sync::mutant("schedule_load_store") {
                self.0.store(word & !IDLE, SeqCst);
                return true;
            }
            match self.0.compare_exchange_weak(word, word & !IDLE, SeqCst, Relaxed) {
                Ok(_) => return true,
                Err(now) => word = now,
            }
        }
        false
    }

    /// Closes the queue of an owner that runs: by the consumer. What is in stays in.
    pub(crate) fn close(&self) -> Closing {
        let before = self.0.fetch_or(CLOSED, SeqCst);
        if before & CLOSED != 0 {
            return Closing::Already;
        }
        debug_assert!(before & IDLE == 0, "an idle owner closes nothing: that would be the end");
        Closing::Quiet
    }

    /// Closes the queue of an owner that may be idle, and then wakes it: by anyone.
    pub(crate) fn close_and_claim(&self) -> Closing {
        let mut word = self.0.look_again();
        while word & CLOSED == 0 {
            let closed = (word | CLOSED) & !IDLE;
            match self.0.compare_exchange_weak(word, closed, SeqCst, Relaxed) {
                Ok(_) if word & IDLE == 0 => return Closing::Quiet,
                Ok(_) => return Closing::Schedule,
                Err(now) => word = now,
            }
        }
        Closing::Already
    }

    /// Counted messages that were not given back; of an unbounded queue the low bits.
    #[inline]
    pub(crate) fn len(&self) -> u32 {
        count(self.0.load(Relaxed))
    }

    /// As [`len`](Self::len), as a second look.
    pub(crate) fn len_again(&self) -> u32 {
        count(self.0.look_again())
    }

    #[inline]
    pub(crate) fn is_closed(&self) -> bool {
        self.0.load(Acquire) & CLOSED != 0
    }

    #[inline]
    pub(crate) fn is_idle(&self) -> bool {
        self.0.load(Acquire) & IDLE != 0
    }

    /// Closed and drained: nothing gets in any more, markers neither. For somebody who has registered to be told of it:
    /// either he sees it, or who has marked it sees him.
    #[inline]
    pub(crate) fn is_ended(&self) -> bool {
        self.0.look_again() & (CLOSED | IDLE) == CLOSED | IDLE
    }

    #[inline(always)]
    fn publish(&self, before: u64, after: u64) -> Result<(), ()> {
        self.0.compare_exchange_weak(before, after, AcqRel, Relaxed).map(drop).map_err(drop)
    }
}

/// The consumer's end. It is a cell, so that no `&mut` to it is alive when `mark_idle` lets the next
/// consumer in.
#[derive(Debug)]
#[repr(transparent)]
pub(crate) struct Tail(UnsafeCell<NonNull<Link>>);

impl Tail {
    pub(crate) fn new(stub: NonNull<Link>) -> Self {
        Self(UnsafeCell::new(stub))
    }

    /// Takes the next message.
    ///
    /// # Safety
    /// The caller is the one consumer of the queue of `head`, `self` and `stub`.
    #[inline]
    pub(crate) unsafe fn pop(&self, head: &Head, stub: NonNull<Link>) -> Popped {
        // SAFETY: passed on.
        let last = unsafe { self.get() };
        // SAFETY: the tail's node is alive: it is freed only once the tail has left it.
        let next = unsafe { Link::load(last, Acquire) };
        let Some(node) = NonNull::new(next) else {
            let newest = unpack(head.0.load(Relaxed));
            return if newest == last.as_ptr() { Popped::Empty } else { Popped::Busy };
        };
        // SAFETY: passed on.
        unsafe { self.set(node) };
        Popped::Message { node, freed: (last != stub).then_some(last) }
    }

    /// Marks the owner idle if the queue is empty and open, and gives back the `taken` messages that
    /// were not given back yet. Gives the node of the last message.
    ///
    /// # Errors
    /// Something is in, or about to be linked, or the queue is closed: the caller stays the consumer,
    /// nothing has changed.
    ///
    /// # Safety
    /// As for [`Tail::pop`]; after success the caller is no longer the consumer, and whoever finds
    /// `IDLE` may be, or may have freed it all, before this returns.
    #[inline]
    pub(crate) unsafe fn mark_idle(
        &self,
        head: &Head,
        stub: NonNull<Link>,
        taken: u32,
    ) -> Result<Option<NonNull<Link>>, NotEmpty> {
        // SAFETY: passed on.
        unsafe { self.mark(head, stub, taken, 0) }
    }

    /// As [`Tail::mark_idle`], of a closed queue: the end.
    ///
    /// # Errors
    /// Something is in, or about to be linked.
    ///
    /// # Safety
    /// As for [`Tail::pop`].
    pub(crate) unsafe fn mark_ended(
        &self,
        head: &Head,
        stub: NonNull<Link>,
        taken: u32,
    ) -> Result<Option<NonNull<Link>>, NotEmpty> {
        // SAFETY: passed on.
        unsafe { self.mark(head, stub, taken, CLOSED) }
    }

    /// # Safety
    /// As for [`Tail::mark_idle`]. `closed` is how the queue must be: `CLOSED` or 0.
    #[inline(always)]
    unsafe fn mark(
        &self,
        head: &Head,
        stub: NonNull<Link>,
        taken: u32,
        closed: u64,
    ) -> Result<Option<NonNull<Link>>, NotEmpty> {
        // SAFETY: passed on.
        let last = unsafe { self.get() };
        let mut word = head.0.load(Relaxed);
        if unpack(word) != last.as_ptr() || word & CLOSED != closed {
            return Err(NotEmpty);
        }
        if last != stub {
            // At the stub its link is null already, or a producer is about to store it. Past it the
            // stub's link led here, so that its only writer is done (3).
            if !crate::sync::mutant("stub_not_reset") {
                // SAFETY: the stub lives as long as the queue (caller).
                unsafe { Link::store(stub, ptr::null_mut(), Relaxed) };
            }
            // SAFETY: passed on. Before the CAS: after it the tail is the next consumer's.
            unsafe { self.set(stub) };
        }
        loop {
            debug_assert!(word & IDLE == 0 && count(word) == taken, "{word:x}, {taken} taken");
            let idle = pack(stub) | IDLE | closed;
            match head.0.compare_exchange(word, idle, SeqCst, Relaxed) {
                Ok(_) => return Ok((last != stub).then_some(last)),
                Err(now) if unpack(now) == last.as_ptr() && now & CLOSED == closed => word = now,
                Err(_) => {
                    // SAFETY: passed on; the CAS failed, the tail is still the caller's.
                    unsafe { self.set(last) };
                    return Err(NotEmpty);
                }
            }
        }
    }

    /// # Safety
    /// The caller is the consumer.
    #[inline(always)]
    unsafe fn get(&self) -> NonNull<Link> {
        // SAFETY: only the consumer touches the tail, and that is the caller.
        self.0.with(|tail| unsafe { *tail })
    }

    /// # Safety
    /// The caller is the consumer.
    #[inline(always)]
    pub(crate) unsafe fn set(&self, to: NonNull<Link>) {
        // SAFETY: only the consumer touches the tail, and that is the caller.
        self.0.with_mut(|tail| unsafe { *tail = to });
    }
}

/// Lets others through after a CAS has failed.
struct Backoff(u32);

impl Backoff {
    const MOST_SPINS: u32 = 64;

    fn new() -> Self {
        Self(1)
    }

    #[cold]
    fn reload(&mut self, word: &AtomicU64) -> u64 {
        for _ in 0..if cfg!(all(test, loom)) { 1 } else { self.0 } {
            hint::spin_loop();
        }
        self.0 = (self.0 * 2).min(Self::MOST_SPINS);
        word.load(Relaxed)
    }
}

/// What a CAS that replaced `before` by a word with the count `queued` has done.
#[inline(always)]
fn pushed(before: u64, queued: u64) -> Pushed {
    if before & IDLE == 0 {
        #[expect(clippy::cast_possible_truncation, reason = "the count has 21 bits")]
        return Pushed::Quiet { queued: queued as u32 };
    }
    Pushed::Schedule
}

/// # Safety
/// The caller's CAS has replaced `before` by a word with a chain that begins with `first`.
#[inline(always)]
unsafe fn link(before: u64, first: NonNull<Link>) {
    // SAFETY: no word is ever without a node: `pack` takes none that is null.
    let predecessor = unsafe { NonNull::new_unchecked(unpack(before)) };
    let order = if crate::sync::mutant("link_relaxed") { Relaxed } else { Release };
    // SAFETY: alive until the tail leaves it, which takes the link stored here (3).
    unsafe { Link::store(predecessor, first.as_ptr(), order) };
}

#[inline(always)]
fn pack(node: NonNull<Link>) -> u64 {
    let address = node.as_ptr().expose_provenance() as u64;
    debug_assert!(address & !(POINTER << ALIGN_BITS) == 0, "{address:x} is no node's address");
    address >> ALIGN_BITS
}

#[inline(always)]
#[allow(clippy::cast_possible_truncation, reason = "it was an address when it was packed")]
fn unpack(word: u64) -> *mut Link {
    ptr::with_exposed_provenance_mut(((word & POINTER) << ALIGN_BITS) as usize)
}

#[inline(always)]
#[allow(clippy::cast_possible_truncation, reason = "at most 21 bits are left")]
fn count(word: u64) -> u32 {
    ((word & COUNT) >> COUNT_SHIFT) as u32
}
