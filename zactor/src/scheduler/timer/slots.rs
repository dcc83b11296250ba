//! The slots of the wheel: deadlines sorted no further than they have to be.
//!
//! ```text
//! level 0   64 slots of 1 ns      the deadlines that differ from `elapsed` in the last 6 bits only
//! level 1   64 slots of 64 ns     .. in the 6 bits before those, and perhaps in the last 6
//! level 10  16 slots of 36 years
//! ```
//! 1. An entry stands at the level of the highest 6 bits in which its deadline differs from `elapsed`, in the
//!    slot that those bits name. Else it is looked for in the wrong slot and fires late.
//! 2. So everything on a level is due before everything on the levels above, and everything in a slot before
//!    everything in the slots after it. The next deadline is in the first slot of the lowest level in use.
//! 3. When time enters a slot, its entries become `entered`, and `elapsed` stands still until each of them is taken
//!    or, not yet due, has moved down as 1 demands: ten times at most. Else 1 breaks for those below.
//! 4. What is taken has a deadline that has come, compared in full. So nothing is early.
//! 5. A key holds the number of its arming, which is never used again. So a late `disarm` meets no other entry.

use super::{Due, TimerKey};
use crate::scheduler::clock::Nanos;
use crate::scheduler::slab::{List, NIL, Slab};

const BITS: u32 = 6;
const SLOTS: usize = 1 << BITS;
const LEVELS: usize = u64::BITS.div_ceil(BITS) as usize;
/// How many entries of a slot are looked at for the earliest one; with more, the slot's start must do.
const LOOKED_AT: usize = 16;
/// How many entries are taken or moved before others may have the lock.
const AT_ONCE: usize = 1024;

pub(super) struct Entry<F> {
    pub(super) deadline: u64,
    pub(super) arming: u64,
    pub(super) fire: F,
}

/// See the module.
pub(super) struct Slots<F> {
    elapsed: u64,
    armings: u64,
    pub(super) entries: Slab<Entry<F>>,
    pub(super) lists: [[List; SLOTS]; LEVELS],
    /// Which lists of a level have entries.
    pub(super) in_use: [u64; LEVELS],
    /// The rest of the slot that time has entered last (invariant 3).
    entered: List,
    /// Those that never fire.
    never: List,
}

impl<F> Slots<F> {
    pub(super) fn new() -> Self {
        Self {
            elapsed: 0,
            armings: 0,
            entries: Slab::new(),
            lists: [[NIL; SLOTS]; LEVELS],
            in_use: [0; LEVELS],
            entered: NIL,
            never: NIL,
        }
    }

    pub(super) fn arm(&mut self, deadline: u64, fire: F) -> TimerKey {
        self.armings += 1;
        let entry = Entry { deadline, arming: self.armings, fire };
        let index = match self.place(deadline) {
            None => self.entries.insert(&mut self.never, entry),
            Some((level, slot)) => {
                self.in_use[level] |= 1 << slot;
                self.entries.insert(&mut self.lists[level][slot], entry)
            }
        };
        TimerKey { index, arming: self.armings }
    }

    pub(super) fn disarm(&mut self, key: TimerKey) -> Option<Entry<F>> {
        let entry = self.entries.get(key.index).filter(|entry| entry.arming == key.arming)?;
        let place = self.place(entry.deadline);
        if key.index == self.entered {
            return self.entries.remove(&mut self.entered, key.index);
        }
        // One further back in `entered` is taken out of it all the same: only the first one is known to the list.
        let Some((level, slot)) = place else {
            return self.entries.remove(&mut self.never, key.index);
        };
        let list = &mut self.lists[level][slot];
        let entry = self.entries.remove(list, key.index);
        if *list == NIL {
            self.in_use[level] &= !(1 << slot);
        }
        entry
    }

    /// Moves time on to `now`, slot by slot, and takes what is due; stops early, with `true`, after many entries.
    pub(super) fn take_some(&mut self, now: u64, due: &mut Vec<Due<F>>) -> bool {
        let now = now.max(self.elapsed); // a caller may have read the clock before another one
        for _ in 0..AT_ONCE {
            if self.entered != NIL {
                self.take_or_move(now, due);
                continue;
            }
            match self.first() {
                Some((level, slot)) if self.start(level, slot) <= now => {
                    self.elapsed = self.start(level, slot);
                    self.in_use[level] &= !(1 << slot);
                    self.entered = std::mem::replace(&mut self.lists[level][slot], NIL);
                }
                _ => {
                    self.elapsed = now;
                    return false;
                }
            }
        }
        true
    }

    /// Takes the first of the entered entries if it is due, else moves it down.
    fn take_or_move(&mut self, now: u64, due: &mut Vec<Due<F>>) {
        let index = self.entered;
        let deadline = self.entries.get(index).map_or(0, |entry| entry.deadline);
        if deadline > now && !crate::sync::mutant("timer_early") {
            let Some((level, slot)) = self.place(deadline) else { return };
            self.entries.transfer(&mut self.entered, &mut self.lists[level][slot], index);
            self.in_use[level] |= 1 << slot;
        } else if let Some(entry) = self.entries.remove(&mut self.entered, index) {
            let key = TimerKey { index, arming: entry.arming };
            due.push(Due { deadline: Nanos(deadline), key, fire: entry.fire });
        }
    }

    /// Level and slot of a deadline (invariant 1); one in the past stands where time stands.
    #[expect(clippy::cast_possible_truncation, reason = "six bits")]
    pub(super) fn place(&self, deadline: u64) -> Option<(usize, usize)> {
        if deadline == u64::MAX {
            return None;
        }
        let at = deadline.max(self.elapsed);
        let level = ((at ^ self.elapsed) | 1).ilog2() / BITS;
        let slot = (at >> (level * BITS)) & (SLOTS as u64 - 1);
        Some((level as usize, slot as usize))
    }

    /// The slot that holds the next deadline (invariant 2).
    fn first(&self) -> Option<(usize, usize)> {
        let level = self.in_use.iter().position(|&slots| slots != 0)?;
        Some((level, self.in_use[level].trailing_zeros() as usize))
    }

    /// When time enters a slot.
    fn start(&self, level: usize, slot: usize) -> u64 {
        let shift = BITS * u32::try_from(level).unwrap_or(0);
        let above = self.elapsed.checked_shr(shift + BITS).unwrap_or(0);
        let above = above.checked_shl(shift + BITS).unwrap_or(0);
        above | (slot as u64) << shift
    }

    /// The next deadline, or the start of its slot if that is full.
    pub(super) fn next_deadline(&self) -> u64 {
        if self.entered != NIL {
            return self.elapsed;
        }
        let Some((level, slot)) = self.first() else { return u64::MAX };
        let mut entries = self.entries.iter(self.lists[level][slot]);
        let earliest = entries.by_ref().take(LOOKED_AT).map(|entry| entry.deadline).min();
        match entries.next() {
            None => earliest.unwrap_or(u64::MAX),
            Some(_) => self.start(level, slot),
        }
    }
}
