//! What a supervisor keeps about failures of its children: how many restarts there were, who waits for a decision, and the
//! restart of a group that goes on.
//!
//! A group is finished from its last member to its first, then begun from its first to its last, one at a time. Nobody
//! runs it: whoever has done what the group waits for (halted, begun, ended) goes on with it, under the lock. So it needs
//! no turn of the supervisor, and works for the root as well.
//!
//! 1. The group waits for one member at a time. A member that has ended is passed over: it sets its mark before it takes
//!    the lock to say so, and who waits looks at the mark under the lock.
//! 2. A failure of a member whose turn has not come is answered by the group itself; one of a member that was begun waits
//!    in `reports` until the group is done, unless it is the one that the group waits for: then it failed to start.
//! 3. No user code runs under the lock: members are told by verdicts; their tasks, and failures that nobody needs any
//!    more, are handed out.

use std::collections::VecDeque;

use super::faults::{Counted, Effects, Report, Standing, Verdict, pronounce};
use super::restarts::{Admitted, Restarts};
use super::strategy::Strategy;
use super::{Failure, Supervise};
use crate::cell::CellRef;
use crate::message::ActorId;
use crate::sync::lock;
use crate::system::Core;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Supervision {
    restarts: Restarts,
    reports: VecDeque<ActorId>,
    group: Option<Group>,
}

#[derive(Debug)]
pub(crate) struct Group {
    cause: Failure,
    /// In the order of their start.
    members: Vec<ActorId>,
    stage: Stage,
}

/// Which member the group waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Halting(usize),
    Beginning(usize),
}

impl Group {
    fn awaited(&self) -> Option<ActorId> {
        let (Stage::Halting(at) | Stage::Beginning(at)) = self.stage;
        self.members.get(at).copied()
    }

    fn step(&mut self) {
        self.stage = match self.stage {
            Stage::Halting(0) => Stage::Beginning(0),
            Stage::Halting(at) => Stage::Halting(at - 1),
            Stage::Beginning(at) => Stage::Beginning(at + 1),
        };
    }

    /// Tells the awaited member what to do. False: there is nothing to wait for.
    fn tell(&self, core: &Core, member: ActorId, effects: &mut Effects) -> bool {
        let Some(cell) = core.ids.resolve(member).filter(|cell| !cell.state().is_ended()) else {
            return false;
        };
        let halted = matches!(lock(cell.rare().faults()).standing, Standing::Halted);
        let verdict = match self.stage {
            Stage::Halting(_) if halted => return false,
            Stage::Halting(_) => Verdict::Halt(self.cause.clone()),
            Stage::Beginning(_) => Verdict::Restart(self.cause.clone(), std::time::Duration::ZERO),
        };
        pronounce(&cell, verdict, effects);
        true
    }
}

impl Supervision {
    /// A child has failed. The supervisor is to be told.
    pub(crate) fn report(&mut self, child: ActorId) {
        self.reports.push_back(child);
    }

    /// The decision about this child failed, or was not to decide: it comes again.
    pub(crate) fn report_again(&mut self, child: ActorId) {
        self.reports.push_front(child);
    }

    pub(crate) fn has_reports(&self) -> bool {
        !self.reports.is_empty()
    }

    /// The next child to decide about.
    pub(crate) fn next_report(&mut self) -> Option<ActorId> {
        let Some(group) = &self.group else { return self.reports.pop_front() };
        let Stage::Beginning(_) = group.stage else { return None };
        let awaited = group.awaited();
        let at = self.reports.iter().position(|child| Some(*child) == awaited)?;
        self.reports.remove(at)
    }

    /// A restart of `child` was decided: it and whom else it concerns are told, if it is within the limit.
    /// `members` are the supervisor's children in the order of their start.
    pub(crate) fn restart(
        &mut self,
        core: &Core,
        limits: &Supervise,
        (child, report): (&CellRef, &Report),
        members: impl FnOnce() -> Vec<ActorId>,
        effects: &mut Effects,
    ) -> Admitted {
        let alone = limits.strategy == Strategy::OneForOne;
        if report.decided != Some(Counted::Yes) {
            let now = core.clock.now().0;
            if self.restarts.admit(now, limits) == Admitted::LimitReached {
                return Admitted::LimitReached;
            }
            let chance = core.chance.share();
            let delay = lock(child.rare().faults()).backoff.next(now, limits, chance);
            if alone || !delay.is_zero() {
                let verdict = if alone {
                    Verdict::Restart(report.failure.clone(), delay)
                } else {
                    Verdict::Wait(report.failure.clone(), delay)
                };
                pronounce(child, verdict, effects);
                return Admitted::Yes;
            }
        } else if alone {
            let verdict = Verdict::Restart(report.failure.clone(), std::time::Duration::ZERO);
            pronounce(child, verdict, effects);
            return Admitted::Yes;
        }
        let mut members = members();
        // It may have ended while its supervisor decided: then nobody started after it that could be told from the others.
        let failed = members.iter().position(|member| *member == child.id);
        let all = limits.strategy == Strategy::OneForAll;
        let Some(failed) = failed.or(all.then_some(0)) else { return Admitted::Yes };
        let concerned = limits.strategy.concerned(failed, members.len());
        members.truncate(concerned.end);
        members.drain(..concerned.start);
        let Some(last) = members.len().checked_sub(1) else { return Admitted::Yes };
        let cause = report.failure.clone();
        let group = Group { cause, members, stage: Stage::Halting(last) };
        effects.groups.extend(self.group.replace(group));
        self.advance(core, effects);
        Admitted::Yes
    }

    /// `child` has done what it was told, or has ended. True: the group is done, and reports wait.
    pub(crate) fn done(&mut self, core: &Core, child: ActorId, effects: &mut Effects) -> bool {
        let Some(group) = self.group.as_mut().filter(|group| group.awaited() == Some(child)) else {
            return false;
        };
        group.step();
        self.advance(core, effects);
        self.group.is_none() && self.has_reports()
    }

    fn advance(&mut self, core: &Core, effects: &mut Effects) {
        while let Some(group) = &mut self.group {
            let Some(member) = group.awaited() else {
                effects.groups.extend(self.group.take());
                return;
            };
            if group.tell(core, member, effects) {
                return;
            }
            group.step();
        }
    }
}
