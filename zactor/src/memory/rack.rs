//! Where magazines stand, and the empty ones.
//!
//! ```text
//! Racks: segment 0 [shelf 0]  segment 1 [shelf 1, 2]  segment 2 [shelf 3 .. 6]  ..       a shelf: 64 KiB of magazines
//! Racks::empties ─▶ [carrier: 7 others inside] ─next─▶ [carrier: 7 others inside]         a depot: one operation for 8
//! ```
//! 1. Segments stay mapped while the system lives (first invariant of `depot.rs`), but an unused shelf's pages go back:
//!    a late look finds zeros there.
//! 2. Of the empty magazines each is in one place: in a thread's hand, in a bundle, or not yet handed out.
//!
//! | step                        | order   | pairs with: what becomes visible    |
//! |-----------------------------|---------|-------------------------------------|
//! | `extend` stores a segment   | Release | `at`'s load (Acquire): the mapping  |

use std::alloc::{Layout, handle_alloc_error};
use std::cell::Cell;
use std::collections::BTreeSet;
use std::io;
use std::ops::Range;
use std::ptr::{NonNull, null_mut};

use super::chunk::{CHUNK, Mapping, os};
use super::depot::{Depot, Magazine};
use crate::sync::atomic::{
    AtomicPtr,
    Ordering::{Acquire, Relaxed, Release},
};

/// Magazines of one shelf: what fits into 64 KiB, and what is given back at once.
#[cfg(not(all(test, loom)))]
const SHELF: u32 = 113;
#[cfg(all(test, loom))]
const SHELF: u32 = 4;
const SHELF_BYTES: usize = CHUNK;

/// Segment `k` has `2^k` shelves.
const SEGMENTS: usize = 25;

const _: () = assert!(SHELF as usize * size_of::<Magazine>() <= SHELF_BYTES);

/// Empty magazines that change hands at once.
const BUNDLE: u32 = if cfg!(all(test, loom)) { 2 } else { 8 };

/// Where magazines stand: an id leads to one by shifts.
pub(super) struct Racks {
    segments: [AtomicPtr<Magazine>; SEGMENTS],
    /// Empty magazines. Each carries up to [`BUNDLE`] - 1 others.
    empties: Depot,
}

impl Racks {
    pub(super) fn new() -> Self {
        Self {
            segments: std::array::from_fn(|_| AtomicPtr::new(std::ptr::null_mut())),
            empties: Depot::new(),
        }
    }

    /// The magazine of an id that came out of a depot or a magazine.
    #[inline]
    pub(super) fn at(&self, id: u32) -> &Magazine {
        let (segment, offset) = place(id);
        let start = self.segments[segment].load(Acquire);
        debug_assert!(!start.is_null());
        // SAFETY: an id is given out only after its segment stands, and `offset` is inside that.
        let magazine = unsafe { start.byte_add(offset) };
        // SAFETY: mapped while the racks live, valid as zeros, and all of it may be shared.
        unsafe { &*magazine }
    }

    /// Makes room for the magazines of shelf `shelf`, the first that does not fit; the caller holds the lock.
    fn extend(&self, shelf: u32, mappings: &mut Vec<Mapping>) -> io::Result<()> {
        let (segment, _) = place(shelf * SHELF + 1);
        if self.segments[segment].load(Relaxed).is_null() {
            let mapping = Mapping::new(SHELF_BYTES << segment)?;
            let start = mapping.base().cast::<Magazine>();
            #[cfg(all(test, loom))]
            make_for_loom(mapping.base(), 1 << segment);
            self.segments[segment].store(start.as_ptr(), Release);
            mappings.push(mapping);
        }
        Ok(())
    }

    /// Empty magazines of the caller's: one that carries `carried` others.
    pub(super) fn push_empties(&self, carrier: &Magazine, carried: u32) {
        carrier.label(carried, 0);
        self.empties.push(carrier);
    }

    /// A bundle, if one is there.
    pub(super) fn pop_empties(&self) -> Option<(&Magazine, u32)> {
        self.empties.pop(self).map(|carrier| (carrier, carrier.count()))
    }

    /// A magazine that nobody had yet.
    fn first_use(&self, id: u32) -> &Magazine {
        let magazine = self.at(id);
        magazine.set_id(id);
        magazine
    }

    /// The first byte of a shelf.
    fn shelf(&self, shelf: u32) -> NonNull<u8> {
        let (segment, offset) = place(shelf * SHELF + 1);
        let start = self.segments[segment].load(Relaxed);
        // SAFETY: the shelf stands, and `offset` is inside its segment.
        let shelf = unsafe { start.cast::<u8>().add(offset) };
        // SAFETY: inside a mapping.
        unsafe { NonNull::new_unchecked(shelf) }
    }
}

/// Segment, and bytes from its start.
fn place(id: u32) -> (usize, usize) {
    let (shelf, index) = ((id - 1) / SHELF + 1, (id - 1) % SHELF);
    let segment = shelf.ilog2();
    let offset = (shelf - (1 << segment)) as usize * SHELF_BYTES;
    (segment as usize, offset + index as usize * size_of::<Magazine>())
}

/// Loom's types are not zeros.
#[cfg(all(test, loom))]
fn make_for_loom(start: NonNull<u8>, shelves: usize) {
    for shelf in 0..shelves {
        for index in 0..SHELF as usize {
            let offset = shelf * SHELF_BYTES + index * size_of::<Magazine>();
            // SAFETY: inside the segment.
            let place = unsafe { start.add(offset) };
            // SAFETY: aligned, and nobody knows of it yet.
            unsafe { place.cast::<Magazine>().write(Magazine::for_loom()) };
        }
    }
}

