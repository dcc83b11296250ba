//! Messages that are accounted for one by one: handled at most once, dropped exactly once, and the equation S5.

use std::fmt::{self, Debug};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering::Relaxed};

use zactor::MessageCounts;
use zactor::prelude::*;

/// Where every message of a test leaves its traces, by number.
pub struct Ledger {
    handled: Vec<AtomicU8>,
    returned: Vec<AtomicU8>,
    dropped: Vec<AtomicU8>,
    drops: AtomicU64,
}

impl Debug for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ledger({} of {} dropped)", self.drops(), self.dropped.len())
    }
}

impl Ledger {
    /// A ledger for the messages `0..messages`.
    #[must_use]
    pub fn new(messages: usize) -> Arc<Self> {
        let column = || (0..messages).map(|_| AtomicU8::new(0)).collect();
        Arc::new(Self {
            handled: column(),
            returned: column(),
            dropped: column(),
            drops: AtomicU64::new(0),
        })
    }

    /// The message number `id`, sent by `from`. Each number is made once.
    #[must_use]
    pub fn item(self: &Arc<Self>, id: u32, from: u32) -> Item {
        Item { ledger: Arc::clone(self), id, from }
    }

    /// How many messages have been handled.
    #[must_use]
    pub fn handled(&self) -> u64 {
        total(&self.handled)
    }

    /// How many messages a refused send gave back.
    #[must_use]
    pub fn returned(&self) -> u64 {
        total(&self.returned)
    }

    /// How many destructors have run; cheap, for waiting.
    #[must_use]
    pub fn drops(&self) -> u64 {
        self.drops.load(Relaxed)
    }

    /// Whether message `id` has been handled.
    #[must_use]
    pub fn was_handled(&self, id: u32) -> bool {
        self.handled[id as usize].load(Relaxed) != 0
    }

    /// Every message in `made` was dropped once, handled at most once, and never both handled and given back.
    ///
    /// # Panics
    /// Naming the first message for which this is not so.
    #[track_caller]
    pub fn check(&self, made: std::ops::Range<usize>) {
        for id in made {
            let dropped = self.dropped[id].load(Relaxed);
            let handled = self.handled[id].load(Relaxed);
            let returned = self.returned[id].load(Relaxed);
            assert_eq!(
                dropped, 1,
                "message {id}: destructor ran {dropped} times (handled {handled})"
            );
            assert!(
                handled + returned <= 1,
                "message {id}: handled {handled} times, given back {returned} times"
            );
        }
    }

    /// [`check`](Self::check) for all.
    ///
    /// # Panics
    /// Naming the first message for which this is not so.
    #[track_caller]
    pub fn check_all(&self) {
        self.check(0..self.dropped.len());
    }
}

fn total(column: &[AtomicU8]) -> u64 {
    column.iter().map(|cell| u64::from(cell.load(Relaxed))).sum()
}

/// A message with a number; 16 bytes, travels inline.
#[derive(Message)]
pub struct Item {
    ledger: Arc<Ledger>,
    /// Its number.
    pub id: u32,
    /// Who sent it.
    pub from: u32,
}

impl Debug for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Item({} from {})", self.id, self.from)
    }
}

impl Item {
    /// To be called by the handler.
    pub fn handle(&self) {
        self.ledger.handled[self.id as usize].fetch_add(1, Relaxed);
    }

    /// To be called by the sender that got it back.
    pub fn give_back(self) {
        self.ledger.returned[self.id as usize].fetch_add(1, Relaxed);
    }
}

impl Drop for Item {
    fn drop(&mut self) {
        self.ledger.dropped[self.id as usize].fetch_add(1, Relaxed);
        self.ledger.drops.fetch_add(1, Relaxed);
    }
}

/// The equation S5.
///
/// # Panics
/// When it does not hold.
#[track_caller]
pub fn balanced(counts: &MessageCounts) {
    balanced_but_for(counts, 0);
}

/// The equation S5 while handlers stand with so many messages, which are accepted and nothing else yet.
///
/// # Panics
/// When it does not hold.
#[track_caller]
pub fn balanced_but_for(counts: &MessageCounts, in_handlers: u64) {
    assert_eq!(counts.offered, counts.accepted + counts.rejected, "offered: {counts:?}");
    let ended = counts.handled + counts.failed + counts.dead_lettered + counts.evicted;
    assert_eq!(counts.accepted, ended + counts.queued + in_handlers, "accepted: {counts:?}");
}

/// The equation S5 where nothing is queued any more.
///
/// # Panics
/// When it does not hold.
#[track_caller]
pub fn balanced_at_rest(counts: &MessageCounts) {
    assert_eq!(counts.queued, 0, "{counts:?}");
    balanced(counts);
}
