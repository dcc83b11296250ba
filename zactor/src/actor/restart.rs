//! From a failure to the next incarnation.
//!
//! ```text
//! Live ─fails─▶ Failed ─verdict─▶ BackingOff ─▶ pre_restart, Leaving (children) ─▶ old state dropped ─▶ [Halted]
//!   ▲             ▲                                                                                        │
//!   └─────────────┼──────────────── post_restart ◀── factory ◀─────────────────────────────────────────────┘
//!                 └─ either fails: one more failure
//! ```
//! 1. All of it happens on the actor's own right to run, a step a turn; where it must wait (for the supervisor, a child, a
//!    delay) the cell is parked for that reason. So no user message is handled meanwhile, the mailbox is not touched, and
//!    two incarnations never overlap.
//! 2. Orders from outside are looked at before each step: a stop or a kill ends the actor wherever it stands.
//! 3. The old state is kept until the delay is over, so that a stop meanwhile finds something to run `post_stop` on.
//! 4. A factory or hook that fails is a failure like any other: it is reported, and the next try is a turn of its own.

use std::time::Duration;

use super::children::{self, Children};
use super::ending::{self, Cause};
use super::incarnation::{After, Then};
use super::lifecycle::{failure_of, failure_of_hook, log};
use super::{Actor, Body, Context, Phase};
use crate::cell::state::{order, parked, token};
use crate::cell::{
    CellRef, HOOK, Local, NOTHING, Task, Turn, Whom, drop_guarded, guarded, without_waiting,
};
use crate::message::ActorId;
use crate::scheduler::timers::Fire;
use crate::supervision::strategy::End;
use crate::supervision::{Counted, Effects, Failure, Report, Restart, Standing, Verdict};
use crate::sync::atomic::Ordering;
use crate::sync::lock;
use crate::system::Core;

/// The incarnation has failed: whoever supervises it decides.
#[cold]
pub(super) fn fail<A: Actor>(
    mut turn: Turn<'_, Body<A>>,
    failure: Failure,
    escalated: bool,
) -> Option<Task> {
    let orders = turn.header().state().orders();
    if orders & (order::STOP | order::KILL) != 0 {
        drop_counted(turn.local(), failure);
        return ending::begin(turn, Cause::Ordered(orders));
    }
    let restart = turn.resident().restart();
    let begun = turn.resident().phase != Phase::Leaving(After::Begin);
    report(turn, Report { failure, restart, begun, escalated, decided: None })
}

/// `ctx.stop()`: the end, but for a permanent actor, which starts again.
#[cold]
pub(crate) fn stop_itself<A: Actor>(mut turn: Turn<'_, Body<A>>) -> Option<Task> {
    let ordered = turn.header().state().orders() & order::ALL != 0;
    let end = if ordered { End::Ordered } else { End::Normal };
    if !turn.resident().restart().follows(end) {
        return ending::begin(turn, Cause::Ordered(order::STOP));
    }
    fail(turn, Failure::NormalEnd, false)
}

/// Too many restarts of children: they all stop, then this actor fails.
#[cold]
pub(super) fn limit_reached<A: Actor>(turn: Turn<'_, Body<A>>) -> Option<Task> {
    leave(turn, After::Fail)
}

/// Asks the supervisor. The answer comes as a verdict, with `NEWS`.
fn report<A: Actor>(mut turn: Turn<'_, Body<A>>, report: Report) -> Option<Task> {
    let cell = turn.cell();
    let (core, local) = (cell.core(), turn.local());
    if cell.parent == ActorId::NONE {
        if report.restart == Restart::Temporary && !report.escalated {
            return ending::begin(turn, Cause::Failed(report.failure));
        }
        turn.resident().phase = Phase::Failed;
        if ask(local, &cell, report) {
            core.root.decide(core, local, &cell);
        }
        return wait(turn, parked::SUPERVISOR);
    }
    let parent = core.ids.resolve(cell.parent);
    let Some(parent) =
        parent.filter(|parent| report.restart != Restart::Temporary || parent.meta.decides)
    else {
        return ending::begin(turn, Cause::Failed(report.failure));
    };
    turn.resident().phase = Phase::Failed;
    if ask(local, &cell, report) {
        lock(parent.rare().supervision()).report(cell.id);
        hand_on(core, local, parent.order(order::NEWS));
    }
    drop(parent);
    wait_for_supervisor(turn)
}

