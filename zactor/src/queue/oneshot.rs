//! One value, once, between two threads; a third may call it off. Under every ask.
//!
//! ```text
//! 63 .. 32      3       2        1     0
//! generation    WAITER  EXPIRED  GONE  DONE       DONE     the answerer has finished
//!                                                 GONE     the asker has finished
//! asker ────┐                                     EXPIRED  the time limit came first
//! answerer ─┼─▶ Gate [word · waiter] · value      WAITER   a waiter stands in its cell
//! expirer ──┘   Slot
//! ```
//! The memory is the caller's and is used again and again: it stays a slot, of any type with the same
//! waiter, as long as an expirer may hold one of its generations.
//!
//! 1. The asker owns the waiter's cell while `WAITER` is clear and neither `DONE` nor `EXPIRED` is
//!    set. Whoever sets the first of these two while `WAITER` stands owns it from then on, takes the
//!    waiter and clears the bit. Else a waiter is lost, or woken after it is freed.
//! 2. The answerer owns the value's cell until it sets `DONE`; then the asker does. `DONE` under
//!    `EXPIRED` or `GONE` carries no value: the answerer has kept it. Else it is dropped twice or never.
//! 3. The slot is free once `DONE` and `GONE` are set and `WAITER` is clear. Whose read-modify-write
//!    makes that true frees it; all others have done their last access before theirs. Else it is
//!    freed twice, or under somebody's hands.
//! 4. The expirer changes a word only with its generation and with none of the three flags: such a
//!    slot is armed, and its asker and answerer are still there. Else it calls off another's ask.
//!
//! | step                            | order   | pairs with: what becomes visible                     |
//! |---------------------------------|---------|------------------------------------------------------|
//! | `answer` sets `DONE`            | AcqRel  | `state` (Acquire), `leave`: the value                |
//! | `set_waiter` sets `WAITER`      | AcqRel  | `answer`, `expire`: the waiter                       |
//! | `DONE`, `GONE`, clearing WAITER | AcqRel  | the last of the three: all accesses before it ends   |
//! | `arm` stores the generation     | Release | `expire`'s load: an older one finds its own gone     |

use std::mem::MaybeUninit;

use crate::sync::atomic::{
    AtomicU64,
    Ordering::{AcqRel, Acquire, Relaxed, Release},
};
use crate::sync::cell::UnsafeCell;

const DONE: u64 = 1;
const GONE: u64 = 1 << 1;
const EXPIRED: u64 = 1 << 2;
const WAITER: u64 = 1 << 3;
const GENERATION_SHIFT: u32 = 32;

/// Where an ask stands.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Pending,
    /// The value is there: [`Slot::leave`] gives it.
    Done,
    /// The time limit came before the answer; no value will come.
    Expired,
}

/// What [`Slot::answer`] has done.
#[must_use]
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Answered<R, W> {
    /// The asker gets the value; the caller wakes its waiter.
    Delivered { waiter: Option<W>, free: bool },
    /// Nobody wants it any more. The caller drops it.
    Late { value: R, free: bool },
}

/// What [`Gate::expire`] has done.
#[must_use]
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Expired<W> {
    /// This ask is over.
    No,
    /// No answer will be delivered; the caller wakes the waiter.
    Yes { waiter: Option<W>, free: bool },
}

/// What [`Gate::set_waiter`] has done.
#[must_use]
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Registered<W> {
    /// It will be woken, in place of the one registered before.
    Waiting { before: Option<W> },
    /// There is nothing to wait for any more: here it is again.
    Over { waiter: W },
}

/// What an asker takes with it.
#[must_use]
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Left<R, W> {
    /// The answer, if it came in time.
    pub(crate) value: Option<R>,
    /// Its own, if nobody has taken it to wake it.
    pub(crate) waiter: Option<W>,
    /// The caller frees the slot. Else somebody still has to do with it, and will.
    pub(crate) free: bool,
}

/// The part of a slot that does not depend on the value: all that an expirer knows.
///
/// Memory that is all zero is a gate that was never armed.
#[repr(C)]
pub(crate) struct Gate<W> {
    word: AtomicU64,
    waiter: UnsafeCell<MaybeUninit<W>>,
}

/// A gate, and the place of the value.
#[repr(C)]
pub(crate) struct Slot<R, W> {
    gate: Gate<W>,
    value: UnsafeCell<MaybeUninit<R>>,
}

// SAFETY: a waiter goes from the asker to who wakes it, by (1) to one of them.
unsafe impl<W: Send> Sync for Gate<W> {}
// SAFETY: besides, a value goes from the answerer to the asker, by (2).
unsafe impl<R: Send, W: Send> Sync for Slot<R, W> {}

impl<W> Gate<W> {
    fn new() -> Self {
        Self { word: AtomicU64::new(0), waiter: UnsafeCell::new(MaybeUninit::uninit()) }
    }

