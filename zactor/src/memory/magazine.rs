//! What a thread keeps of a system's memory: per class a hot magazine and a spare one.
//!
//! ```text
//!  take ◀─┐ ┌─▶ give          empty, or full: the two change places;
//!       [ hot ] ⇄ [ spare ] ⇄ depot      both are: one goes to the depot or comes from it
//! ```
//! 1. Only the thread that owns the magazines writes here, with plain loads and stores; others read the counts.
//! 2. `hot` holds exactly its first `count` slots, likewise `spare`. Else a block is handed out twice, or lost.
//! 3. `balance` is what came from the system minus what went back to it, in blocks. So a class has
//!    `balance - count - spare_count` of its blocks in use, summed over all threads, and the hot path counts nothing.
//!
//! All accesses are relaxed: nothing but numbers is read by others.

use std::alloc::{Layout, handle_alloc_error};
use std::ptr::{NonNull, null_mut};

use super::Memory;
use super::depot::Magazine;
use super::rack::Hand;
use super::slab::{CLASSES, Class};
use crate::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, Ordering::Relaxed};

/// A class's part of a thread's blocks.
struct Bin {
    hot: AtomicPtr<Magazine>,
    /// Blocks in `hot`.
    count: AtomicU32,
    /// How many it may hold: 0 while there is none.
    limit: AtomicU32,
    spare: AtomicPtr<Magazine>,
    spare_count: AtomicU32,
    balance: AtomicU64,
}

impl Bin {
    fn new() -> Self {
        Self {
            hot: AtomicPtr::new(null_mut()),
            count: AtomicU32::new(0),
            limit: AtomicU32::new(0),
            spare: AtomicPtr::new(null_mut()),
            spare_count: AtomicU32::new(0),
            balance: AtomicU64::new(0),
        }
    }

    fn add_to_balance(&self, blocks: u64) {
        self.balance.store(self.balance.load(Relaxed).wrapping_add(blocks), Relaxed);
    }

    fn set_hot(&self, magazine: *mut Magazine, count: u32) {
        self.hot.store(magazine, Relaxed);
        self.count.store(count, Relaxed);
    }

    fn set_spare(&self, magazine: *mut Magazine, count: u32) {
        self.spare.store(magazine, Relaxed);
        self.spare_count.store(count, Relaxed);
    }

    fn swap(&self) {
        let (hot, count) = (self.hot.load(Relaxed), self.count.load(Relaxed));
        self.set_hot(self.spare.load(Relaxed), self.spare_count.load(Relaxed));
        self.set_spare(hot, count);
    }

    /// Blocks of this class that were handed out here and given back elsewhere, or, below zero, the reverse.
    fn in_use(&self) -> u64 {
        let here = u64::from(self.count.load(Relaxed)) + u64::from(self.spare_count.load(Relaxed));
        self.balance.load(Relaxed).wrapping_sub(here)
    }
}

/// A thread's magazines, for one system. Methods are for the thread that owns them; only [`Counts::add`] may look at
/// those of another.
///
/// Dropped without [`flush`](Self::flush) they leave their blocks to the end of the system.
pub(crate) struct Magazines {
    bins: [Bin; CLASSES],
    /// Not shared, for it holds a `Cell`.
    empties: Hand,
}

// SAFETY: what it points to belongs to the system's memory and is bound to no thread.
unsafe impl Send for Magazines {}

impl Magazines {
    /// # Safety
    /// Each call names the memory that is named here, and none comes after that is gone.
    pub(crate) unsafe fn new(_memory: &Memory) -> Self {
        Self { bins: std::array::from_fn(|_| Bin::new()), empties: Hand::new() }
    }

    /// 64 bytes for a message.
    #[inline(always)]
    pub(crate) fn take_node(&self, memory: &Memory) -> NonNull<u8> {
        self.take(memory, Class::NODE)
    }

    /// # Safety
    /// Out of [`take_node`](Self::take_node) of any thread of this system, and no longer used.
    #[inline(always)]
    pub(crate) unsafe fn give_node(&self, memory: &Memory, node: NonNull<u8>) {
        // SAFETY: caller.
        unsafe { self.give(memory, node, Class::NODE) };
    }

