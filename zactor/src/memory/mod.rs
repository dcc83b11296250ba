//! Layer 4: where nodes, cells, payloads and slots come from and go back to.
//!
//! ```text
//!   thread                     system: `Memory`
//!  Magazines ⇄ 64 at a time ⇄ Depot ──── trim ───▶ maps of free blocks ──▶ chunks ──▶ arenas ──▶ operating system
//!   hot, spare                 lock-free   ◀─ load ─  in address order       64 KiB
//! ```
//! A block is taken from and given to the thread's own [`Magazines`]: a few instructions, no atomic operation. Every 64
//! blocks a magazine changes hands through a depot, by one. What nobody has needed for a period goes back, block by
//! block, into the maps of the chunks ([`Memory::trim`]), and whole chunks and arenas from there to the operating
//! system. A block may be given back on any thread of the same system.
//!
//! * `magazine.rs`: what a thread keeps.
//! * `depot.rs`: how magazines change hands, lock-free; `rack.rs`: where they stand, and the empty ones.
//! * `slab.rs`: size classes and the chunks that they own.
//! * `chunk.rs`: arenas of address space, cut into chunks. `trim.rs`: what is idle goes back.
//!
//! Handed upward: [`Memory`], [`Magazines`], [`Class`], [`Counts`], [`Usage`], [`Trimmed`].

mod chunk;
mod depot;
mod magazine;
mod rack;
mod slab;
mod trim;

#[cfg(all(test, loom))]
mod models;
#[cfg(all(test, not(loom)))]
mod tests;

use std::io;

use crate::sync::atomic::{AtomicU32, AtomicUsize, Ordering::Relaxed};
use crate::sync::{Mutex, MutexGuard, lock};
use chunk::Arenas;
use depot::{Depot, Magazine};
use rack::{Racks, Shelves};
use slab::{CLASSES, Stock};

pub(crate) use magazine::{Counts, Magazines};
pub(crate) use slab::Class;
pub(crate) use trim::Trimmed;

/// Blocks of a magazine, at most.
pub(crate) const CAPACITY: usize = if cfg!(all(test, loom)) { 2 } else { 64 };

/// The memory of one system. Dropped, it is gone, whatever of it is still in use.
pub(crate) struct Memory {
    depots: [Depot; CLASSES],
    racks: Racks,
    /// The time between two trims.
    period: AtomicU32,
    /// Chunks above the floors; 0: nothing to trim.
    surplus: AtomicUsize,
    books: Mutex<Books>,
}

/// What is rarely touched, under a lock.
struct Books {
    arenas: Arenas,
    stocks: [Stock; CLASSES],
    shelves: Shelves,
}

/// What a system holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    /// Address space.
    pub(crate) arena_bytes: u64,
    /// Chunks that belong to a class: no more memory than this is resident, but for what magazines need.
    pub(crate) chunk_bytes: u64,
    pub(crate) nodes_in_use: u64,
    pub(crate) nodes_pooled: u64,
    pub(crate) cells_in_use: u64,
    pub(crate) cells_pooled: u64,
}

impl Memory {
    /// Takes address space in units of `arena_size` bytes (rounded up to 64 KiB), the first at once. `message_floor`
    /// nodes are there from the start, and `cell_floor` cells of each class up to 512 bytes from its first cell on;
    /// they are not given back.
    pub(crate) fn new(arena_size: usize, message_floor: u32, cell_floor: u32) -> io::Result<Self> {
        let mut arenas = Arenas::new(arena_size)?;
        let mut classes = Class::all();
        let mut stocks = std::array::from_fn(|_| {
            let Some(class) = classes.next() else { unreachable!("one for each class") };
            let floor = match class {
                Class::NODE => message_floor,
                class if class.is_small_cell() => cell_floor,
                _ => 0,
            };
            Stock::new(class, floor as usize)
        });
        if message_floor > 0 {
            stocks[Class::NODE.index()].grow(&mut arenas);
        }
        Ok(Self {
            depots: std::array::from_fn(|_| Depot::new()),
            racks: Racks::new(),
            period: AtomicU32::new(0),
            surplus: AtomicUsize::new(0),
            books: Mutex::new(Books { arenas, stocks, shelves: Shelves::new() }),
        })
    }

