//! Size classes, and what a class owns: chunks, each with a map of its free blocks.
//!
//! ```text
//! Stock ─▶ chunk 0x..10000  free: ▮▯▯▮▮▯..      a run for a magazine: the lowest free blocks, in address order
//!          chunk 0x..20000  free: ▮▮▮▮▮▮..      wholly free and above the floor: its pages go back
//! ```
//! 1. A block is in one place: in use, in one magazine, or free in its chunk's map. Else it is handed out twice.
//! 2. A chunk is given up only while all its blocks are free in its map. Else someone's block loses its bytes.
//! 3. The generation in a slot's first word never goes down. Else a late answer meets a later ask.
//!
//! All of this is behind the lock of [`Books`](super::Books).

use std::alloc::Layout;
use std::collections::BTreeMap;
use std::ptr::NonNull;

use super::CAPACITY;
use super::chunk::{Arenas, CHUNK, os};
use super::depot::Magazine;

/// The sizes of the blocks. A model has one: it fits all, and few atomics make it.
#[cfg(not(all(test, loom)))]
const SIZES: [usize; 15] =
    [64, 128, 192, 256, 320, 384, 448, 512, 640, 768, 896, 1024, 1536, 2048, 4096];
#[cfg(all(test, loom))]
const SIZES: [usize; 1] = [4096];

const FIRST_CELL: usize = 1 + SIZES.len();
const FIRST_SLOT: usize = FIRST_CELL + SIZES.len();

/// How many classes there are: nodes, and each size for what is plain, for cells, and for slots.
pub(crate) const CLASSES: usize = FIRST_SLOT + SIZES.len();

/// The largest alignment of a block.
pub(crate) const ALIGN: usize = 64;

/// Cells up to this size are kept ready ("small" in the configuration).
const SMALL: usize = 512;

/// The smallest blocks make the largest map.
const MAP: usize = CHUNK / ALIGN / 64;

/// What a block is for, and how large it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Class(u8);

impl Class {
    /// Message nodes: 64 bytes, and nothing else.
    pub(crate) const NODE: Class = Class(0);

    /// For payloads and whatever else has no class of its own. `None`: too large, or aligned to more than 64.
    pub(crate) const fn of(layout: Layout) -> Option<Class> {
        Self::find(1, layout)
    }

    /// For the cells of actors, which are counted and kept ready.
    pub(crate) const fn cell(layout: Layout) -> Option<Class> {
        Self::find(FIRST_CELL, layout)
    }

    /// For what may be looked at after it was freed: the block begins with an atomic u64 whose high half is a
    /// generation (0 at first). The memory of a slot never becomes anything else while the system lives, and the
    /// generation never goes down.
    #[cfg_attr(not(test), allow(dead_code, reason = "asks have a pool of their own so far"))]
    pub(crate) const fn slot(layout: Layout) -> Option<Class> {
        Self::find(FIRST_SLOT, layout)
    }

    #[expect(clippy::cast_possible_truncation, reason = "there are fewer than 256 classes")]
    const fn find(first: usize, layout: Layout) -> Option<Class> {
        if layout.align() > ALIGN {
            return None;
        }
        let mut index = 0;
        while index < SIZES.len() {
            if layout.size() <= SIZES[index] {
                return Some(Class((first + index) as u8));
            }
            index += 1;
        }
        None
    }

    pub(super) fn all() -> impl Iterator<Item = Class> {
        (0..CLASSES).filter_map(|index| u8::try_from(index).ok()).map(Class)
    }

    #[inline(always)]
    pub(super) const fn index(self) -> usize {
        self.0 as usize
    }

    /// The size of a block.
    pub(crate) const fn size(self) -> usize {
        if self.index() == 0 { 64 } else { SIZES[(self.index() - 1) % SIZES.len()] }
    }

    pub(super) const fn per_chunk(self) -> usize {
        CHUNK / self.size()
    }

