//! Back-pressure: an actor whose message was admitted above a mailbox's capacity does not run again until that mailbox is
//! at most half full.
//!
//! ```text
//! sender: own.by = [receiver, ..]   state: MUTED        receiver: muted = [(sender, round), ..]   state: MUTES
//! ```
//! 1. A sender is muted by each receiver in `by`; the last of them to let it go clears `MUTED` and wakes it. Both change
//!    under the lock of `own`, and before the receiver knows: else it is let go first and muted afterwards, for ever.
//! 2. The sender's entry at the receiver names a round: whoever lets the sender go for another reason begins a new one,
//!    and old entries mean nothing.
//! 3. After its entry stands, a sender looks at the receiver's count; after it has given room back, a receiver looks at
//!    its `MUTES` (state.rs, 6).
//! 4. An actor above its own capacity is not muted: whoever puts it there lets it go, and it looks at that after it was
//!    muted. So a cycle of full mailboxes goes on.
//! 5. Who waits for whom, by muting or by a blocking wait, has no cycle: whoever adds an edge looks for one next, and
//!    lets the muted go that are in it. Each lock is held for one actor's edges, so of two edges that close a cycle
//!    together the later one finds the earlier one.
//!
//! No lock is taken inside another, but for the state word's own steps.

use super::header::Header;
use super::local::Local;
use super::refs::CellRef;
use super::state::{Woken, order};
use super::task::Task;
use crate::message::ActorId;
use crate::sync::{Mutex, lock};

/// See the module.
#[derive(Default)]
pub(crate) struct Mutes {
    own: Mutex<Own>,
    /// Whom this actor has muted.
    muted: Mutex<Vec<(ActorId, u64)>>,
}

/// For whom an actor waits.
#[derive(Default)]
struct Own {
    round: u64,
    by: Vec<ActorId>,
    /// By a wait that blocks its handler's thread. (Those of suspended handlers stand in `Waits`.)
    waits: Option<ActorId>,
}

impl CellRef {
    fn mutes_if_made(&self) -> Option<&Mutes> {
        self.pressure_if_made().map(|pressure| &pressure.mutes)
    }

    /// A message of the running actor was admitted above this actor's capacity.
    pub(super) fn mute_sender(&self, local: &Local) {
        let sender = ActorId::from_raw(local.current());
        if sender == ActorId::NONE || sender == self.id {
            return;
        }
        if let Some(sender) = self.core().ids.resolve(sender) {
            self.mute(&sender, local);
        }
    }

    fn mute(&self, sender: &CellRef, local: &Local) {
        if sender.over() > 0 {
            return;
        }
        let mutes = &sender.rare().pressure().mutes;
        let round = {
            let mut own = lock(&mutes.own);
            if own.by.contains(&self.id) {
                return;
            }
            own.by.push(self.id);
            if !crate::sync::mutant("unmute_before_flag") {
                sender.state().raise(order::MUTED);
            }
            own.round
        };
        {
            let mut muted = lock(&self.rare().pressure().mutes.muted);
            muted.push((sender.id, round));
            self.state().raise(order::MUTES);
        }
        // The second looks (3, 4, 5).
        if self.is_closed() || self.is_half_empty() {
            self.let_all_go(local);
        }
        if sender.over() > 0 {
            sender.let_go(local);
        } else {
            break_cycle(sender, self.id, local);
        }
        if crate::sync::mutant("unmute_before_flag") {
            sender.state().raise(order::MUTED);
        }
    }

    /// Those whom this actor has muted run again.
    pub(super) fn let_all_go(&self, local: &Local) {
        let Some(mutes) = self.mutes_if_made() else { return };
        let mut gone = {
            let mut muted = lock(&mutes.muted);
            self.state().lower(order::MUTES);
            std::mem::take(&mut *muted)
        };
        for (sender, round) in gone.drain(..) {
            let Some(sender) = self.core().ids.resolve(sender) else { continue };
            let Some(theirs) = sender.mutes_if_made() else { continue };
            let woken = {
                let mut own = lock(&theirs.own);
                if own.round != round {
                    continue;
                }
                own.by.retain(|by| *by != self.id);
                if own.by.is_empty() { sender.state().unmute() } else { Woken::NotParked }
            };
            sender.go_on(local, woken);
        }
        // The list is used again, unless another one has begun.
        let mut muted = lock(&mutes.muted);
        if muted.capacity() == 0 {
            *muted = gone;
        }
    }