/// Which magazines exist; under the lock.
pub(super) struct Shelves {
    mappings: Vec<Mapping>,
    made: u32,
    /// What is left of the shelf that is being handed out, as ids.
    open: Range<u32>,
    /// Shelves whose pages went back, wholly unused.
    away: BTreeSet<u32>,
}

// The ids of shelf `n` are `n * SHELF + 1 ..= (n + 1) * SHELF`.
impl Shelves {
    pub(super) fn new() -> Self {
        Self { mappings: Vec::new(), made: 0, open: 0..0, away: BTreeSet::new() }
    }

    /// Empty magazines that nobody has.
    pub(super) fn bundle<'a>(&mut self, racks: &'a Racks) -> (&'a Magazine, u32) {
        if self.open.is_empty() {
            let shelf = self.away.pop_first().unwrap_or_else(|| {
                if racks.extend(self.made, &mut self.mappings).is_err() {
                    handle_alloc_error(Layout::new::<[u8; SHELF_BYTES]>());
                }
                self.made += 1;
                self.made - 1
            });
            self.open = shelf * SHELF + 1..(shelf + 1) * SHELF + 1;
        }
        let mut ids = self.open.by_ref().take(BUNDLE as usize);
        let Some(first) = ids.next() else { unreachable!("a shelf was opened if there was none") };
        let carrier = racks.first_use(first);
        let mut carried = 0;
        for id in ids {
            // SAFETY: handed out here, so ours; a bundle is smaller than a magazine.
            unsafe { carrier.set(carried, NonNull::from(racks.first_use(id)).cast()) };
            carried += 1;
        }
        (carrier, carried)
    }

    /// Gives the pages of shelves back that are wholly unused.
    pub(super) fn give_up(&mut self, racks: &Racks) {
        let mut ids = Vec::new();
        let mut top = racks.empties.take_all();
        while top != 0 {
            let carrier = racks.at(top);
            top = carrier.next();
            ids.push(carrier.id());
            for index in 0..carrier.count() {
                // SAFETY: taken, so ours, with that many others.
                let carried = unsafe { carrier.get(index) }.cast::<Magazine>();
                // SAFETY: a magazine is what an empty one carries.
                ids.push(unsafe { carried.as_ref() }.id());
            }
        }
        ids.sort_unstable();
        let hand = Hand::new();
        // From the top, so that the lowest are handed out first.
        for shelf in ids.chunk_by(|a, b| (a - 1) / SHELF == (b - 1) / SHELF).rev() {
            let number = (shelf[0] - 1) / SHELF;
            if shelf.len() == SHELF as usize {
                self.away.insert(number);
                // SAFETY: nobody has any of its magazines; a late look finds zeros (invariant 1).
                unsafe { os::discard(racks.shelf(number), SHELF_BYTES) };
            } else {
                shelf.iter().rev().for_each(|&id| hand.put(racks, racks.at(id)));
            }
        }
        hand.flush(racks);
    }
}

/// Some empty magazines in hand, so that a bundle comes and goes only now and then.
pub(super) struct Hand {
    carrier: Cell<*mut Magazine>,
    carried: Cell<u32>,
}

impl Hand {
    pub(super) const fn new() -> Self {
        Self { carrier: Cell::new(null_mut()), carried: Cell::new(0) }
    }

    fn carrier<'a>(&self, _racks: &'a Racks) -> Option<&'a Magazine> {
        // SAFETY: null, or a magazine of ours, which lives as long as the racks.
        unsafe { self.carrier.get().as_ref() }
    }

    fn hold(&self, carrier: Option<&Magazine>, carried: u32) {
        self.carrier.set(carrier.map_or(null_mut(), |it| std::ptr::from_ref(it).cast_mut()));
        self.carried.set(carried);
    }

    /// An empty magazine; `more` gets a bundle when there is none in hand.
    pub(super) fn take<'a>(
        &self,
        racks: &'a Racks,
        more: impl FnOnce() -> (&'a Magazine, u32),
    ) -> &'a Magazine {
        let (carrier, carried) = match self.carrier(racks) {
            Some(carrier) => (carrier, self.carried.get()),
            None => more(),
        };
        if carried == 0 {
            self.hold(None, 0);
            return carrier;
        }
        self.hold(Some(carrier), carried - 1);
        // SAFETY: the carrier is ours, and it carries that many.
        let empty = unsafe { carrier.get(carried - 1) };
        // SAFETY: what an empty magazine carries are magazines, with it ours.
        unsafe { empty.cast::<Magazine>().as_ref() }
    }

    pub(super) fn put(&self, racks: &Racks, empty: &Magazine) {
        let carried = self.carried.get();
        match self.carrier(racks) {
            Some(carrier) if carried + 1 < BUNDLE => {
                // SAFETY: ours; a bundle is smaller than a magazine.
                unsafe { carrier.set(carried, NonNull::from(empty).cast()) };
                self.carried.set(carried + 1);
            }
            _ => {
                self.flush(racks);
                self.hold(Some(empty), 0);
            }
        }
    }

    pub(super) fn flush(&self, racks: &Racks) {
        if let Some(carrier) = self.carrier(racks) {
            racks.push_empties(carrier, self.carried.get());
            self.hold(None, 0);
        }
    }
}
