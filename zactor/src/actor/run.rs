//! One turn of one actor: its orders, then up to a batch of messages; then idle, again, or its end.

use super::ending::{self, Cause};
use super::lifecycle::{failure_of, guarded, log};
use super::{Actor, Body, Context, Phase, reply_to, restart, supervise, suspended, timer};
use crate::__private as private;
use crate::cell::state::order;
use crate::cell::{
    Continuation, Delivery, HOOK, Intake, Local, NOTHING, Next, NoAnswer, Task, Told, Turn,
};
use crate::message::Kind;
use crate::supervision::Failure;

/// Why a batch is over.
enum Pause {
    /// The mailbox is empty.
    Empty,
    /// A sender stands in the gap, or the budget is used up.
    Later,
    /// An order has come, or the handler wants attention.
    Attend,
}

/// See the module.
pub(super) fn turn<A: Actor>(mut turn: Turn<'_, Body<A>>) -> Option<Task> {
    if turn.resident().phase != Phase::Live {
        return restart::go_on(turn);
    }
    let mut ctx = Context::new(turn.here());
    let next = go_through(turn, &mut ctx);
    ctx.put_away();
    next
}

/// The batches of a turn, while the actor is live.
#[inline(always)]
fn go_through<A: Actor>(mut turn: Turn<'_, Body<A>>, ctx: &mut Context<A>) -> Option<Task> {
    loop {
        let orders = turn.header().state().orders();
        if orders & order::INTERRUPT != 0 {
            if orders & (order::STOP | order::KILL) != 0 {
                return ending::begin(turn, Cause::Ordered(orders));
            }
            turn = match supervise::attend(turn) {
                Ok(turn) => turn,
                Err(over) => return over,
            };
            if orders & order::PRESSED != 0 {
                turn.intake.relieve();
            }
            if orders & order::MUTED != 0 {
                turn = turn.park_muted(orders & !order::NEWS)?;
                continue;
            }
        }
        // Read before the mailbox is found empty: what is accepted before the close is handled before the end.
        let closed = turn.header().is_closed();
        match batch_guarded(&mut turn, ctx) {
            Err(failure) => return restart::fail(turn, failure, false),
            Ok(Pause::Empty) if closed => {
                let shutdown = turn.header().state().orders() & order::SHUTDOWN;
                return ending::begin(turn, Cause::Ordered(order::DRAIN | shutdown));
            }
            Ok(Pause::Empty) => {
                if turn.header().has_quiet() {
                    turn.header().begin_quiet();
                }
                turn = turn.mark_idle()?;
            }
            Ok(Pause::Later) => return Some(turn.again()),
            Ok(Pause::Attend) if turn.intake.is_held() => return suspended::park(turn),
            Ok(Pause::Attend) if ctx.stopping => {
                return restart::stop_itself(turn);
            }
            Ok(Pause::Attend) => {
                if std::mem::take(&mut ctx.attention) {
                    turn.intake.look_in_front();
                }
            }
        }
    }
}

/// A batch in a catch. The failure is counted, and the ask in flight has got it.
fn batch_guarded<A: Actor>(
    turn: &mut Turn<'_, Body<A>>,
    ctx: &mut Context<A>,
) -> Result<Pause, Failure> {
    let (body, intake) = turn.split();
    let Some(value) = body.value.as_mut() else { return Ok(Pause::Empty) };
    let failure = match guarded(|| batch(value, intake, ctx)) {
        Ok(pause) => match ctx.failure.take() {
            None => return Ok(pause),
            Some(failure) => failure,
        },
        Err(payload) => failure_of(intake.local(), payload),
    };
    count_failure(intake, ctx, &failure);
    Err(failure)
}

#[cold]
pub(super) fn count_failure<A: Actor>(
    intake: &mut Intake<'_>,
    ctx: &mut Context<A>,
    failure: &Failure,
) {
    let header = intake.header();
    let (core, local) = (header.core(), intake.local());
    let running = header.current();
    if running != HOOK && running != NOTHING {
        if ctx.kept {
            ctx.lose_kept(header, local);
        } else if ctx.counted {
            header.take_handled_back(local);
        }
        intake.count_failed();
    }
    log(header, running, failure, "actor failed");
    // What the handler gave to `ctx.fail` before it panicked.
    restart::drop_counted(local, ctx.take_failure());
    header.set_current(NOTHING);
    if let Some(answer) = ctx.answer.take().or_else(|| local.deferring.end()) {
        let told = answer.end(local, core, NoAnswer::Failed(failure.clone()));
        follow(core, local, header.id, header.message_name(running), told);
    }
}

