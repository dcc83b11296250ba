//! An actor that waits, and counts that it has started and what it is told.

use zactor::prelude::*;

use super::stream::Item;
use crate::tally::Tally;

/// Its state are eight bytes, and the two tallies that no idle actor would need but the measurement does.
#[actor(Item, lifecycle)]
#[derive(Debug)]
pub struct Idle {
    /// The eight bytes.
    pub state: u64,
    /// Counts those who have started.
    pub started: Tally,
    /// Adds up what was told.
    pub told: Tally,
}

impl Lifecycle for Idle {
    fn pre_start(&mut self, _: &mut Context<Self>) -> Result<(), Failure> {
        self.started.count();
        Ok(())
    }
}

impl Handler<Item> for Idle {
    fn handle(&mut self, Item(item): Item, _: &mut Context<Self>) {
        let old = self.state;
        self.state = old.wrapping_add(item.value);
        self.told.add(self.state - old);
    }
}
