//! Async handlers: their first poll, and the turns of an actor whose handler waits for something.
//!
//! 1. Such an actor handles no message: its state is the future's. A turn looks at orders first, then polls the future if
//!    its waker was called, then parks again.
//! 2. `kill` drops the future at once, where it stands, in a catch. So does a verdict of the supervisor, before
//!    `pre_restart`. `stop` and `drain` wait for the future until their time is over.
//! 3. All other news waits until the future has ended: it is taken, remembered, and then given again.
//! 4. A message whose future was dropped counts as failed.

#[cfg(all(test, loom))]
pub(super) mod models;

use super::ending::{self, Cause};
use super::run::{self, follow};
use super::{Actor, AsyncHandler, Body, Context, ask, restart};
use crate::cell::state::{order, token};
use crate::cell::{Begun, Held, Local, NOTHING, NoAnswer, Resumed, Task, Turn, begin_async};
use crate::message::{Accepts, Message};
use crate::scheduler::clock::Nanos;
use crate::scheduler::timers::Fire;
use crate::supervision::Verdict;
use crate::sync::lock;

/// Runs the handler of `M` up to its first wait.
#[inline]
pub(crate) fn begin<A, M>(actor: &mut A, message: M, ctx: &mut Context<A>)
where
    A: AsyncHandler<M> + Accepts<M>,
    M: Message,
{
    let (me, context) = ctx.lend();
    let begun = begin_async::<Body<A>, _>(
        me,
        &Local::here(me.core()),
        actor,
        context,
        |actor, ctx| actor.handle(message, ctx),
        ask::answer::<A, M>,
    );
    match begun {
        // What it knew was lent: there is nothing to drop.
        Begun::Finished(back) => std::mem::forget(std::mem::replace(ctx, back)),
        Begun::Panicked(back, payload) => {
            *ctx = back;
            std::panic::resume_unwind(payload);
        }
        Begun::Pending => ctx.attention = true,
    }
}

/// The handler waits: the actor parks.
#[cold]
pub(super) fn park<A: Actor>(turn: Turn<'_, Body<A>>) -> Option<Task> {
    go_on(turn.hold(), false)
}

/// A turn of an actor whose handler waits.
pub(super) fn turn<A: Actor>(mut held: Held<'_, Body<A>>) -> Option<Task> {
    let woken = held.take_up();
    go_on(held, woken)
}

fn go_on<A: Actor>(mut held: Held<'_, Body<A>>, woken: bool) -> Option<Task> {
    let orders = held.header().state().orders();
    if orders & order::KILL != 0 {
        let turn = lose(held, NoAnswer::Closed);
        return ending::begin(turn, Cause::Ordered(orders));
    }
    if orders & order::NEWS != 0 && held.header().state().take_news() {
        if let Some(verdict) = verdict(&held) {
            let turn = lose(held, NoAnswer::Failed(verdict.failure().clone()));
            return restart::act(turn, verdict);
        }
        held.keep_news();
    }
    // It is taken: one that comes from now on is new.
    let seen = orders & !order::NEWS;
    if orders & (order::STOP | order::DRAIN) != 0 && is_over(&mut held) {
        return Some(lose(held, NoAnswer::Closed).again());
    }
    if woken {
        let news = held.has_news();
        let (turn, ctx, outcome) = match held.poll() {
            Resumed::Pending(held) => return held.park(seen),
            Resumed::Finished(turn, ctx) => (turn, ctx, Ok(())),
            Resumed::Panicked(turn, ctx, payload) => (turn, ctx, Err(payload)),
        };
        give_news(&turn, news);
        return finished(turn, ctx, outcome);
    }
    held.park(seen)
}

/// The verdict of the supervisor about a failure that concerns this actor too.
fn verdict<A: Actor>(held: &Held<'_, Body<A>>) -> Option<Verdict> {
    let faults = held.header().rare_if_made().and_then(crate::cell::Rare::faults_if_made);
    faults.and_then(|faults| lock(faults).take_verdict())
}

/// Whether the time is over that a stop or drain leaves to the handler. It begins with the first look.
fn is_over<A: Actor>(held: &mut Held<'_, Body<A>>) -> bool {
    let header = held.header();
    let core = header.core();
    let now = core.clock.now();
    if let Some(limit) = *held.limit() {
        return now >= Nanos(limit);
    }
    let given = header.rare_if_made().and_then(|rare| rare.given.get());
    let patience = given.and_then(|given| given.stop_timeout).unwrap_or(core.config.stop_timeout);
    let limit = now.after(patience);
    *held.limit() = Some(limit.0);
    if patience.is_zero() {
        return true;
    }
    // A firing that comes when the handler has ended long ago is a wake like any other: harmless.
    core.timers.arm(core, limit, Fire::Token(header.id, token::SUSPENDED));
    false
}

/// Drops the future: its message is lost, its ask ends.
fn lose<'l, A: Actor>(mut held: Held<'l, Body<A>>, why: NoAnswer) -> Turn<'l, Body<A>> {
    let news = held.has_news();
    let (turn, mut ctx) = held.cancel();
    turn.intake.count_failed();
    let header = turn.header();
    ctx.lose_kept(header, turn.local());
    let (core, local, message) =
        (header.core(), turn.local(), header.message_name(header.current()));
    if let Some(answer) = ctx.answer.take() {
        let told = answer.end(local, core, why);
        follow(core, local, header.id, message, told);
    }
    restart::drop_counted(local, ctx.take_failure());
    header.set_current(NOTHING);
    give_news(&turn, news);
    turn
}

/// The future has ended: as at the end of any handler.
fn finished<A: Actor>(
    turn: Turn<'_, Body<A>>,
    mut ctx: Context<A>,
    outcome: Result<(), Box<dyn std::any::Any + Send>>,
) -> Option<Task> {
    let local = turn.local();
    let failure = match outcome {
        Ok(()) => ctx.take_failure(),
        Err(payload) => Some(super::failure_of(local, payload)),
    };
    if let Some(failure) = failure {
        run::count_failure(turn.intake, &mut ctx, &failure);
        return restart::fail(turn, failure, false);
    }
    if ctx.kept {
        ctx.keep(turn.header(), local);
    } else if !std::mem::take(&mut ctx.counted) {
        turn.header().count_handled(local);
    }
    turn.header().set_current(NOTHING);
    if ctx.stopping {
        return restart::stop_itself(turn);
    }
    ctx.put_away();
    // A turn of its own for what is queued.
    Some(turn.again())
}

fn give_news<A: Actor>(turn: &Turn<'_, Body<A>>, news: bool) {
    if news {
        // The right to run is ours: there is no mark to clear.
        let _ = turn.header().state().order(order::NEWS);
    }
}
