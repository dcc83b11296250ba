//! What is idle goes back: from the depots into the maps of the chunks, and whole chunks to the operating system.
//!
//! A period lies between two calls. What lay in a depot for all of it was not needed: the depot's low-water mark. A
//! magazine carries the period of its push, so nobody counts. Only magazines in a depot are looked at; those in the
//! hands of threads stay there, at most two for each class.

use super::rack::Hand;
use super::{Books, Class, Memory};
use crate::sync::atomic::Ordering::Relaxed;

/// How many magazines one call takes apart: some half a millisecond, with what goes back to the operating system then.
const STEP: usize = 512;

/// What [`Memory::trim`] leaves.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trimmed {
    /// Nothing is left to give back until the system works again.
    Done,
    /// There is something that was used in the period that has ended: call again after the next.
    Later,
    /// There is more that was idle: call again as soon as there is nothing better to do.
    Again,
}

impl Books {
    /// Some magazines are set aside and not yet taken apart: a period does not end before that is done.
    fn is_unfinished(&self) -> bool {
        self.stocks.iter().any(|stock| stock.pending != 0)
    }
}

impl Memory {
    /// Ends a period, and gives back what was idle for all of it, down to the floors; in steps, so that no call takes
    /// much longer than half a millisecond. One load when nothing is above its floor.
    ///
    /// The time between two calls is what "idle" means; some 100 ms are a good measure. Calls of several workers count
    /// alike.
    pub(crate) fn trim(&self) -> Trimmed {
        if self.surplus.load(Relaxed) == 0 {
            return Trimmed::Done;
        }
        let mut books = self.books();
        if !books.is_unfinished() {
            for class in Class::all() {
                let stock = &mut books.stocks[class.index()];
                if stock.surplus() > 0 {
                    stock.pending = self.set_aside(class);
                }
            }
            self.period.store(self.period.load(Relaxed).wrapping_add(1), Relaxed);
        }
        let hand = Hand::new();
        let mut left = STEP;
        for class in Class::all() {
            self.take_apart(class, &mut books, &hand, &mut left);
        }
        hand.flush(&self.racks);
        if books.is_unfinished() {
            return Trimmed::Again;
        }
        if left < STEP {
            books.shelves.give_up(&self.racks);
        }
        let mut stocks = books.stocks.iter().zip(&self.depots);
        if stocks.any(|(stock, depot)| stock.surplus() > 0 && !depot.is_empty()) {
            Trimmed::Later
        } else {
            Trimmed::Done
        }
    }

    /// Takes the magazines out of the depot that lay there for the whole period. Whoever finds it empty meanwhile waits
    /// for the lock, and looks again then.
    fn set_aside(&self, class: Class) -> u32 {
        let depot = &self.depots[class.index()];
        let period = self.period.load(Relaxed);
        let top = depot.take_all();
        let mut first = top;
        let mut bottom = None;
        while first != 0 {
            let magazine = self.racks.at(first);
            if magazine.stamp() != period || crate::sync::mutant("trim_forgets_the_period") {
                break;
            }
            bottom = Some(magazine);
            first = magazine.next();
        }
        if let Some(bottom) = bottom {
            depot.push_chain(self.racks.at(top), bottom);
        }
        first
    }

    /// Puts the blocks of at most `left` magazines that were set aside back into the maps, and gives up chunks that are
    /// free then.
    fn take_apart(&self, class: Class, books: &mut Books, hand: &Hand, left: &mut usize) {
        let stock = &mut books.stocks[class.index()];
        let before = (stock.surplus(), *left);
        while *left > 0 {
            let Some(magazine) = self.unlink(&mut stock.pending) else { break };
            *left -= 1;
            for index in 0..magazine.count() {
                // SAFETY: set aside, so under our lock, with that many blocks.
                stock.give(unsafe { magazine.get(index) });
            }
            hand.put(&self.racks, magazine);
        }
        if *left < before.1 {
            stock.give_up(&mut books.arenas);
            self.note_surplus(before.0, stock.surplus());
        }
    }
}
