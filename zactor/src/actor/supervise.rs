//! What a supervisor does in its turn about children that have failed.
//!
//! Reports stand in `Supervision` in the order in which they came; the failure itself stands with the child, so a report
//! whose child has meanwhile ended, or was restarted with its group, says nothing any more. `on_failure` runs in a catch,
//! with no lock held.

use super::lifecycle::{failure_of, log};
use super::restart::{act, fail, follow_up, limit_reached};
use super::{Actor, Body};
use crate::cell::state::order;
use crate::cell::{CellRef, HOOK, NOTHING, Task, Turn, guarded, without_waiting};
use crate::message::ActorId;
use crate::supervision::restarts::Admitted;
use crate::supervision::{
    ChildRef, Directive, Effects, Failure, Report, Supervise, Verdict, pronounce,
};
use crate::sync::lock;

/// The supervisor cannot go on.
enum Trouble {
    /// Its decision panicked, or it was to escalate.
    Failed {
        failure: Failure,
        escalated: bool,
    },
    LimitReached,
}

/// Looks at the system lane. `Err`: the turn is over.
#[cold]
pub(super) fn attend<A: Actor>(
    mut turn: Turn<'_, Body<A>>,
) -> Result<Turn<'_, Body<A>>, Option<Task>> {
    if !turn.header().state().take_news() {
        return Ok(turn);
    }
    let faults = turn.header().rare_if_made().and_then(crate::cell::Rare::faults_if_made);
    let verdict = faults.and_then(|faults| lock(faults).take_verdict());
    if let Some(verdict) = verdict {
        return Err(act(turn, verdict));
    }
    while turn.header().state().orders() & (order::STOP | order::KILL) == 0
        && let Some(child) = next_report(&turn)
    {
        match decide(&mut turn, child) {
            Ok(()) => {}
            Err(Trouble::Failed { failure, escalated }) => {
                return Err(fail(turn, failure, escalated));
            }
            Err(Trouble::LimitReached) => return Err(limit_reached(turn)),
        }
    }
    Ok(turn)
}

fn next_report<A: Actor>(turn: &Turn<'_, Body<A>>) -> Option<ActorId> {
    let rare = turn.header().rare_if_made()?;
    lock(rare.supervision_if_made()?).next_report()
}

fn decide<A: Actor>(turn: &mut Turn<'_, Body<A>>, child: ActorId) -> Result<(), Trouble> {
    let me = turn.cell();
    let (core, local) = (me.core(), turn.local());
    let Some(child) = core.ids.resolve(child).filter(|child| child.is_alive()) else {
        return Ok(());
    };
    let report = lock(child.rare().faults()).undecided().cloned();
    let Some(report) = report else { return Ok(()) };
    let directive = match directive(turn, &child, &report) {
        Ok(Directive::Resume) if !report.begun => Directive::Restart,
        Ok(directive) => directive.applied(report.restart, &report.failure),
        Err(failure) => {
            lock(me.rare().supervision()).report_again(child.id);
            return Err(Trouble::Failed { failure, escalated: false });
        }
    };
    let mut effects = Effects::default();
    let failure = report.failure.clone();
    let outcome = match directive {
        Directive::Resume => {
            pronounce(&child, Verdict::Resume(failure), &mut effects);
            Ok(())
        }
        Directive::Stop => {
            pronounce(&child, Verdict::Stop(failure), &mut effects);
            Ok(())
        }
        Directive::Escalate => {
            // If this supervisor lives again and still has the child, that is restarted.
            lock(child.rare().faults()).mark_decided();
            lock(me.rare().supervision()).report_again(child.id);
            Err(Trouble::Failed { failure, escalated: true })
        }
        Directive::Restart => restart(&me, &child, &report, &mut effects),
    };
    follow_up(core, local, effects);
    outcome
}

fn restart(
    me: &CellRef,
    child: &CellRef,
    report: &Report,
    effects: &mut Effects,
) -> Result<(), Trouble> {
    let rare = me.rare();
    let given = rare.given.get().and_then(|given| given.supervise.as_ref());
    let limits = given.unwrap_or(const { &Supervise::one_for_one() });
    let members = || lock(&rare.family).members().iter().map(|member| member.id).collect();
    let mut supervision = lock(rare.supervision());
    match supervision.restart(me.core(), limits, (child, report), members, effects) {
        Admitted::Yes => Ok(()),
        Admitted::LimitReached => Err(Trouble::LimitReached),
    }
}

fn directive<A: Actor>(
    turn: &mut Turn<'_, Body<A>>,
    child: &CellRef,
    report: &Report,
) -> Result<Directive, Failure> {
    let settled = report.decided.is_some() || matches!(report.failure, Failure::NormalEnd);
    if settled || !turn.header().meta.decides {
        return Ok(Directive::Restart);
    }
    let cell = turn.cell();
    let Some(value) = turn.resident().value.as_mut() else { return Ok(Directive::Restart) };
    let who = ChildRef { id: child.id, name: child.name().cloned(), restarts: child.restarts() };
    cell.set_current(HOOK);
    let decided = guarded(|| without_waiting(|| value.on_failure(&who, &report.failure)));
    cell.set_current(NOTHING);
    decided.map_err(|payload| {
        let failure = failure_of(turn.local(), payload);
        log(&cell, HOOK, &failure, "on_failure failed");
        failure
    })
}