    /// As if `generation` had been the last one.
    #[cfg(test)]
    pub(crate) fn start_at(&self, generation: u32) {
        self.word.store(u64::from(generation) << GENERATION_SHIFT, Relaxed);
    }

    /// Begins an ask; gives its generation, by which an expirer knows it. Never 0.
    ///
    /// # Safety
    /// The slot is the caller's alone, but for expirers of earlier generations.
    #[inline]
    pub(crate) unsafe fn arm(&self, waiter: Option<W>) -> u32 {
        let last = generation(self.word.load(Relaxed));
        let generation = last.wrapping_add(1).max(1);
        let mut word = u64::from(generation) << GENERATION_SHIFT;
        if let Some(waiter) = waiter {
            // SAFETY: the caller's alone: expirers touch nothing but the word.
            unsafe { self.put(waiter) };
            word |= WAITER;
        }
        self.word.store(word, Release);
        generation
    }

    /// Calls off the ask of this generation, if it is still open.
    ///
    /// # Safety
    /// The memory is still a gate with this type of waiter, of whatever generation.
    pub(crate) unsafe fn expire(&self, generation: u32) -> Expired<W> {
        let mut word = self.word.load(Relaxed);
        loop {
            if self::generation(word) != generation || word & (DONE | GONE | EXPIRED) != 0 {
                return Expired::No;
            }
            match self.word.compare_exchange_weak(word, word | EXPIRED, AcqRel, Relaxed) {
                Ok(_) if word & WAITER == 0 => return Expired::Yes { waiter: None, free: false },
                Ok(_) => break,
                Err(now) => word = now,
            }
        }
        // SAFETY: this call has set the first of `DONE` and `EXPIRED`, and `WAITER` stood (1).
        let (waiter, free) = unsafe { self.take_in_hand() };
        Expired::Yes { waiter: Some(waiter), free }
    }

    /// Registers who is to be woken.
    ///
    /// # Safety
    /// The caller is the asker of an armed slot, and has not left.
    pub(crate) unsafe fn set_waiter(&self, waiter: W) -> Registered<W> {
        // SAFETY: passed on.
        let before = unsafe { self.clear_waiter() };
        let mut word = self.word.load(Relaxed);
        if word & (DONE | EXPIRED) == 0 {
            // SAFETY: `WAITER` is clear, and nothing has ended the wait: the asker's (1). If it ends
            // now, nobody else touches the cell, for `WAITER` was clear.
            unsafe { self.put(waiter) };
            loop {
                match self.word.compare_exchange_weak(word, word | WAITER, AcqRel, Relaxed) {
                    Ok(_) => return Registered::Waiting { before },
                    Err(now) if now & (DONE | EXPIRED) == 0 => word = now,
                    Err(_) => break,
                }
            }
            // SAFETY: put there above, and `WAITER` was not set: still the asker's.
            return Registered::Over { waiter: unsafe { self.take() } };
        }
        Registered::Over { waiter }
    }

    /// Takes the waiter back, unless somebody has taken it to wake it.
    ///
    /// # Safety
    /// As for [`Gate::set_waiter`].
    pub(crate) unsafe fn clear_waiter(&self) -> Option<W> {
        let mut word = self.word.load(Relaxed);
        while word & (DONE | EXPIRED | WAITER) == WAITER {
            match self.word.compare_exchange_weak(word, word & !WAITER, AcqRel, Relaxed) {
                // SAFETY: `WAITER` stood with nothing that ends the wait, and is the asker's now (1).
                Ok(_) => return Some(unsafe { self.take() }),
                Err(now) => word = now,
            }
        }
        None
    }

    /// Where the ask stands, for its asker.
    #[inline]
    pub(crate) fn state(&self) -> State {
        let word = self.word.load(Acquire);
        if word & EXPIRED != 0 {
            State::Expired
        } else if word & DONE != 0 {
            State::Done
        } else {
            State::Pending
        }
    }

    /// Whether the answerer has finished, in time or not; for the asker.
    pub(crate) fn is_answered(&self) -> bool {
        self.word.load(Relaxed) & DONE != 0
    }

    /// The generation of an ask that is open; `None` between asks.
    pub(crate) fn open(&self) -> Option<u32> {
        let word = self.word.load(Relaxed);
        let open = word & (DONE | GONE | EXPIRED) == 0 && generation(word) != 0;
        open.then(|| generation(word))
    }

    /// Whether an answer would be delivered, as far as its answerer can know.
    #[cfg(test)]
    pub(crate) fn is_wanted(&self) -> bool {
        self.word.load(Relaxed) & (EXPIRED | GONE) == 0
    }

    /// Takes the waiter to wake it; says whether the caller frees the slot.
    ///
    /// # Safety
    /// The caller has set the first of `DONE` and `EXPIRED` while `WAITER` stood, just now.
    unsafe fn take_in_hand(&self) -> (W, bool) {
        // SAFETY: put there before `WAITER` was set, and the caller's by (1).
        let waiter = unsafe { self.take() };
        let after = self.word.fetch_and(!WAITER, AcqRel) & !WAITER;
        (waiter, is_free(after))
    }

