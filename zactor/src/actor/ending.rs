//! The end of an actor: one routine for every way there (stop, drain, kill, failure, failed start).
//!
//! Terminal transition (`is_alive` false, then the mailbox closes) -> children one by one, the youngest first ->
//! `post_stop` -> state dropped -> name released -> queued asks ended, dead letters made -> the mark `ended` -> the
//! parent's family -> those who wait.
//!
//! 1. Only the owner of the right to run comes here, so two ends never meet; a stronger order that comes later is a
//!    flag that the next step looks at.
//! 2. The terminal mark is set before the mailbox closes. Else a sender gets `Closed` from an actor that `is_alive`.
//! 3. Each step that must wait (children, a sender in the gap) gives the right to run away and comes back to
//!    [`go_on`]: nothing here recurses, however deep the tree.

use super::children::{self, Children};
use super::lifecycle::{drop_guarded, failure_of_hook, guarded, log};
use super::restart::{self, drop_counted, hand_on};
use super::run::follow;
use super::{Actor, Body, Context, Phase, watch};
use crate::__private::Undelivered;
use crate::cell::state::{EndKind, order, parked};
use crate::cell::{
    CellRef, Delivery, HOOK, Header, Local, NOTHING, Next, NoAnswer, Rest, Task, Turn, Whom,
    without_waiting,
};
use crate::message::ActorId;
use crate::supervision::{EndReason, Failure};
use crate::sync::lock;
use crate::system::Core;

/// The orders of a system that drains its actors.
const DRAINED: u64 = order::DRAIN | order::SHUTDOWN;

/// Why an actor ends.
pub(crate) enum Cause {
    /// Bits of `state::order`.
    Ordered(u64),
    Failed(Failure),
    /// Factory or `pre_start` failed: no `post_stop`.
    StartFailed(Failure),
}

impl Cause {
    fn kind(&self) -> EndKind {
        match self {
            Cause::Ordered(orders) if orders & order::KILL != 0 => EndKind::Killed,
            Cause::Ordered(orders) if orders & order::SHUTDOWN != 0 => EndKind::Shutdown,
            Cause::Ordered(orders) if orders & order::STOP != 0 => EndKind::Stopped,
            Cause::Ordered(_) => EndKind::Drained,
            Cause::Failed(_) => EndKind::Failed,
            Cause::StartFailed(_) => EndKind::StartFailed,
        }
    }
}

/// How the actor of an ended cell ended.
pub(super) fn reason(cell: &Header) -> EndReason {
    match cell.state().end_kind() {
        EndKind::Stopped => EndReason::Stopped,
        EndKind::Drained => EndReason::Drained,
        EndKind::Killed => EndReason::Killed,
        EndKind::Shutdown => EndReason::Shutdown,
        EndKind::Failed | EndKind::StartFailed => {
            let kept = cell.rare_if_made().and_then(|rare| rare.end.get());
            kept.cloned().unwrap_or(EndReason::Stopped)
        }
    }
}

/// The terminal transition, and as far on as it goes.
pub(crate) fn begin<A: Actor>(mut turn: Turn<'_, Body<A>>, cause: Cause) -> Option<Task> {
    let kind = cause.kind();
    if let Cause::Failed(failure) | Cause::StartFailed(failure) = cause {
        // Set once: an actor ends once.
        let _ = turn.header().rare().end.set(EndReason::Failed(failure));
    }
    if crate::sync::mutant("close_before_claim") {
        turn.header().close();
    }
    turn.header().state().claim_terminal(kind);
    turn.header().close();
    if let Some(rare) = turn.header().rare_if_made() {
        lock(&rare.family).close();
        if let Some(supervision) = rare.supervision_if_made() {
            let before = std::mem::take(&mut *lock(supervision));
            drop_counted(turn.local(), before);
        }
    }
    turn.resident().phase = Phase::Children;
    go_on(turn)
}

/// The next steps of an end that has begun.
pub(super) fn go_on<A: Actor>(mut turn: Turn<'_, Body<A>>) -> Option<Task> {
    if turn.resident().phase == Phase::Children {
        turn = match children_first(turn) {
            Ok(turn) => turn,
            Err(task) => return task,
        };
        drop_state(&mut turn);
        turn.resident().phase = Phase::Draining;
    }
    turn = match drain(turn) {
        Ok(turn) => turn,
        Err(task) => return Some(task),
    };
    finish(turn);
    None
}

/// Stops the children, the youngest first. `Err`: the turn waits for one of them, or comes again.
fn children_first<A: Actor>(
    mut turn: Turn<'_, Body<A>>,
) -> Result<Turn<'_, Body<A>>, Option<Task>> {
    loop {
        let header = turn.header();
        let orders = header.state().orders();
        if orders & order::KILL != 0 {
            header.state().claim_terminal(EndKind::Killed);
        }
        let passed_on = match header.state().end_kind() {
            EndKind::Killed => order::KILL,
            // All that a system has accepted is handled when it is drained.
            EndKind::Shutdown if orders & order::ALL == order::DRAIN => orders & DRAINED,
            EndKind::Shutdown => order::STOP | order::SHUTDOWN,
            _ => order::STOP,
        };
        let passed_on = passed_on | orders & order::HURRY;
        match children::stop_youngest(&turn.cell(), turn.local(), Whom::All, passed_on) {
            Children::Gone => return Ok(turn),
            Children::Again => return Err(Some(turn.again())),
            Children::Wait => {
                turn = turn.park(parked::CHILDREN, orders | order::NEWS).ok_or(None)?
            }
        }
    }
}

