//! Magazines, and the stacks through which they change hands.
//!
//! ```text
//! Depot::head ─▶ [magazine 7] ─next─▶ [magazine 3] ─next─▶ 0        one stack for each class: loaded magazines
//!  tag | id                                                          one for all: empty ones, each carrying others
//! ```
//! 1. Magazines are never unmapped while the system lives, and `next` is only ever used atomically: a thread that
//!    looks at a magazine which another has popped meanwhile reads an old link or zero, and then fails its CAS.
//! 2. Each push raises the tag. Else that CAS succeeds when the magazine came back, and what was taken meanwhile is
//!    handed out again. 32 bits: wrong only for a thread that stands between load and CAS for 2^32 pushes exactly,
//!    which are 270 billion nodes.
//! 3. Whoever popped a magazine owns it, contents included.
//! 4. A thread pushes with the period that it reads then, so stamps fall from top to bottom but for a late few: below
//!    the first old one all are idle. Wrong only costs memory or time.
//!
//! | step                        | order            | pairs with: what becomes visible                           |
//! |-----------------------------|------------------|------------------------------------------------------------|
//! | `push`'s CAS                | Release, Relaxed | `pop`, `take_all`: the magazine, and the bytes of its blocks |
//! | `pop`'s load and CAS        | Acquire          | each `push` below, for what stands between are CASes        |
//! | `take_all`'s CAS            | Acquire          | likewise                                                   |

use std::ptr::NonNull;

use super::CAPACITY;
use super::rack::Racks;
use crate::sync::atomic::{
    AtomicU32, AtomicU64,
    Ordering::{Acquire, Relaxed, Release},
};
use crate::sync::cell::UnsafeCell;
use crate::sync::hint;

/// Up to 64 blocks on their way. All zeros is an empty one.
#[repr(C, align(64))]
pub(crate) struct Magazine {
    /// The one below, as an id.
    next: AtomicU32,
    /// Its place in the racks, from 1; 0: not yet handed out.
    id: AtomicU32,
    /// How many blocks are in it while it is in a depot; elsewhere its owner knows.
    count: AtomicU32,
    /// The period in which it was pushed.
    stamp: AtomicU32,
    slots: [UnsafeCell<*mut u8>; CAPACITY],
}

impl Magazine {
    /// # Safety
    /// The magazine is the caller's, and `set` was called for `index` since it is.
    #[inline(always)]
    pub(super) unsafe fn get(&self, index: u32) -> NonNull<u8> {
        // SAFETY: `set` was called with this index (caller), so it is in bounds.
        let slot = unsafe { self.slots.get_unchecked(index as usize) };
        // SAFETY: nobody else touches it (caller).
        let block = slot.with(|slot| unsafe { *slot });
        // SAFETY: `set` wrote a block.
        unsafe { NonNull::new_unchecked(block) }
    }

    /// # Safety
    /// The magazine is the caller's; `index` is below [`CAPACITY`].
    #[inline(always)]
    pub(super) unsafe fn set(&self, index: u32, block: NonNull<u8>) {
        debug_assert!((index as usize) < CAPACITY);
        // SAFETY: in bounds (caller).
        let slot = unsafe { self.slots.get_unchecked(index as usize) };
        // SAFETY: nobody else touches it (caller).
        slot.with_mut(|slot| unsafe { *slot = block.as_ptr() });
    }

    pub(super) fn id(&self) -> u32 {
        self.id.load(Relaxed)
    }

    pub(super) fn set_id(&self, id: u32) {
        self.id.store(id, Relaxed);
    }

    /// How many are in one that was just popped.
    pub(super) fn count(&self) -> u32 {
        self.count.load(Relaxed)
    }

    pub(super) fn next(&self) -> u32 {
        self.next.load(Relaxed)
    }

    pub(super) fn set_next(&self, below: u32) {
        self.next.store(below, Relaxed);
    }

    pub(super) fn stamp(&self) -> u32 {
        self.stamp.load(Relaxed)
    }

    #[cfg(all(test, loom))]
    pub(super) fn for_loom() -> Self {
        Self {
            next: AtomicU32::new(0),
            id: AtomicU32::new(0),
            count: AtomicU32::new(0),
            stamp: AtomicU32::new(0),
            slots: std::array::from_fn(|_| UnsafeCell::new(std::ptr::null_mut())),
        }
    }

    pub(super) fn label(&self, count: u32, period: u32) {
        self.count.store(count, Relaxed);
        self.stamp.store(period, Relaxed);
    }
}

/// A stack of magazines, on a line of its own.
#[repr(align(64))]
pub(super) struct Depot {
    /// The tag above, the id of the top below; id 0: empty.
    head: AtomicU64,
}

const ID: u64 = u32::MAX as u64;
#[expect(clippy::cast_possible_truncation, reason = "the lower half is meant")]
const fn id_of(head: u64) -> u32 {
    head as u32
}

fn tag() -> u64 {
    if crate::sync::mutant("depot_no_tag") { 0 } else { 1 << 32 }
}

fn publish() -> crate::sync::atomic::Ordering {
    if crate::sync::mutant("depot_push_relaxed") { Relaxed } else { Release }
}

impl Depot {
    pub(super) fn new() -> Self {
        Self { head: AtomicU64::new(0) }
    }

    pub(super) fn is_empty(&self) -> bool {
        id_of(self.head.load(Relaxed)) == 0
    }

    /// Pushes a magazine of the caller's, who has labelled it.
    pub(super) fn push(&self, magazine: &Magazine) {
        self.push_chain(magazine, magazine);
    }

    /// Pushes magazines of the caller's, linked from `top` to `bottom`.
    pub(super) fn push_chain(&self, top: &Magazine, bottom: &Magazine) {
        let mut head = self.head.load(Relaxed);
        loop {
            bottom.set_next(id_of(head));
            let new = (head & !ID).wrapping_add(tag()) | u64::from(top.id());
            match self.head.compare_exchange_weak(head, new, publish(), Relaxed) {
                Ok(_) => return,
                Err(now) => head = now,
            }
            hint::spin_loop();
        }
    }

    /// The top one is the caller's.
    pub(super) fn pop<'a>(&self, racks: &'a Racks) -> Option<&'a Magazine> {
        let mut head = self.head.load(Acquire);
        loop {
            let id = id_of(head);
            if id == 0 {
                return None;
            }
            let top = racks.at(id);
            let new = head & !ID | u64::from(top.next());
            match self.head.compare_exchange_weak(head, new, Acquire, Acquire) {
                Ok(_) => return Some(top),
                Err(now) => head = now,
            }
            hint::spin_loop();
        }
    }

    /// All of them are the caller's: the id of the top, whose `next` leads to the others.
    pub(super) fn take_all(&self) -> u32 {
        let mut head = self.head.load(Relaxed);
        // The tag stays: a swap with zero would lose it.
        while id_of(head) != 0 {
            match self.head.compare_exchange_weak(head, head & !ID, Acquire, Relaxed) {
                Ok(_) => return id_of(head),
                Err(now) => head = now,
            }
        }
        0
    }
}