    /// # Safety
    /// The cell is the caller's, and empty.
    unsafe fn put(&self, waiter: W) {
        // SAFETY: valid for writes, and nobody else touches it (caller).
        self.waiter.with_mut(|cell| unsafe { cell.write(MaybeUninit::new(waiter)) });
    }

    /// # Safety
    /// The cell is the caller's, and full.
    unsafe fn take(&self) -> W {
        // SAFETY: initialised, and read once: the caller counts it empty from here on.
        self.waiter.with_mut(|cell| unsafe { cell.cast::<W>().read() })
    }
}

impl<R, W> Slot<R, W> {
    pub(crate) fn new() -> Self {
        Self { gate: Gate::new(), value: UnsafeCell::new(MaybeUninit::uninit()) }
    }

    pub(crate) fn gate(&self) -> &Gate<W> {
        &self.gate
    }

    /// The answerer's last step: gives the value, or gets it back. A dropped right to answer is an
    /// answer too, of a value that says so.
    ///
    /// # Safety
    /// The caller is the answerer of an armed slot, once. Afterwards the slot is no longer its to
    /// touch, but to free if told so.
    #[inline]
    pub(crate) unsafe fn answer(&self, value: R) -> Answered<R, W> {
        let word = &self.gate.word;
        let mut before = word.load(Relaxed);
        if before & (EXPIRED | GONE) != 0 {
            return Answered::Late { value, free: self.gate.finish(DONE) };
        }
        // SAFETY: the answerer's until `DONE` (2); valid for writes.
        self.value.with_mut(|cell| unsafe { cell.write(MaybeUninit::new(value)) });
        loop {
            match word.compare_exchange_weak(before, before | DONE, AcqRel, Relaxed) {
                Ok(_) if before & WAITER == 0 => {
                    return Answered::Delivered { waiter: None, free: false };
                }
                Ok(_) => {
                    // SAFETY: this call has set `DONE`, `EXPIRED` was clear and `WAITER` stood.
                    let (waiter, free) = unsafe { self.gate.take_in_hand() };
                    return Answered::Delivered { waiter: Some(waiter), free };
                }
                Err(now) if now & (EXPIRED | GONE) == 0 => before = now,
                Err(_) => break,
            }
        }
        // SAFETY: written above, and `DONE` is not set: still the answerer's (2).
        let value = unsafe { self.take() };
        Answered::Late { value, free: self.gate.finish(DONE) }
    }

    /// The asker's last step, with the answer or without one.
    ///
    /// # Safety
    /// The caller is the asker of an armed slot, once. Afterwards the slot is no longer its to
    /// touch, but to free if told so.
    pub(crate) unsafe fn leave(&self) -> Left<R, W> {
        // SAFETY: passed on.
        let waiter = unsafe { self.gate.clear_waiter() };
        let before = self.gate.word.load(Acquire);
        // SAFETY: `DONE` without `EXPIRED`, and the asker had not gone: a value, and the asker's (2).
        let mut value = has_value(before).then(|| unsafe { self.take() });
        let at_last = self.gate.word.fetch_or(GONE, AcqRel);
        if value.is_none() && has_value(at_last) {
            // SAFETY: it came since, and nobody has a waiter in hand: the slot is the caller's alone.
            value = Some(unsafe { self.take() });
        }
        Left { value, waiter, free: is_free(at_last | GONE) }
    }

    /// # Safety
    /// The value is there, and the caller's.
    unsafe fn take(&self) -> R {
        // SAFETY: initialised, and read once: the caller counts it gone from here on.
        self.value.with_mut(|cell| unsafe { cell.cast::<R>().read() })
    }

    /// What freeing and using again would do: writes to all that it has.
    #[cfg(all(test, loom))]
    pub(crate) fn scratch(&self) {
        self.gate.waiter.with_mut(|_| ());
        self.value.with_mut(|_| ());
    }
}

impl<W> Gate<W> {
    /// Sets `flag`; says whether the caller frees the slot.
    fn finish(&self, flag: u64) -> bool {
        is_free(self.word.fetch_or(flag, AcqRel) | flag)
    }
}

fn is_free(word: u64) -> bool {
    if crate::sync::mutant("oneshot_double_free") {
        return word & GONE != 0;
    }
    if crate::sync::mutant("oneshot_waiter_ignored") {
        return word & (DONE | GONE) == DONE | GONE;
    }
    word & (DONE | GONE | WAITER) == DONE | GONE
}

fn has_value(word: u64) -> bool {
    word & (DONE | EXPIRED) == DONE
}

#[allow(clippy::cast_possible_truncation, reason = "the upper half")]
fn generation(word: u64) -> u32 {
    (word >> GENERATION_SHIFT) as u32
}