    /// How many blocks a magazine of this class holds: 64, but no more than 16 KiB if that is at least 4.
    pub(super) const fn magazine(self) -> u32 {
        let fitting = 16 * 1024 / self.size();
        let most = if fitting < CAPACITY { fitting } else { CAPACITY };
        #[expect(clippy::cast_possible_truncation, reason = "at most `CAPACITY`")]
        let most = most as u32;
        most
    }

    pub(super) const fn is_cell(self) -> bool {
        self.index() >= FIRST_CELL && !self.is_slot()
    }

    pub(super) const fn is_slot(self) -> bool {
        self.index() >= FIRST_SLOT
    }

    pub(super) const fn is_small_cell(self) -> bool {
        self.is_cell() && self.size() <= SMALL
    }
}

const _: () = assert!(CLASSES <= 256 && Class::NODE.size() == ALIGN);

/// One chunk of a class.
struct Chunk {
    base: NonNull<u8>,
    /// A bit for each free block.
    map: [u64; MAP],
    free: usize,
    /// Slots only: the highest generation that was in it when its pages went back.
    generation: u32,
    /// Slots only: its pages are with the operating system.
    away: bool,
}

// SAFETY: a piece of an arena, bound to no thread.
unsafe impl Send for Chunk {}

impl Chunk {
    fn new(base: NonNull<u8>, class: Class) -> Self {
        let map = std::array::from_fn(|word| match class.per_chunk().saturating_sub(word * 64) {
            0 => 0,
            blocks if blocks < 64 => (1 << blocks) - 1,
            _ => u64::MAX,
        });
        Self { base, map, free: class.per_chunk(), generation: 0, away: false }
    }

    fn block(&self, class: Class, index: usize) -> NonNull<u8> {
        debug_assert!(index < class.per_chunk());
        // SAFETY: `index` is that of a block, so this stays inside the chunk.
        unsafe { self.base.add(index * class.size()) }
    }

    /// Takes the lowest free blocks until `run` is full or none is left; says how many `run` holds then.
    fn take(&mut self, class: Class, run: &mut Run) {
        for word in 0..MAP {
            while self.map[word] != 0 && !run.is_full() {
                let index = word * 64 + self.map[word].trailing_zeros() as usize;
                self.map[word] &= self.map[word] - 1;
                self.free -= 1;
                let block = self.block(class, index);
                if self.generation != 0 {
                    // SAFETY: a free block of a slot class: it begins with a generation word, and is ours.
                    unsafe { os::raise_generation(block, self.generation) };
                }
                run.push(block);
            }
        }
    }

    fn give(&mut self, class: Class, block: NonNull<u8>) {
        let index = (block.addr().get() - self.base.addr().get()) / class.size();
        let bit = 1 << (index % 64);
        debug_assert_eq!(self.map[index / 64] & bit, 0, "a block was given back twice");
        self.map[index / 64] |= bit;
        self.free += 1;
    }

    /// Its pages go back; the chunk stays what it is.
    fn send_away(&mut self, class: Class) {
        for index in 0..class.per_chunk() {
            // SAFETY: a free block of a slot class: it begins with a generation word.
            let generation = unsafe { os::generation(self.block(class, index)) };
            self.generation = self.generation.max(generation);
        }
        self.away = true;
        // SAFETY: all blocks are free (caller), and what must be remembered of them was noted above.
        unsafe { os::discard(self.base, CHUNK) };
    }
}

/// Blocks on their way from chunks into a magazine.
pub(super) struct Run {
    blocks: [Option<NonNull<u8>>; CAPACITY],
    len: usize,
    want: usize,
}

impl Run {
    pub(super) fn new(class: Class) -> Self {
        Self { blocks: [None; CAPACITY], len: 0, want: class.magazine() as usize }
    }

    fn is_full(&self) -> bool {
        self.len == self.want
    }

    fn push(&mut self, block: NonNull<u8>) {
        self.blocks[self.len] = Some(block);
        self.len += 1;
    }

