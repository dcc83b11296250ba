//! What a child that has failed and its supervisor say to each other.
//!
//! ```text
//!  Fine ──fails──▶ Undecided ──▶ Decided ──taken up by the child──▶ Fine
//!                                   │ (Halt)
//!                                   └──▶ Halted ──▶ Decided (Restart) ──▶ Fine
//! ```
//! 1. It stands behind one lock, which is held for a few stores; whoever writes a verdict gives `NEWS` afterwards.
//! 2. A verdict that comes while the child is undecided takes the place of its failure, and a failure that comes while a
//!    verdict stands is swallowed by it: of two children that fail together one group restart is the answer to both.
//!
//! Locks are taken in this order: [`Supervision`](super::Supervision), family, faults.

use std::time::Duration;

use super::group::Group;
use super::restarts::{Backoff, Restarts};
use super::{Failure, Restart};
use crate::cell::state::order;
use crate::cell::{CellRef, Task};
use crate::scheduler::clock::Nanos;
use crate::scheduler::timer::TimerKey;
use crate::sync::lock;

/// A failure on its way to a decision.
#[derive(Clone, Debug)]
pub(crate) struct Report {
    pub(crate) failure: Failure,
    pub(crate) restart: Restart,
    /// There is a state that has begun, so that `Resume` has something to go on with.
    pub(crate) begun: bool,
    /// The child failed because it escalates the failure of a child of its own.
    pub(crate) escalated: bool,
    /// The supervisor has decided for a restart already: its delay is over, or it escalated and lives again.
    pub(crate) decided: Option<Counted>,
}

/// Whether a restart that was decided stands in the window of restarts already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Counted {
    Yes,
    No,
}

/// What a supervisor wants of a child.
#[derive(Clone, Debug)]
pub(crate) enum Verdict {
    /// Go on with the state as it is; restart if there is none.
    Resume(Failure),
    /// End, by this failure.
    Stop(Failure),
    /// Restart after this delay.
    Restart(Failure, Duration),
    /// Report again after this delay: the restart concerns others too.
    Wait(Failure, Duration),
    /// Finish the incarnation, and wait for `Restart`.
    Halt(Failure),
}

impl Verdict {
    /// What it is about.
    pub(crate) fn failure(&self) -> &Failure {
        match self {
            Verdict::Resume(failure)
            | Verdict::Stop(failure)
            | Verdict::Restart(failure, _)
            | Verdict::Wait(failure, _)
            | Verdict::Halt(failure) => failure,
        }
    }
}

#[derive(Debug, Default)]
pub(crate) enum Standing {
    #[default]
    Fine,
    Undecided(Report),
    Decided(Verdict),
    /// The incarnation is finished; its group begins the next one in its turn.
    Halted,
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    pub(crate) standing: Standing,
    /// Why the restart that goes on was begun: what the hooks are told.
    pub(crate) cause: Option<Failure>,
    pub(crate) backoff: Backoff,
    /// Restarts under a root that counts them child by child.
    pub(crate) restarts: Restarts,
    /// The delay that goes on ends then.
    pub(crate) until: Nanos,
    pub(crate) timer: Option<TimerKey>,
}

impl Faults {
    /// What the supervisor has decided, once.
    pub(crate) fn take_verdict(&mut self) -> Option<Verdict> {
        if !matches!(self.standing, Standing::Decided(_)) {
            return None;
        }
        match std::mem::take(&mut self.standing) {
            Standing::Decided(verdict) => Some(verdict),
            _ => None,
        }
    }

    /// The supervisor wants a restart, but fails first: it is not asked again when it lives again.
    pub(crate) fn mark_decided(&mut self) {
        if let Standing::Undecided(report) = &mut self.standing {
            report.decided = Some(Counted::No);
        }
    }

    /// Whether the child goes on only when its supervisor says so.
    pub(crate) fn waits(&self) -> bool {
        matches!(self.standing, Standing::Undecided(_) | Standing::Halted)
    }

    /// The failure that nobody has decided about yet.
    pub(crate) fn undecided(&self) -> Option<&Report> {
        match &self.standing {
            Standing::Undecided(report) => Some(report),
            _ => None,
        }
    }
}

/// What is left to do when no lock is held any more: cells to schedule, and what may run a destructor of the user's.
#[derive(Default)]
pub(crate) struct Effects {
    pub(crate) tasks: Vec<Task>,
    pub(super) standings: Vec<Standing>,
    pub(super) groups: Vec<Group>,
}

/// Tells `child` what its supervisor wants.
pub(crate) fn pronounce(child: &CellRef, verdict: Verdict, effects: &mut Effects) {
    let replaced = {
        let mut faults = lock(child.rare().faults());
        std::mem::replace(&mut faults.standing, Standing::Decided(verdict))
    };
    effects.standings.push(replaced);
    effects.tasks.extend(child.order(order::NEWS));
}
