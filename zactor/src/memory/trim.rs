//! What is idle goes back: from the depots into the maps of the chunks, and whole chunks to the operating system.
//!
//! A period lies between two calls. What lay in a depot for all of it was not needed: the depot's low-water mark. A
//! magazine carries the period of its push, so nobody counts. Only magazines in a depot are looked at; those in the
//! hands of threads stay there, at most two for each class.

use super::rack::Hand;
use super::{Books, Class, Memory};
use crate::sync::atomic::Ordering::Relaxed;

/// How many magazines one call takes apart: half a millisecond.
const STEP: usize = 1024;

/// What [`Memory::trim`] leaves.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trimmed {
    /// Nothing is left to give back until the system works again.
    Done,
    /// A later call may give more back: call again after a while.
    More,
}

impl Memory {
    /// Ends a period and gives back what was idle for all of it, down to the floors; in steps of at most half a
    /// millisecond. One load when nothing is above its floor.
    ///
    /// The time between two calls is what "idle" means: some 100 ms are a good measure, and calls of several workers
    /// count alike.
    pub(crate) fn trim(&self) -> Trimmed {
        if self.surplus.load(Relaxed) == 0 {
            return Trimmed::Done;
        }
        let mut books = self.books();
        let hand = Hand::new();
        let mut left = STEP;
        let mut more = false;
        for class in Class::all() {
            let stock = &mut books.stocks[class.index()];
            if stock.surplus() == 0 && stock.pending == 0 {
                continue;
            }
            if stock.pending == 0 {
                let idle = self.set_aside(class);
                stock.pending = idle.first;
                more |= idle.others;
            }
            more |= self.take_apart(class, &mut books, &hand, &mut left);
        }
        hand.flush(&self.racks);
        if left < STEP && books.stocks.iter().all(|stock| stock.pending == 0) {
            books.shelves.give_up(&self.racks);
        }
        self.period.store(self.period.load(Relaxed).wrapping_add(1), Relaxed);
        if more { Trimmed::More } else { Trimmed::Done }
    }

    /// Takes the magazines out of the depot that lay there for the whole period. Whoever finds it empty meanwhile waits
    /// for the lock, and looks again then.
    fn set_aside(&self, class: Class) -> Idle {
        let depot = &self.depots[class.index()];
        let period = self.period.load(Relaxed);
        let top = depot.take_all();
        let mut first = top;
        let mut bottom = None;
        while first != 0 {
            let magazine = self.racks.at(first);
            if magazine.stamp() != period {
                break;
            }
            bottom = Some(magazine);
            first = magazine.next();
        }
        if let Some(bottom) = bottom {
            depot.push_chain(self.racks.at(top), bottom);
        }
        Idle { first, others: bottom.is_some() }
    }

    /// Puts the blocks of at most `left` magazines that were set aside back into the maps, and gives up chunks that are
    /// free then. Says whether some are left.
    fn take_apart(&self, class: Class, books: &mut Books, hand: &Hand, left: &mut usize) -> bool {
        let stock = &mut books.stocks[class.index()];
        while *left > 0 {
            let Some(magazine) = self.unlink(&mut stock.pending) else { break };
            *left -= 1;
            for index in 0..magazine.count() {
                // SAFETY: set aside, so under our lock, with that many blocks.
                stock.give(unsafe { magazine.get(index) });
            }
            hand.put(&self.racks, magazine);
        }
        let before = stock.surplus();
        stock.give_up(&mut books.arenas);
        self.note_surplus(before, stock.surplus());
        stock.pending != 0
    }
}

/// A chain of magazines, and whether the depot has others.
struct Idle {
    first: u32,
    others: bool,
}