    /// Whether anything is above its floor, so that a trim may give something back.
    pub(crate) fn has_surplus(&self) -> bool {
        self.surplus.load(Relaxed) != 0
    }

    /// What the system holds; `counts` is the sum over its threads, ended ones included.
    pub(crate) fn usage(&self, counts: Counts) -> Usage {
        let books = self.books();
        let stocks = Class::all().map(|class| (class, &books.stocks[class.index()]));
        let (mut chunk_bytes, mut nodes, mut cells) = (0, 0, 0);
        for (class, stock) in stocks {
            chunk_bytes += stock.bytes();
            match class {
                Class::NODE => nodes += stock.blocks(),
                class if class.is_cell() => cells += stock.blocks(),
                _ => {}
            }
        }
        Usage {
            arena_bytes: books.arenas.bytes() as u64,
            chunk_bytes: chunk_bytes as u64,
            nodes_in_use: counts.nodes(),
            nodes_pooled: (nodes as u64).saturating_sub(counts.nodes()),
            cells_in_use: counts.cells(),
            cells_pooled: (cells as u64).saturating_sub(counts.cells()),
        }
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        lock(&self.books)
    }

    /// A loaded magazine, if one is ready.
    fn pop(&self, class: Class) -> Option<&Magazine> {
        self.depots[class.index()].pop(&self.racks)
    }

    /// A magazine of the caller's with `count` blocks of the class goes to the depot.
    fn push(&self, class: Class, magazine: &Magazine, count: u32) {
        magazine.label(count, self.period.load(Relaxed));
        self.depots[class.index()].push(magazine);
    }

    /// Loads an empty magazine: from the depot, if something has come meanwhile, from what `trim` has set aside, or
    /// with free blocks in address order. Returns how many.
    ///
    /// # Safety
    /// The magazine is the caller's and empty.
    #[cold]
    unsafe fn load(&self, class: Class, magazine: &Magazine) -> u32 {
        let mut books = self.books();
        let stock = &mut books.stocks[class.index()];
        let loaded = self.pop(class).or_else(|| self.unlink(&mut stock.pending));
        if let Some(loaded) = loaded {
            let count = loaded.count();
            for index in 0..count {
                // SAFETY: just taken, so ours, with that many blocks.
                let block = unsafe { loaded.get(index) };
                // SAFETY: the caller's.
                unsafe { magazine.set(index, block) };
            }
            self.racks.push_empties(loaded, 0);
            return count;
        }
        let books = &mut *books;
        let stock = &mut books.stocks[class.index()];
        let before = stock.surplus();
        let run = stock.cut(&mut books.arenas);
        self.note_surplus(before, stock.surplus());
        // SAFETY: the caller's.
        unsafe { run.load(magazine) }
    }

    /// The first of a chain that is under the lock.
    fn unlink(&self, chain: &mut u32) -> Option<&Magazine> {
        if *chain == 0 {
            return None;
        }
        let first = self.racks.at(*chain);
        *chain = first.next();
        Some(first)
    }

    fn note_surplus(&self, before: usize, after: usize) {
        // Written under the lock.
        self.surplus.store(self.surplus.load(Relaxed) + after - before, Relaxed);
    }

    /// Empty magazines for the caller.
    fn pop_empties(&self) -> (&Magazine, u32) {
        self.racks.pop_empties().unwrap_or_else(|| {
            let mut books = self.books();
            // Another thread may have got them while this one waited.
            self.racks.pop_empties().unwrap_or_else(|| books.shelves.bundle(&self.racks))
        })
    }
}
