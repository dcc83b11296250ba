//! Who waits for whom: which replies the handlers of suspended actors await, so that a cycle is found when it would close.
//!
//! An edge leads from an actor to whoever has to act before its ask can be answered (`holder`): the actor in whose mailbox or
//! handler the message is; nobody, once the right to answer has left its handler. Under one lock an edge is added and the
//! cycle is looked for, so the last edge of a cycle finds it. An edge counts while its ask is open, which the slot's
//! generation tells; all edges of an actor go when its handler ends.

use std::cell::Cell;
use std::collections::HashMap;

use super::ask::{AskPtr, Asked};
use super::local::Local;
use super::refs::CellRef;
use crate::message::ActorId;
use crate::sync::atomic::Ordering;
use crate::sync::{Mutex, lock};

/// See the module. By the asker's id.
#[derive(Default)]
pub(crate) struct Waits(Mutex<HashMap<u64, Vec<Edge>>>);

type Edge = (AskPtr, u32);

/// Whom this ask waits for; `None` when it is over, or nobody can say.
fn holder((slot, generation): Edge) -> Option<u64> {
    let holder = slot.holder.load(Ordering::Relaxed);
    (slot.slot.gate().open() == Some(generation) && holder != 0).then_some(holder)
}

impl Waits {
    /// `asker` waits for this ask. Gives the cycle that this would close, the asker first, and then does not add it.
    fn add(&self, asker: u64, edge: Edge) -> Option<Vec<ActorId>> {
        let mut waits = lock(&self.0);
        if let Some(cycle) = holder(edge).and_then(|first| cycle(&waits, asker, first)) {
            return Some(cycle);
        }
        let edges = waits.entry(asker).or_default();
        let same = |other: &Edge| std::ptr::eq(&raw const *other.0, &raw const *edge.0);
        edges.retain(|other| holder(*other).is_some() && !same(other));
        edges.push(edge);
        None
    }

    /// Whom this actor waits for.
    pub(super) fn of(&self, asker: ActorId) -> Vec<ActorId> {
        let waits = lock(&self.0);
        let edges = waits.get(&asker.as_raw()).into_iter().flatten();
        edges.filter_map(|edge| holder(*edge)).map(ActorId::from_raw).collect()
    }

    /// The handler of this actor has ended.
    pub(super) fn forget(&self, asker: ActorId) {
        lock(&self.0).remove(&asker.as_raw());
    }
}

/// The way from `first` back to `asker`, if there is one.
fn cycle(waits: &HashMap<u64, Vec<Edge>>, asker: u64, first: u64) -> Option<Vec<ActorId>> {
    if first != asker && !waits.contains_key(&first) {
        return None; // mostly: nothing is allocated
    }
    // Who waits for whom, on the way from the first.
    let mut before = HashMap::from([(first, asker)]);
    let mut left = vec![first];
    while let Some(actor) = left.pop() {
        if actor == asker {
            let step = |at: &u64| before.get(at).copied().filter(|before| *before != asker);
            let mut way: Vec<u64> = std::iter::successors(Some(asker), step).collect();
            way[1..].reverse();
            return Some(way.into_iter().map(ActorId::from_raw).collect());
        }
        for next in waits.get(&actor).into_iter().flatten().filter_map(|edge| holder(*edge)) {
            if let std::collections::hash_map::Entry::Vacant(new) = before.entry(next) {
                new.insert(actor);
                left.push(next);
            }
        }
    }
    None
}

/// The actor whose handler's future is polled on a thread, and whether that waits for a reply.
#[derive(Default)]
pub(super) struct Polling {
    actor: Cell<u64>,
    waits: Cell<bool>,
}

impl Local {
    /// The future of the running handler is about to be polled.
    #[inline(always)]
    pub(super) fn begin_poll(&self) {
        self.polling.actor.set(self.current());
        self.polling.waits.set(false);
    }

    /// It was polled. Whether it waits for a reply.
    #[inline(always)]
    pub(super) fn end_poll(&self) -> bool {
        self.polling.actor.set(0);
        self.polling.waits.get()
    }

    /// Whether it is this actor's handler whose future is polled, and nothing within that (a hook of a child).
    pub(crate) fn polls(&self, actor: u64) -> bool {
        actor != 0 && self.polling.actor.get() == actor && self.current() == actor
    }
}

/// A wait that blocks the thread of the running handler. Dropped, it is over.
#[must_use]
pub(crate) struct Blocks(Option<CellRef>);

impl Drop for Blocks {
    fn drop(&mut self) {
        if let Some(asker) = &self.0 {
            asker.core().waits.forget(asker.id);
        }
    }
}

impl<R> Asked<R> {
    /// The running handler waits for the reply, and blocks its thread (that of a pinned actor). If it is that of the asker and
    /// this would close a cycle: gives that.
    pub(crate) fn blocks(&self, local: &Local) -> Result<Blocks, Vec<ActorId>> {
        let asker = self.slot.asker.load(Ordering::Relaxed);
        if asker == 0 || local.current() != asker {
            return Ok(Blocks(None));
        }
        if let Some(cycle) = self.begins_to_wait(asker, local) {
            return Err(cycle);
        }
        // The waits of an async handler go when that ends.
        let forgets = !local.polls(asker);
        let ids = &self.target().core().ids;
        Ok(Blocks(if forgets { ids.resolve(ActorId::from_raw(asker)) } else { None }))
    }

    /// The reply is awaited by whoever polls it. If that is the handler of the asker: gives the cycle that this would close.
    pub(crate) fn awaited(&self, local: &Local) -> Option<Vec<ActorId>> {
        let asker = self.slot.asker.load(Ordering::Relaxed);
        if !local.polls(asker) {
            return None;
        }
        local.polling.waits.set(true);
        self.begins_to_wait(asker, local)
    }

    fn begins_to_wait(&self, asker: u64, local: &Local) -> Option<Vec<ActorId>> {
        let edge = (self.slot, self.generation);
        let cycle = self.target().core().waits.add(asker, edge);
        if cycle.is_none()
            && let Some(first) = holder(edge)
        {
            // Those who are muted in a cycle with it run again.
            self.target().break_cycle_of(asker, first, local);
        }
        cycle
    }
}