    /// A block of the class, its bytes arbitrary (a slot's first word excepted).
    #[inline(always)]
    pub(crate) fn take(&self, memory: &Memory, class: Class) -> NonNull<u8> {
        let bin = &self.bins[class.index()];
        let count = bin.count.load(Relaxed);
        if count == 0 {
            return self.take_slowly(memory, class);
        }
        bin.count.store(count - 1, Relaxed);
        let hot = bin.hot.load(Relaxed);
        // SAFETY: only a magazine of ours has a count.
        let hot = unsafe { &*hot };
        // SAFETY: ours, and invariant 2.
        unsafe { hot.get(count - 1) }
    }

    /// # Safety
    /// Out of [`take`](Self::take) of any thread of this system, with the same class, and no longer used.
    #[inline(always)]
    pub(crate) unsafe fn give(&self, memory: &Memory, block: NonNull<u8>, class: Class) {
        let bin = &self.bins[class.index()];
        let mut count = bin.count.load(Relaxed);
        if count == bin.limit.load(Relaxed) {
            count = self.make_room(memory, class);
        }
        let hot = bin.hot.load(Relaxed);
        // SAFETY: there is one: its limit is not 0, or `make_room` has just seen to it.
        let hot = unsafe { &*hot };
        // SAFETY: ours, and below its limit.
        unsafe { hot.set(count, block) };
        bin.count.store(count + 1, Relaxed);
    }

    /// A block for `layout`: of a class, or, too large for any, from the global allocator.
    #[inline]
    pub(crate) fn alloc(&self, memory: &Memory, layout: Layout) -> NonNull<u8> {
        self.take_or_alloc(memory, Class::of(layout), layout)
    }

    /// # Safety
    /// Out of [`alloc`](Self::alloc) of any thread of this system, with the same layout, and no longer used.
    #[inline]
    pub(crate) unsafe fn free(&self, memory: &Memory, block: NonNull<u8>, layout: Layout) {
        // SAFETY: caller.
        unsafe { self.give_or_free(memory, block, Class::of(layout), layout) };
    }

    /// As [`alloc`](Self::alloc), for the cell of an actor.
    #[inline]
    pub(crate) fn alloc_cell(&self, memory: &Memory, layout: Layout) -> NonNull<u8> {
        self.take_or_alloc(memory, Class::cell(layout), layout)
    }

    /// # Safety
    /// As for [`free`](Self::free), out of [`alloc_cell`](Self::alloc_cell).
    #[inline]
    pub(crate) unsafe fn free_cell(&self, memory: &Memory, block: NonNull<u8>, layout: Layout) {
        // SAFETY: caller.
        unsafe { self.give_or_free(memory, block, Class::cell(layout), layout) };
    }

    #[inline]
    fn take_or_alloc(&self, memory: &Memory, class: Option<Class>, layout: Layout) -> NonNull<u8> {
        let Some(class) = class else {
            // SAFETY: larger than the largest class or aligned to more than 64, and so not of size 0 unless aligned.
            let block = unsafe { std::alloc::alloc(never_empty(layout)) };
            return NonNull::new(block).unwrap_or_else(|| handle_alloc_error(layout));
        };
        self.take(memory, class)
    }

    /// # Safety
    /// Out of `take_or_alloc` with the same class and layout, and no longer used.
    #[inline]
    unsafe fn give_or_free(
        &self,
        memory: &Memory,
        block: NonNull<u8>,
        class: Option<Class>,
        layout: Layout,
    ) {
        match class {
            // SAFETY: caller.
            Some(class) => unsafe { self.give(memory, block, class) },
            // SAFETY: caller: it came from the global allocator with this layout.
            None => unsafe { std::alloc::dealloc(block.as_ptr(), never_empty(layout)) },
        }
    }

    /// Everything goes back to the system: the thread ends, or sleeps for long.
    pub(crate) fn flush(&self, memory: &Memory) {
        for class in Class::all() {
            let bin = &self.bins[class.index()];
            for (magazine, count) in [(&bin.hot, &bin.count), (&bin.spare, &bin.spare_count)] {
                // SAFETY: null, or a magazine of ours.
                let Some(magazine) = (unsafe { magazine.load(Relaxed).as_ref() }) else { continue };
                let count = count.load(Relaxed);
                if count == 0 {
                    self.put_empty(memory, magazine);
                } else {
                    if !crate::sync::mutant("flush_forgets_to_count") {
                        bin.add_to_balance(u64::from(count).wrapping_neg());
                    }
                    memory.push(class, magazine, count);
                }
            }
            bin.limit.store(0, Relaxed);
            bin.set_hot(null_mut(), 0);
            bin.set_spare(null_mut(), 0);
        }
        self.empties.flush(&memory.racks);
    }

