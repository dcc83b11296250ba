//! The id table: from an id to its cell, apart from the cells.
//!
//! A slot is one word: the cell's address, a bit that is *held* while an id becomes a reference, the generation.
//!
//! 1. Whoever holds the bit may touch the cell: the last release takes the same bit before it frees. Else an id
//!    reaches freed memory.
//! 2. The generation goes up when the cell is freed; a slot whose generations are used up never comes back. Else an
//!    old id reaches another actor.
//!
//! | step                     | order           | pairs with: what becomes visible                        |
//! |--------------------------|-----------------|---------------------------------------------------------|
//! | `insert`'s store         | Release         | `hold`'s CAS (Acquire): the header                      |
//! | `hold`'s CAS             | Acquire         | the release of the bit (Release): it is ours            |

use std::ptr::NonNull;

use super::header::Header;
use super::refs::CellRef;
use crate::message::ActorId;
use crate::sync::atomic::{AtomicPtr, AtomicU64, Ordering};
use crate::sync::{Mutex, hint, lock};

const GENERATION: u64 = 0xffff;
const HELD: u64 = 1 << 16;
const ADDRESS_SHIFT: u32 = 17;
/// Cells stand at multiples of 64 below 2^48 (2^53 would still fit).
const ALIGN_SHIFT: u32 = 6;
const FIRST_SEGMENT: usize = if cfg!(all(test, loom)) { 2 } else { 1024 };
const SEGMENTS: usize = 23;

/// Slots that a thread keeps ready, so that spawning takes the lock once in a while only.
pub(crate) const SLOT_CACHE: usize = if cfg!(all(test, loom)) { 2 } else { 64 };

struct Segment(Box<[AtomicU64]>);

/// See the module.
pub(crate) struct IdTable {
    /// Segment `n` has `FIRST_SEGMENT << n` slots; made when needed, never moved.
    segments: [AtomicPtr<Segment>; SEGMENTS],
    free: Mutex<Free>,
}

struct Free {
    slots: Vec<u32>,
    next: u32,
}

impl IdTable {
    pub(crate) fn new() -> Self {
        IdTable {
            segments: std::array::from_fn(|_| AtomicPtr::new(std::ptr::null_mut())),
            free: Mutex::new(Free { slots: Vec::new(), next: 0 }),
        }
    }

    /// Up to `SLOT_CACHE` free slots, appended to `cache`.
    pub(crate) fn reserve(&self, cache: &mut Vec<u32>) {
        let mut free = lock(&self.free);
        for _ in 0..SLOT_CACHE {
            if let Some(slot) = free.slots.pop() {
                cache.push(slot);
                continue;
            }
            let slot = free.next;
            let Some(next) = slot.checked_add(1) else { break };
            free.next = next;
            self.make_segment(slot);
            cache.push(slot);
        }
    }

    /// Takes back slots that a thread kept.
    pub(crate) fn give_back(&self, slots: impl Iterator<Item = u32>) {
        lock(&self.free).slots.extend(slots);
    }

    fn place(slot: u32) -> (usize, usize) {
        let n = slot as usize / FIRST_SEGMENT + 1;
        let segment = n.ilog2() as usize;
        (segment, slot as usize - FIRST_SEGMENT * ((1 << segment) - 1))
    }

    /// Called under the lock.
    fn make_segment(&self, slot: u32) {
        let (segment, _) = Self::place(slot);
        if self.segments[segment].load(Ordering::Acquire).is_null() {
            let slots = (0..FIRST_SEGMENT << segment).map(|_| AtomicU64::new(1)).collect();
            let made = Box::into_raw(Box::new(Segment(slots)));
            self.segments[segment].store(made, Ordering::Release);
        }
    }

    fn slot(&self, slot: u32) -> Option<&AtomicU64> {
        let (segment, index) = Self::place(slot);
        let segment = self.segments.get(segment)?.load(Ordering::Acquire);
        if segment.is_null() {
            return None;
        }
        // SAFETY: a segment is made once and lives as long as the table.
        unsafe { &*segment }.0.get(index)
    }

    /// The id that the next cell in `slot` (reserved by the caller) will have.
    pub(crate) fn id_of(&self, slot: u32) -> ActorId {
        let word = self.slot(slot).map_or(1, |word| word.load(Ordering::Relaxed));
        ActorId::local(slot, (word & GENERATION) as u16)
    }

    /// Puts the cell into its slot: from now on its id finds it.
    pub(super) fn insert(&self, id: ActorId, cell: NonNull<Header>) {
        let Some(word) = self.slot(id.slot()) else { return };
        let address = cell.as_ptr().expose_provenance() as u64;
        let value = (address >> ALIGN_SHIFT) << ADDRESS_SHIFT | u64::from(id.generation());
        word.store(value, Ordering::Release);
    }

    /// Holds the slot of `id`, if a cell of this very id is in it.
    fn hold(&self, id: ActorId) -> Option<(&AtomicU64, u64)> {
        let word = self.slot(id.slot())?;
        let mut old = word.load(Ordering::Relaxed);
        loop {
            let stale = old & GENERATION != u64::from(id.generation());
            if old >> ADDRESS_SHIFT == 0
                || id.node() != 0
                || stale && !crate::sync::mutant("no_generation_check")
            {
                return None;
            }
            if old & HELD != 0 {
                hint::spin_loop();
                old = word.load(Ordering::Relaxed);
                continue;
            }
            match word.compare_exchange_weak(old, old | HELD, Ordering::Acquire, Ordering::Relaxed)
            {
                Ok(_) => return Some((word, old)),
                Err(now) => old = now,
            }
        }
    }

    /// The cell of `id`, unless its memory is gone.
    pub(crate) fn resolve(&self, id: ActorId) -> Option<CellRef> {
        let (word, old) = self.hold(id)?;
        #[expect(clippy::cast_possible_truncation, reason = "it was an address")]
        let address = (old >> ADDRESS_SHIFT << ALIGN_SHIFT) as usize;
        let cell = NonNull::new(std::ptr::with_exposed_provenance_mut::<Header>(address));
        let found = cell.filter(|cell| {
            // SAFETY: the bit is held, so the cell is not freed now (invariant 1).
            unsafe { cell.as_ref() }.refs.increment_unless_zero()
        });
        word.store(old, Ordering::Release);
        // SAFETY: `increment_unless_zero` has counted for it.
        found.map(|cell| unsafe { CellRef::from_counted(cell) })
    }

    /// The cell is about to be freed: its id finds nothing any more. The slot can be used again, unless its
    /// generations are used up.
    #[must_use]
    pub(super) fn remove(&self, id: ActorId) -> Option<u32> {
        let (word, old) = self.hold(id)?;
        let generation = old & GENERATION;
        if generation == GENERATION {
            word.store(0, Ordering::Release);
            return None;
        }
        word.store(generation + 1, Ordering::Release);
        Some(id.slot())
    }

    /// The cells that live now, in no order.
    pub(crate) fn for_each(&self, mut f: impl FnMut(CellRef)) {
        let end = lock(&self.free).next;
        for slot in 0..end {
            if let Some(cell) = self.resolve(self.id_of(slot)) {
                f(cell);
            }
        }
    }
}

impl Drop for IdTable {
    fn drop(&mut self) {
        for segment in &self.segments {
            let segment = segment.load(Ordering::Relaxed);
            if !segment.is_null() {
                // SAFETY: made by `Box::into_raw`, once; nobody uses the table any more.
                drop(unsafe { Box::from_raw(segment) });
            }
        }
    }
}