    /// Loads the empty `magazine` so that the lowest address is taken first; says how many it holds.
    ///
    /// # Safety
    /// The magazine is the caller's.
    pub(super) unsafe fn load(self, magazine: &Magazine) -> u32 {
        let mut count = 0;
        for block in self.blocks[..self.len].iter().rev().flatten() {
            // SAFETY: the caller's; `count` is below the capacity, for `blocks` is no larger.
            unsafe { magazine.set(count, *block) };
            count += 1;
        }
        count
    }
}

/// All that a class owns.
pub(super) struct Stock {
    class: Class,
    /// By address, so that low ones are filled first and high ones become free.
    chunks: BTreeMap<usize, Chunk>,
    /// No chunk below has a free block.
    hint: usize,
    /// Chunks that are not away.
    present: usize,
    /// Blocks that stay, once the class is in use.
    floor: usize,
    /// Idle magazines out of the depot, not yet put back into the maps: the first of a chain.
    pub(super) pending: u32,
}

impl Stock {
    pub(super) fn new(class: Class, floor: usize) -> Self {
        Self { class, chunks: BTreeMap::new(), hint: 0, present: 0, floor, pending: 0 }
    }

    /// Blocks owned, free or not.
    pub(super) fn blocks(&self) -> usize {
        self.present * self.class.per_chunk()
    }

    /// Chunks that could be given up.
    pub(super) fn surplus(&self) -> usize {
        self.present.saturating_sub(self.floor.div_ceil(self.class.per_chunk()))
    }

    pub(super) fn bytes(&self) -> usize {
        self.present * CHUNK
    }

    /// Owns one more chunk, and its floor.
    pub(super) fn grow(&mut self, arenas: &mut Arenas) {
        loop {
            let base = arenas.take(self.class.is_slot());
            let address = base.addr().get();
            self.chunks.insert(address, Chunk::new(base, self.class));
            self.hint = self.hint.min(address);
            self.present += 1;
            if self.blocks() >= self.floor {
                break;
            }
        }
    }

    /// A run of free blocks in address order.
    pub(super) fn cut(&mut self, arenas: &mut Arenas) -> Run {
        let mut run = Run::new(self.class);
        while !run.is_full() {
            match self.chunks.range_mut(self.hint..).find(|(_, chunk)| chunk.free > 0) {
                Some((&address, chunk)) => {
                    self.present += usize::from(chunk.away);
                    chunk.away = false;
                    chunk.take(self.class, &mut run);
                    self.hint = address;
                }
                None if run.len > 0 => break,
                None => {
                    self.hint = usize::MAX;
                    self.grow(arenas);
                }
            }
        }
        run
    }

    /// Puts `block` back into the map of its chunk.
    pub(super) fn give(&mut self, block: NonNull<u8>) {
        let address = block.addr().get() & !(CHUNK - 1);
        let chunk = self.chunks.get_mut(&address);
        debug_assert!(chunk.is_some(), "a block of another system or class");
        if let Some(chunk) = chunk {
            chunk.give(self.class, block);
            self.hint = self.hint.min(address);
        }
    }

    /// Gives up chunks that are wholly free. The lowest ones are the floor and stay.
    pub(super) fn give_up(&mut self, arenas: &mut Arenas) {
        let surplus =
            if crate::sync::mutant("trim_below_floor") { self.present } else { self.surplus() };
        let whole = self.class.per_chunk();
        let present = self.chunks.iter_mut().rev().filter(|(_, chunk)| !chunk.away);
        let mut free = Vec::new();
        for (&address, chunk) in present.take(surplus).filter(|(_, chunk)| chunk.free == whole) {
            self.present -= 1;
            if self.class.is_slot() {
                chunk.send_away(self.class);
            } else {
                free.push(address);
            }
        }
        for address in free {
            if let Some(chunk) = self.chunks.remove(&address) {
                arenas.give(chunk.base);
            }
        }
    }
}