/// What an answer leaves to do: schedule the asker, or note that the reply came too late.
pub(crate) fn follow(
    core: &crate::system::Core,
    local: &Local,
    from: crate::message::ActorId,
    message: &'static str,
    told: Told,
) {
    match told {
        Told::Asker(None) => {}
        Told::Asker(Some(task)) => core.scheduler.schedule(local, task),
        Told::Nobody { asker } => core.late_reply(local, from, asker, message),
    }
}

fn batch<A: Actor>(value: &mut A, intake: &mut Intake<'_>, ctx: &mut Context<A>) -> Pause {
    let local = intake.local();
    loop {
        let left = local.budget.get();
        if left == 0 {
            return Pause::Later;
        }
        local.budget.set(left - 1);
        match Turn::<Body<A>>::next(intake) {
            Next::Message(delivery) => {
                handle(value, delivery, ctx);
                if ctx.counted | ctx.attention {
                    done_with_care(intake, ctx);
                } else {
                    intake.done();
                }
            }
            Next::Continuation(continuation) => {
                continue_with(value, continuation, intake, ctx);
                intake.give_spent();
            }
            Next::Empty => {
                intake.header().set_current(NOTHING);
                return Pause::Empty;
            }
            Next::Busy => return Pause::Later,
        }
        if ctx.attention || intake.header().state().orders() & order::INTERRUPT != 0 {
            if ctx.attention || !relieved(intake) {
                return Pause::Attend;
            }
        }
    }
}

/// Others wait for room, and that was all: the batch goes on.
#[cold]
fn relieved(intake: &mut Intake<'_>) -> bool {
    if intake.header().state().orders() & order::INTERRUPT & !order::PRESSED != 0 {
        return false;
    }
    intake.relieve();
    true
}

/// As `Intake::done`, after an ask, which is counted already, or a failure, which does not count as handled.
fn done_with_care<A: Actor>(intake: &mut Intake<'_>, ctx: &mut Context<A>) {
    if ctx.failure.is_some() || intake.is_held() {
        return;
    }
    if ctx.kept {
        ctx.keep(intake.header(), intake.local());
        intake.give_spent();
    } else if std::mem::take(&mut ctx.counted) {
        reply_to::handler_is_over(intake.header(), intake.local());
        intake.give_spent();
    } else {
        intake.done();
    }
}

/// Runs what the actor asked for, unless that was an earlier incarnation.
fn continue_with<A: Actor>(
    value: &mut A,
    continuation: Continuation<A, Context<A>>,
    intake: &Intake<'_>,
    ctx: &mut Context<A>,
) {
    let header = intake.header();
    header.set_current(HOOK);
    ctx.begin_tell(0);
    if continuation.is_for(header.incarnation()) || crate::sync::mutant("continuation_of_the_old") {
        continuation.call(value, ctx);
    } else {
        restart::drop_counted(intake.local(), continuation);
    }
}

#[inline(always)]
fn handle<A: Actor>(value: &mut A, mut delivery: Delivery<'_>, ctx: &mut Context<A>) {
    let header = delivery.header();
    header.set_current(delivery.tag());
    if delivery.kind() == Kind::Tell {
        ctx.begin_tell(delivery.sender());
    } else if delivery.kind() == Kind::Timer {
        match timer::take_up(delivery, ctx) {
            Some(taken_up) => delivery = taken_up,
            None => {
                // As a dead letter.
                ctx.counted = true;
                return;
            }
        }
    } else {
        let answer = delivery.answer();
        answer.start(header.core().timers.coarse_now());
        ctx.begin_ask(answer);
    }
    if delivery.timestamp() == 0 {
        value.dispatch(private::Delivery::new(delivery), ctx);
    } else {
        handle_sampled(value, delivery, ctx);
    }
}

/// One message in `latency_sample`: measured.
#[cold]
fn handle_sampled<A: Actor>(value: &mut A, delivery: Delivery<'_>, ctx: &mut Context<A>) {
    let header = delivery.header();
    let core = header.core();
    let sent = u64::try_from(delivery.timestamp()).unwrap_or(0);
    let begin = core.clock.now().0;
    value.dispatch(private::Delivery::new(delivery), ctx);
    let end = core.clock.now().0;
    Local::with(core, |local| {
        local.latency.record(end.saturating_sub(sent), end.saturating_sub(begin));
    });
}
