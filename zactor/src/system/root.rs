//! Top-level actors: lists sharded by id, so that spawning and ending at many threads do not meet; and their stop, one by
//! one, when the system goes.

use crate::actor::follow_up;
use crate::cell::state::order;
use crate::cell::{CellRef, Family, Local};
use crate::message::ActorId;
use crate::supervision::restarts::Admitted;
use crate::supervision::strategy::Strategy;
use crate::supervision::{Effects, Failure, Restart, Supervise, Supervision, Verdict, pronounce};
use crate::sync::{Mutex, lock};

use super::Core;

const SHARDS: usize = if cfg!(all(test, loom)) { 2 } else { 16 };

/// See the module.
pub(crate) struct Root {
    shards: [Mutex<Family>; SHARDS],
    closing: Mutex<Closing>,
    /// What `builder.supervise(..)` says; else restarts are counted child by child.
    supervise: Option<Supervise>,
    supervision: Mutex<Supervision>,
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
    pub(super) fn new(supervise: Option<Supervise>) -> Self {
        Root {
            shards: std::array::from_fn(|_| Mutex::default()),
            closing: Mutex::default(),
            supervise,
            supervision: Mutex::default(),
        }
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
        // Who waits for top-level actors is told by `advance`.
        let _ = lock(self.shard(cell.id)).remove(cell);
        self.advance(core, local, cell.id);
    }

    /// A top-level actor has failed, and stands undecided: on its own right to run, which the verdict comes to.
    pub(crate) fn decide(&self, core: &Core, local: &Local, child: &CellRef) {
        let mut effects = Effects::default();
        let failed = match &self.supervise {
            None => {
                self.decide_alone(core, child, &mut effects);
                None
            }
            Some(limits) => {
                let mut supervision = lock(&self.supervision);
                supervision.report(child.id);
                self.decide_all(core, limits, &mut supervision, &mut effects)
            }
        };
        let escalated = escalated(child);
        follow_up(core, local, effects);
        if let Some(failure) = failed.or(escalated) {
            core.fail(failure);
        }
    }

    /// Restarts are counted child by child: past the limit the child ends, the others go on.
    fn decide_alone(&self, core: &Core, child: &CellRef, effects: &mut Effects) {
        let now = core.clock.now().0;
        let verdict = {
            let mut faults = lock(child.rare().faults());
            let Some(report) = faults.undecided().filter(|report| !report.escalated).cloned()
            else {
                return;
            };
            match faults.restarts.admit(now, const { &Supervise::one_for_one() }) {
                Admitted::Yes => Verdict::Restart(report.failure, std::time::Duration::ZERO),
                Admitted::LimitReached => Verdict::Stop(report.failure),
            }
        };
        pronounce(child, verdict, effects);
    }

    /// All reports that can be decided now, by the system's own options. What comes back ends the system.
    fn decide_all(
        &self,
        core: &Core,
        limits: &Supervise,
        supervision: &mut Supervision,
        effects: &mut Effects,
    ) -> Option<Failure> {
        while let Some(child) = supervision.next_report() {
            let Some(child) = core.ids.resolve(child) else { continue };
            let report = lock(child.rare().faults()).undecided().cloned();
            let Some(report) = report.filter(|report| !report.escalated) else { continue };
            if report.restart == Restart::Temporary {
                pronounce(&child, Verdict::Stop(report.failure), effects);
                continue;
            }
            let members = || match limits.strategy {
                Strategy::OneForOne => Vec::new(),
                _ => self.members().iter().map(|member| member.id).collect(),
            };
            match supervision.restart(core, limits, (&child, &report), members, effects) {
                Admitted::Yes => {}
                Admitted::LimitReached => return Some(Failure::RestartLimit),
            }
        }
        None
    }

    /// A top-level actor has done what its group waits for, or has ended.
    pub(crate) fn done(&self, core: &Core, local: &Local, child: ActorId) {
        let Some(limits) = &self.supervise else { return };
        let mut effects = Effects::default();
        let failed = {
            let mut supervision = lock(&self.supervision);
            let reports = supervision.done(core, child, &mut effects);
            if reports {
                self.decide_all(core, limits, &mut supervision, &mut effects)
            } else {
                None
            }
        };
        follow_up(core, local, effects);
        if let Some(failure) = failed {
            core.fail(failure);
        }
    }

    /// No further actor is taken, and those that live get `orders` one by one, the youngest first.
    pub(super) fn close(&self, core: &Core, orders: u64) {
        let too_early = crate::sync::mutant("members_before_close").then(|| self.members());
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

/// The failure that a top-level actor escalates: the root has nobody to ask.
fn escalated(child: &CellRef) -> Option<Failure> {
    let faults = lock(child.rare().faults());
    faults.undecided().filter(|report| report.escalated).map(|report| report.failure.clone())
}
