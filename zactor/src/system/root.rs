//! Top-level actors: lists sharded by id, so that spawning and ending at many threads do not meet; and their stop, one by
//! one, when the system goes.

use crate::cell::state::order;
use crate::cell::{CellRef, Family, Local};
use crate::message::ActorId;
use crate::sync::{Mutex, lock};

use super::Core;

const SHARDS: usize = if cfg!(all(test, loom)) { 2 } else { 16 };

/// See the module.
pub(crate) struct Root {
    shards: [Mutex<Family>; SHARDS],
    closing: Mutex<Closing>,
}

/// The system goes: who is still to be stopped, and who is being stopped now.
#[derive(Default)]
struct Closing {
    /// By start, the youngest last.
    left: Vec<CellRef>,
    current: Option<ActorId>,
    orders: u64,
    begun: bool,
}

impl Root {
    pub(super) fn new() -> Self {
        Root { shards: std::array::from_fn(|_| Mutex::default()), closing: Mutex::default() }
    }

    fn shard(&self, id: ActorId) -> &Mutex<Family> {
        &self.shards[id.slot() as usize % SHARDS]
    }

    /// A new top-level actor. False: the system goes.
    #[must_use]
    pub(super) fn join(&self, cell: &CellRef) -> bool {
        lock(self.shard(cell.id)).add(cell)
    }

    /// All top-level actors, by their start.
    pub(super) fn members(&self) -> Vec<CellRef> {
        let mut members: Vec<_> =
            self.shards.iter().flat_map(|shard| lock(shard).members()).collect();
        members.sort_unstable_by_key(|cell| cell.sequence);
        members
    }

    /// A top-level actor has ended.
    pub(crate) fn leave(&self, core: &Core, local: &Local, cell: &CellRef) {
        lock(self.shard(cell.id)).remove(cell);
        self.advance(core, local, cell.id);
    }

    /// No further actor is taken, and those that live get `orders` one by one, the youngest first.
    pub(super) fn close(&self, core: &Core, orders: u64) {
        let too_early = cfg!(zactor_mutant = "members_before_close").then(|| self.members());
        for shard in &self.shards {
            lock(shard).close();
        }
        {
            let members = too_early.unwrap_or_else(|| self.members());
            let mut closing = lock(&self.closing);
            closing.left = members;
            closing.orders = orders;
            closing.begun = true;
            closing.current = Some(ActorId::NONE);
        }
        Local::with(core, |local| self.advance(core, local, ActorId::NONE));
    }

    /// `ended` has ended; if it is the one that was waited for, the next one's turn has come.
    fn advance(&self, core: &Core, local: &Local, mut ended: ActorId) {
        loop {
            let (next, orders) = {
                let mut closing = lock(&self.closing);
                if !closing.begun || closing.current != Some(ended) {
                    return;
                }
                let next = closing.left.pop();
                closing.current = next.as_ref().map(|cell| cell.id);
                (next, closing.orders)
            };
            let Some(cell) = next else {
                core.life.all_ended();
                return;
            };
            let task = if orders & order::DRAIN != 0 {
                cell.order_drain(orders)
            } else {
                cell.order(orders)
            };
            if let Some(task) = task {
                core.scheduler.schedule(local, task);
            }
            // It may have ended, and left, before it was the one that is waited for.
            if !cell.state().is_ended() {
                return;
            }
            ended = cell.id;
        }
    }
}