fn drop_state<A: Actor>(turn: &mut Turn<'_, Body<A>>) {
    let kind = turn.header().state().end_kind();
    let mut ctx = Context::new(turn.here());
    let local = turn.local();
    if turn.header().state().is_cut_off() {
        local.refuse_sends_of(turn.header());
    }
    if let Some(mut value) = turn.resident().value.take() {
        if !matches!(kind, EndKind::Killed | EndKind::StartFailed) {
            turn.header().set_current(HOOK);
            let ran = guarded(|| without_waiting(|| value.post_stop(&mut ctx))).map(Ok);
            if let Some(failure) = failure_of_hook(local, &mut ctx, ran) {
                local.counts.hook_panics.add(1);
                log(turn.header(), HOOK, &failure, "post_stop failed");
                drop_counted(local, failure);
            }
        }
        drop_counted(local, value);
        turn.header().set_current(NOTHING);
    }
    let renewal = turn.resident().renewal.take();
    drop_counted(local, renewal);
    let faults = turn.header().rare_if_made().and_then(crate::cell::Rare::faults_if_made);
    if let Some(faults) = faults {
        let over = std::mem::take(&mut *lock(faults));
        drop_counted(local, over);
    }
    if let Some(name) = turn.header().name() {
        turn.header().core().names.release(name, turn.header().id);
    }
}

/// What is queued becomes dead letters, until the mailbox is closed for good. `Err`: a sender stands in the gap.
fn drain<A: Actor>(mut turn: Turn<'_, Body<A>>) -> Result<Turn<'_, Body<A>>, Task> {
    turn.header().unstash_all();
    turn.intake.settle();
    turn.intake.look_in_front();
    loop {
        let end = turn.header().state().end_kind();
        let intake = &mut *turn.intake;
        let local = intake.local();
        match Turn::<Body<A>>::next(intake) {
            Next::Message(delivery) => {
                bury::<A>(local, delivery, end);
                intake.settle();
            }
            Next::Continuation(continuation) => {
                drop_counted(local, continuation);
            }
            Next::Empty => {
                if turn.mark_ended() {
                    return Ok(turn);
                }
            }
            Next::Busy => return Err(turn.again()),
        }
    }
}

/// One message that no handler will see: its ask ends, its destructor runs, a dead letter is made.
pub(super) fn bury<A: Actor>(local: &Local, delivery: Delivery<'_>, end: EndKind) {
    let header = delivery.header();
    let core = header.core();
    let message = header.message_name(delivery.tag());
    let is_letter = delivery.is_letter();
    let (answer, sender) = delivery.answer_and_sender();
    if guarded(|| without_waiting(|| A::discard(Undelivered::new(delivery))))
        .map_err(drop_guarded)
        .is_err()
    {
        local.counts.drop_panics.add(1);
    }
    header.count_dead_letter(local);
    if let Some(answer) = answer {
        let told = answer.end(local, core, NoAnswer::Closed);
        follow(core, local, header.id, message, told);
    }
    core.dead_letter(header, end, sender, message, is_letter);
}

/// The last step: nobody has to wait any more.
fn finish<A: Actor>(turn: Turn<'_, Body<A>>) {
    turn.intake.settle();
    let header = turn.header();
    let (core, local) = (header.core(), turn.local());
    match header.state().end_kind() {
        EndKind::Failed => local.counts.failures.add(1),
        EndKind::StartFailed => {}
        _ => local.counts.stopped.add(1),
    }
    if header.state().end_kind() != EndKind::StartFailed {
        local.counts.live_ended.add(1);
    }
    watch::end(header, local);
    header.state().end();
    let cell: &CellRef = &turn.cell();
    leave_family(core, local, cell);
    restart::done(local, cell);
    if let Some(rare) = header.rare_for_end() {
        for waiter in rare.joiners.finish() {
            Rest::wake(waiter).run(local);
        }
    }
    turn.release();
}

pub(super) fn leave_family(core: &Core, local: &Local, cell: &CellRef) {
    if cell.parent == ActorId::NONE {
        core.root.leave(core, local, cell);
        return;
    }
    let Some(parent) = core.ids.resolve(cell.parent) else { return };
    let awaited = lock(&parent.rare().family).remove(cell);
    if awaited {
        hand_on(core, local, parent.wake(crate::cell::state::token::CHILDREN));
    }
}

/// The end of an actor that nobody knows of yet, and that no family has taken.
pub(crate) fn abandon<A: Actor>(mut turn: Turn<'_, Body<A>>) {
    let value = turn.resident().value.take();
    drop_counted(turn.local(), value);
    let renewal = turn.resident().renewal.take();
    drop_counted(turn.local(), renewal);
    turn.header().state().claim_terminal(EndKind::StartFailed);
    turn.header().close();
    // Nobody knows it, so nothing is queued.
    let _ = turn.mark_ended();
    turn.header().state().end();
    turn.release();
}