/// Parks until the supervisor says what is next. One that ends says nothing: either it has seen that this actor waits, and
/// stops it, or this actor sees that it ends (both look behind the lock of `faults`).
fn wait_for_supervisor<A: Actor>(turn: Turn<'_, Body<A>>) -> Option<Task> {
    let cell = turn.cell();
    let parent = (cell.parent != ActorId::NONE).then(|| cell.core().ids.resolve(cell.parent));
    if parent.is_some_and(|parent| parent.is_none_or(|parent| !parent.is_alive())) {
        let orders = turn.header().state().orders();
        return end(turn, orders | order::STOP);
    }
    wait(turn, parked::SUPERVISOR)
}

/// Leaves the question where the supervisor finds it. False: his verdict stands there already.
fn ask(local: &Local, cell: &CellRef, report: Report) -> bool {
    let unused = {
        let mut faults = lock(cell.rare().faults());
        if matches!(faults.standing, Standing::Decided(_)) {
            Some(report)
        } else {
            faults.standing = Standing::Undecided(report);
            None
        }
    };
    let asked = unused.is_none();
    drop_counted(local, unused);
    asked
}

/// Parks until the reason is over, or there is an order or a verdict.
fn wait<A: Actor>(turn: Turn<'_, Body<A>>, reason: u64) -> Option<Task> {
    // A drain waits until the actor lives again; whatever else stands was not looked at yet.
    turn.park(reason, order::DRAIN).map(Turn::again)
}

/// The next step of an actor that does not live.
#[cold]
pub(super) fn go_on<A: Actor>(mut turn: Turn<'_, Body<A>>) -> Option<Task> {
    let phase = turn.resident().phase;
    if matches!(phase, Phase::Children | Phase::Draining) {
        return ending::go_on(turn);
    }
    let orders = turn.header().state().orders();
    if orders & (order::STOP | order::KILL) != 0 {
        return end(turn, orders);
    }
    if turn.header().state().take_news() {
        let verdict = lock(turn.header().rare().faults()).take_verdict();
        if let Some(verdict) = verdict {
            return act(turn, verdict);
        }
    }
    match phase {
        Phase::Failed | Phase::Halted => wait(turn, parked::SUPERVISOR),
        Phase::BackingOff(then) => back_off(turn, then),
        Phase::Leaving(after) => children_first(turn, after),
        Phase::Live | Phase::Children | Phase::Draining => Some(turn.again()),
    }
}

/// Ordered to end, between two incarnations.
fn end<A: Actor>(mut turn: Turn<'_, Body<A>>, orders: u64) -> Option<Task> {
    disarm(&mut turn);
    // Stopped by a supervisor that did not come to decide: it failed, and was not started again.
    let undecided = {
        let faults = lock(turn.header().rare().faults());
        faults.undecided().map(|report| report.failure.clone())
    };
    match undecided {
        Some(failure) if orders & (order::KILL | order::SHUTDOWN) == 0 => {
            ending::begin(turn, Cause::Failed(failure))
        }
        unused => {
            drop_counted(turn.local(), unused);
            ending::begin(turn, Cause::Ordered(orders))
        }
    }
}

/// Does what the supervisor wants.
pub(super) fn act<A: Actor>(mut turn: Turn<'_, Body<A>>, verdict: Verdict) -> Option<Task> {
    disarm(&mut turn);
    let temporary = turn.resident().renewal.is_none();
    match verdict {
        Verdict::Resume(failure) if turn.resident().value.is_some() => {
            drop_counted(turn.local(), failure);
            alive(&mut turn);
            Some(turn.again())
        }
        Verdict::Stop(failure) => ending::begin(turn, Cause::Failed(failure)),
        Verdict::Restart(failure, _) | Verdict::Resume(failure) if temporary => {
            ending::begin(turn, Cause::Failed(failure))
        }
        Verdict::Halt(failure) if temporary => {
            drop_counted(turn.local(), failure);
            ending::begin(turn, Cause::Ordered(order::STOP))
        }
        Verdict::Wait(failure, delay) => delayed(turn, failure, delay, Then::Report),
        Verdict::Restart(failure, delay) if !delay.is_zero() => {
            delayed(turn, failure, delay, Then::Restart)
        }
        Verdict::Resume(failure) | Verdict::Restart(failure, _) => {
            finish_incarnation(turn, failure, After::Begin)
        }
        Verdict::Halt(failure) => finish_incarnation(turn, failure, After::Halt),
    }
}