    /// This actor runs again, whoever has muted it.
    fn let_go(&self, local: &Local) {
        let Some(mutes) = self.mutes_if_made() else { return };
        let woken = {
            let mut own = lock(&mutes.own);
            if own.by.is_empty() {
                return;
            }
            own.by.clear();
            own.round += 1;
            self.state().unmute()
        };
        self.go_on(local, woken);
    }

    /// A message has gone in above the capacity of this actor: it is not to be muted.
    pub(super) fn let_go_for_over(&self, local: &Local) {
        if self.state().is_muted() {
            self.let_go(local);
        }
    }

    fn go_on(&self, local: &Local, woken: Woken) {
        if woken == Woken::Schedule {
            // SAFETY: the parked mark was cleared here, so this is the right to run.
            let task = unsafe { Task::new(self.as_ptr()) };
            self.core().scheduler.schedule(local, task);
        }
    }

    /// For whom this actor waits.
    fn waits_for(&self) -> Vec<ActorId> {
        let mut all = self.core().waits.of(self.id);
        if let Some(mutes) = self.mutes_if_made() {
            let own = lock(&mutes.own);
            all.extend(own.by.iter().copied().chain(own.waits));
        }
        all
    }

    /// The actor `from`, in this system, has begun to await a reply that hangs on `first`.
    pub(super) fn break_cycle_of(&self, from: u64, first: u64, local: &Local) {
        if let Some(from) = self.core().ids.resolve(ActorId::from_raw(from)) {
            break_cycle(&from, ActorId::from_raw(first), local);
        }
    }
}

impl Header {
    /// Queued messages are at most half the capacity. A message that is taken and whose room has not gone back counts.
    pub(super) fn is_half_empty(&self) -> bool {
        let queued = u64::from(self.head.len_again()) + self.over();
        queued <= u64::from(self.limit / 2)
    }
}

/// `from` has begun to wait for `first`. If it waits for itself now, the muted actors on the way are let go.
fn break_cycle(from: &CellRef, first: ActorId, local: &Local) {
    let core = from.core();
    let goes_on = || core.ids.resolve(first).is_some_and(|actor| !actor.waits_for().is_empty());
    if first != from.id && !goes_on() {
        return; // mostly: nothing is allocated
    }
    // How each was reached.
    let mut found: Vec<(ActorId, usize)> = vec![(first, usize::MAX)];
    let mut next = 0;
    while let Some(&(id, _)) = found.get(next) {
        if id == from.id {
            from.let_go(local);
            let mut at = found[next].1;
            while let Some(&(id, before)) = found.get(at) {
                if let Some(actor) = core.ids.resolve(id) {
                    actor.let_go(local);
                }
                at = before;
            }
            return;
        }
        let waits = core.ids.resolve(id).map(|actor| actor.waits_for()).unwrap_or_default();
        for id in waits {
            if !found.iter().any(|(known, _)| *known == id) {
                found.push((id, next));
            }
        }
        next += 1;
    }
}

/// A wait of the running actor's handler for another one, which blocks its thread. Dropped, it is over.
#[must_use]
pub(crate) struct Waiting(Option<CellRef>);

impl Waiting {
    /// The running actor begins to wait for `target`: those muted in a cycle with it run again.
    pub(crate) fn begin(local: &Local, target: &CellRef) -> Self {
        let waiter = ActorId::from_raw(local.current());
        let waiter = if waiter == ActorId::NONE { None } else { target.core().ids.resolve(waiter) };
        if let Some(waiter) = &waiter {
            lock(&waiter.rare().pressure().mutes.own).waits = Some(target.id);
            break_cycle(waiter, target.id, local);
        }
        Waiting(waiter)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if let Some(waiter) = &self.0 {
            lock(&waiter.rare().pressure().mutes.own).waits = None;
        }
    }
}