    #[cold]
    #[inline(never)]
    fn take_slowly(&self, memory: &Memory, class: Class) -> NonNull<u8> {
        let bin = &self.bins[class.index()];
        if bin.spare_count.load(Relaxed) > 0 {
            bin.swap();
        } else if let Some(loaded) = memory.pop(class) {
            // SAFETY: null, or a magazine of ours, here an empty one.
            if let Some(spare) = unsafe { bin.spare.load(Relaxed).as_ref() } {
                self.put_empty(memory, spare);
            }
            bin.swap();
            self.loaded(class, loaded, loaded.count());
        } else {
            // SAFETY: null, or a magazine of ours, here an empty one.
            let empty = unsafe { bin.hot.load(Relaxed).as_ref() };
            let magazine = empty.unwrap_or_else(|| self.take_empty(memory));
            // SAFETY: ours, and empty.
            let count = unsafe { memory.load(class, magazine) };
            self.loaded(class, magazine, count);
        }
        self.take(memory, class)
    }

    /// `magazine` came from the system and is the hot one from now on.
    fn loaded(&self, class: Class, magazine: &Magazine, count: u32) {
        let bin = &self.bins[class.index()];
        debug_assert!(count > 0);
        bin.add_to_balance(u64::from(count));
        bin.set_hot(address(magazine), count);
        bin.limit.store(class.magazine(), Relaxed);
    }

    /// The hot magazine is full, or there is none: now there is one that is not. Returns how many it holds.
    #[cold]
    #[inline(never)]
    fn make_room(&self, memory: &Memory, class: Class) -> u32 {
        let bin = &self.bins[class.index()];
        let limit = class.magazine();
        // SAFETY: null, or a magazine of ours.
        let spare = unsafe { bin.spare.load(Relaxed).as_ref() };
        if spare.is_some() && bin.spare_count.load(Relaxed) < limit {
            bin.swap();
            return bin.count.load(Relaxed);
        }
        if let Some(full) = spare {
            bin.set_spare(null_mut(), 0);
            bin.add_to_balance(u64::from(limit).wrapping_neg());
            memory.push(class, full, limit);
        }
        // The full one becomes the spare, or the spare stays none.
        bin.swap();
        bin.set_hot(address(self.take_empty(memory)), 0);
        bin.limit.store(limit, Relaxed);
        0
    }

    fn take_empty<'a>(&self, memory: &'a Memory) -> &'a Magazine {
        self.empties.take(&memory.racks, || memory.pop_empties())
    }

    fn put_empty(&self, memory: &Memory, empty: &Magazine) {
        self.empties.put(&memory.racks, empty);
    }
}

fn address(magazine: &Magazine) -> *mut Magazine {
    std::ptr::from_ref(magazine).cast_mut()
}

/// The global allocator is not asked for nothing: an empty type may be aligned to more than a block.
fn never_empty(layout: Layout) -> Layout {
    let least = layout.size().max(1);
    Layout::from_size_align(least, layout.align()).unwrap_or(layout)
}

/// Sums over the magazines of a system's threads. Exact when nothing is taken or given meanwhile.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    nodes: u64,
    cells: u64,
}

impl Counts {
    /// Adds the part of one thread, while it lives or after its `flush`.
    pub(crate) fn add(&mut self, magazines: &Magazines) {
        for class in Class::all().filter(|&class| class == Class::NODE || class.is_cell()) {
            let in_use = magazines.bins[class.index()].in_use();
            let sum = if class.is_cell() { &mut self.cells } else { &mut self.nodes };
            *sum = sum.wrapping_add(in_use);
        }
    }

    pub(super) fn nodes(self) -> u64 {
        not_below_zero(self.nodes)
    }

    pub(super) fn cells(self) -> u64 {
        not_below_zero(self.cells)
    }
}

/// A sum that was read while blocks moved may be below zero: none.
fn not_below_zero(sum: u64) -> u64 {
    if sum > u64::MAX / 2 { 0 } else { sum }
}