/// The actor lives again. Failures of its children that came meanwhile are news.
fn alive<A: Actor>(turn: &mut Turn<'_, Body<A>>) {
    turn.resident().phase = Phase::Live;
    let header = turn.header();
    let supervision = header.rare_if_made().and_then(crate::cell::Rare::supervision_if_made);
    if supervision.is_some_and(|supervision| lock(supervision).has_reports()) {
        // The right to run is ours: there is no mark to clear.
        let _ = header.state().order(order::NEWS);
    }
}

fn delayed<A: Actor>(
    mut turn: Turn<'_, Body<A>>,
    failure: Failure,
    delay: Duration,
    then: Then,
) -> Option<Task> {
    let cell = turn.cell();
    let core = cell.core();
    let until = core.clock.now().after(delay);
    turn.resident().phase = Phase::BackingOff(then);
    let before = {
        let mut faults = lock(cell.rare().faults());
        faults.until = until;
        faults.cause.replace(failure)
    };
    drop_counted(turn.local(), before);
    let key = core.timers.arm(core, until, Fire::Token(cell.id, token::BACKOFF));
    lock(cell.rare().faults()).timer = Some(key);
    back_off(turn, then)
}

/// Goes on if the delay is over. The clock is looked at, for a token may be left over from an earlier delay.
fn back_off<A: Actor>(mut turn: Turn<'_, Body<A>>, then: Then) -> Option<Task> {
    let (until, cause) = {
        let faults = lock(turn.header().rare().faults());
        (faults.until, faults.cause.clone().unwrap_or(Failure::NormalEnd))
    };
    if turn.header().core().clock.now() < until {
        drop_counted(turn.local(), cause);
        return wait(turn, parked::BACKOFF);
    }
    disarm(&mut turn);
    if then == Then::Restart {
        return finish_incarnation(turn, cause, After::Begin);
    }
    let restart = turn.resident().restart();
    let decided = Some(Counted::Yes);
    let begun = turn.resident().value.is_some();
    report(turn, Report { failure: cause, restart, begun, escalated: false, decided })
}

fn disarm<A: Actor>(turn: &mut Turn<'_, Body<A>>) {
    if !matches!(turn.resident().phase, Phase::BackingOff(_)) {
        return;
    }
    let header = turn.header();
    let armed = lock(header.rare().faults()).timer.take();
    if let Some(key) = armed {
        header.core().timers.cancel(key);
    }
}

/// `pre_restart`, and on to the end of the children.
fn finish_incarnation<A: Actor>(
    mut turn: Turn<'_, Body<A>>,
    cause: Failure,
    after: After,
) -> Option<Task> {
    let local = turn.local();
    let begun = matches!(turn.resident().phase, Phase::Leaving(After::Begin | After::Halt));
    if !begun {
        pre_restart(&mut turn, &cause);
        turn.header().drop_timers();
        turn.header().unstash_all();
    }
    let before = lock(turn.header().rare().faults()).cause.replace(cause);
    drop_counted(local, before);
    leave(turn, after)
}

fn pre_restart<A: Actor>(turn: &mut Turn<'_, Body<A>>, cause: &Failure) {
    let mut ctx = Context::new(turn.here());
    let local = turn.local();
    turn.header().set_current(HOOK);
    if let Some(value) = turn.resident().value.as_mut() {
        let ran = guarded(|| without_waiting(|| value.pre_restart(&mut ctx, cause))).map(Ok);
        if let Some(failure) = failure_of_hook(local, &mut ctx, ran) {
            local.counts.hook_panics.add(1);
            log(turn.header(), HOOK, &failure, "pre_restart failed");
            drop_counted(local, failure);
        }
    }
    turn.header().set_current(NOTHING);
}

/// Stops the children, unless they are kept, and goes on.
fn leave<A: Actor>(mut turn: Turn<'_, Body<A>>, after: After) -> Option<Task> {
    turn.resident().phase = Phase::Leaving(after);
    if !keeps_children(&turn, after)
        && let Some(rare) = turn.header().rare_if_made()
        && let Some(supervision) = rare.supervision_if_made()
    {
        let before = std::mem::take(&mut *lock(supervision));
        drop_counted(turn.local(), before);
    }
    children_first(turn, after)
}

fn keeps_children<A: Actor>(turn: &Turn<'_, Body<A>>, after: After) -> bool {
    let given = turn.header().rare_if_made().and_then(|rare| rare.given.get());
    after != After::Fail && given.is_some_and(|given| given.keep_children)
}

fn children_first<A: Actor>(mut turn: Turn<'_, Body<A>>, after: After) -> Option<Task> {
    let whom = if keeps_children(&turn, after) { Whom::Errands } else { Whom::All };
    match children::stop_youngest(&turn.cell(), turn.local(), whom, order::STOP) {
        Children::Gone => {}
        Children::Again => return Some(turn.again()),
        Children::Wait => return wait(turn, parked::CHILDREN),
    }
    if after == After::Fail {
        log(turn.header(), NOTHING, &Failure::RestartLimit, "supervisor failed");
        return fail(turn, Failure::RestartLimit, false);
    }
    let old = turn.resident().value.take();
    drop_counted(turn.local(), old);
    if after == After::Begin {
        return begin_incarnation(turn);
    }
    turn.resident().phase = Phase::Halted;
    let replaced = {
        let mut faults = lock(turn.header().rare().faults());
        std::mem::replace(&mut faults.standing, Standing::Halted)
    };
    drop_counted(turn.local(), replaced);
    done(turn.local(), &turn.cell());
    wait_for_supervisor(turn)
}

/// Factory and `post_restart`.
fn begin_incarnation<A: Actor>(mut turn: Turn<'_, Body<A>>) -> Option<Task> {
    let (cell, local) = (turn.cell(), turn.local());
    let cause = lock(cell.rare().faults()).cause.clone().unwrap_or(Failure::NormalEnd);
    cell.set_current(HOOK);
    let begun = make(&mut turn, &cause);
    cell.set_current(NOTHING);
    drop_counted(local, cause);
    // A try that failed counts, here as against the limit.
    local.counts.restarted.add(1);
    cell.rare().restarts.fetch_add(1, Ordering::Relaxed);
    match begun {
        Ok(stopping) => {
            let told = {
                let mut faults = lock(cell.rare().faults());
                faults.backoff.started(cell.core().clock.now().0);
                faults.cause.take()
            };
            drop_counted(local, told);
            done(local, &cell);
            alive(&mut turn);
            if stopping { stop_itself(turn) } else { Some(turn.again()) }
        }
        Err(failure) => {
            log(&cell, HOOK, &failure, "actor failed to restart");
            fail(turn, failure, false)
        }
    }
}

/// True: the new incarnation stops itself.
fn make<A: Actor>(turn: &mut Turn<'_, Body<A>>, cause: &Failure) -> Result<bool, Failure> {
    let mut ctx = Context::new(turn.here());
    let (cell, local) = (turn.cell(), turn.local());
    let body = turn.resident();
    let Some(renewal) = body.renewal.as_mut() else { return Err(Failure::NormalEnd) };
    let made = guarded(|| without_waiting(|| (renewal.factory)()))
        .map_err(|payload| failure_of(local, payload))?;
    cell.rare().incarnation.fetch_add(1, Ordering::Relaxed);
    let value = body.value.insert(made);
    let ran = guarded(|| without_waiting(|| value.post_restart(&mut ctx, cause)));
    match failure_of_hook(local, &mut ctx, ran) {
        None => Ok(ctx.is_stopping()),
        Some(failure) => Err(failure),
    }
}

/// The actor has done what its group waits for, or has ended.
pub(super) fn done(local: &Local, cell: &CellRef) {
    let core = cell.core();
    if cell.parent == ActorId::NONE {
        core.root.done(core, local, cell.id);
        return;
    }
    let Some(parent) = core.ids.resolve(cell.parent) else { return };
    let Some(supervision) = parent.rare().supervision_for_end() else { return };
    let mut effects = Effects::default();
    let reports = lock(supervision).done(core, cell.id, &mut effects);
    follow_up(core, local, effects);
    if reports {
        hand_on(core, local, parent.order(order::NEWS));
    }
}

/// What was put off until no lock is held.
pub(crate) fn follow_up(core: &Core, local: &Local, mut effects: Effects) {
    for task in std::mem::take(&mut effects.tasks) {
        core.scheduler.schedule(local, task);
    }
    drop_counted(local, effects);
}

/// Drops what may run a destructor of the user's.
pub(super) fn drop_counted<T>(local: &Local, value: T) {
    if drop_guarded(value) {
        local.counts.drop_panics.add(1);
    }
}

pub(super) fn hand_on(core: &Core, local: &Local, task: Option<Task>) {
    if let Some(task) = task {
        core.scheduler.schedule(local, task);
    }
}
