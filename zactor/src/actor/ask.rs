//! Asks: what the asker holds.

use std::fmt;
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll};
use std::time::Duration;

use super::lifecycle::drop_guarded;
use super::run::follow;
use super::{Actor, ActorRef, Context};
use crate::cell::state::order;
use crate::cell::{self, Asked, Local, NoAnswer, Outcome, Port, Progress, Ref, Waiter};
use crate::error::{AskError, AskState, SendError};
use crate::message::{Accepts, ActorId, Kind, Message};
use crate::scheduler::clock::Nanos;
use crate::scheduler::schedule;
use crate::scheduler::timers::Fire;

/// The promise of an ask's reply. The ask was sent by the call that made this.
///
/// Await it on any executor, or [`wait`](Self::wait) for it outside of workers. It ends once: with the reply, or with an
/// [`AskError`] when the time is over, the mailbox was full, or the actor fails or ends. Dropping it gives the reply up:
/// the message is handled all the same, its reply becomes a dead letter. So it may be dropped at any await point.
///
/// In an async handler an await that could never end is [`AskError::WouldDeadlock`]: the actor would wait for itself, or for
/// one that waits for it.
#[must_use = "a reply that nobody waits for is dropped; use `tell` if none is wanted"]
pub struct Reply<R> {
    state: State<R>,
    /// The message waits for room.
    ticket: Option<cell::Ticket>,
    limit: Option<Duration>,
    armed: Option<crate::scheduler::timer::TimerKey>,
}

enum State<R> {
    Asked(Asked<R>),
    Refused(AskError),
    Over,
}

impl<R> fmt::Debug for Reply<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match &self.state {
            State::Asked(_) => "asked",
            State::Refused(_) => "refused",
            State::Over => "over",
        };
        f.debug_tuple("Reply").field(&state).finish()
    }
}

impl<R> Unpin for Reply<R> {}

impl<R: Send + 'static> Reply<R> {
    pub(super) fn ask<A: Accepts<M>, M: Message<Reply = R>>(to: &ActorRef<A>, message: M) -> Self {
        let push = |local: &Local, word, message| to.0.push(local, Kind::Ask, word, message);
        let stand = |local: &Local, word, message| to.0.stand(local, Kind::Ask, word, message);
        Self::send(to.0.cell(), A::TAG, message, push, stand)
    }

    pub(super) fn ask_port<M: Message<Reply = R>>(to: &Port<M>, message: M) -> Self {
        let push = |local: &Local, word, message| to.push(local, Kind::Ask, word, message);
        let stand = |local: &Local, word, message| to.stand(local, Kind::Ask, word, message);
        Self::send(to.cell(), to.tag(), message, push, stand)
    }

    fn send<M: Message<Reply = R>>(
        to: &cell::CellRef,
        tag: u32,
        message: M,
        push: impl FnOnce(&Local, u64, M) -> Result<cell::Accepted, SendError<M>>,
        stand: impl FnOnce(&Local, u64, M) -> Option<cell::InLine<M>>,
    ) -> Self {
        Self::try_send(to, tag, message, push, stand).unwrap_or_else(|refused| {
            let error = match refused {
                SendError::Full(_) => AskError::Full,
                _ => AskError::Closed,
            };
            // The message drops here, outside of all that is ours.
            drop(refused);
            Reply { state: State::Refused(error), ticket: None, limit: None, armed: None }
        })
    }

    /// As `ask`, but a message that is refused comes back.
    pub(super) fn try_ask<A: Accepts<M>, M: Message<Reply = R>>(
        to: &ActorRef<A>,
        message: M,
    ) -> Result<Self, SendError<M>> {
        let push = |local: &Local, word, message| to.0.push(local, Kind::Ask, word, message);
        let stand = |local: &Local, word, message| to.0.stand(local, Kind::Ask, word, message);
        Self::try_send(to.0.cell(), A::TAG, message, push, stand)
    }

    fn try_send<M: Message<Reply = R>>(
        to: &cell::CellRef,
        tag: u32,
        message: M,
        push: impl FnOnce(&Local, u64, M) -> Result<cell::Accepted, SendError<M>>,
        stand: impl FnOnce(&Local, u64, M) -> Option<cell::InLine<M>>,
    ) -> Result<Self, SendError<M>> {
        let core = to.core();
        let Some(local) = Local::to_send(core) else { return Err(cell::refuse(to, message)) };
        let (asked, word) = Asked::new(to.clone(), tag, &local);
        let sent = |asked, ticket| {
            core.timers.ask_is_open(core);
            Reply { state: State::Asked(asked), ticket, limit: None, armed: None }
        };
        match push(&local, word, message) {
            Ok(accepted) => {
                if let Some(task) = accepted.0 {
                    core.scheduler.schedule(&local, task);
                }
                Ok(sent(asked, None))
            }
            // It takes its place in the line: the call itself does not wait.
            Err(SendError::WouldBlock(message)) => {
                let place = stand(&local, word, message);
                Ok(sent(asked, place.map(cell::InLine::into_ticket)))
            }
            Err(refused) => {
                asked.refused();
                Err(refused)
            }
        }
    }

    /// Ends the ask after `limit` from now on, exactly, in place of the `ask_timeout` of the configuration.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.limit = Some(limit);
        self.arm(limit);
        self
    }

    /// The timer that ends the ask.
    fn arm(&mut self, limit: Duration) {
        if let State::Asked(asked) = &self.state {
            let core = asked.target().core();
            asked.without_coarse_limit();
            if let Some(key) = self.armed.take() {
                core.timers.cancel(key);
            }
            let (slot, generation) = asked.ticket();
            let at = core.clock.now().after(limit);
            self.armed = Some(core.timers.arm(core, at, Fire::Ask(slot, generation)));
        }
    }

    /// Waits for the reply.
    ///
    /// # Errors
    /// [`WouldBlock`](AskError::WouldBlock) at once on a worker thread and in a hook, even if the reply is there (the ask
    /// is given up); on the thread of a pinned actor [`WouldDeadlock`](AskError::WouldDeadlock) when it would wait for itself,
    /// or in a cycle; else how the ask ended.
    pub fn wait(mut self) -> Result<R, AskError> {
        if crate::cell::must_not_block() {
            // Even if it is over: whether it is, is chance, and a mistake should show each time.
            return Err(AskError::WouldBlock);
        }
        let mut blocks = None;
        loop {
            if let Some(result) = self.poll_now() {
                return result;
            }
            let State::Asked(asked) = &self.state else { return Err(AskError::NoReply) };
            if !asked.set_waiter(Waiter::Thread(std::thread::current())) {
                continue;
            }
            if blocks.is_none() {
                match Local::with(asked.target().core(), |local| asked.blocks(local)) {
                    Ok(wait) => blocks = Some(wait),
                    Err(cycle) => return Err(self.would_deadlock(cycle)),
                }
            }
            std::thread::park();
        }
    }

    /// Given up: whoever handles the message replies too late.
    fn would_deadlock(&mut self, cycle: Vec<ActorId>) -> AskError {
        self.disarm();
        self.state = State::Over;
        AskError::WouldDeadlock { cycle: cycle.into() }
    }

    /// The result, if the ask is over.
    fn poll_now(&mut self) -> Option<Result<R, AskError>> {
        if let State::Asked(asked) = &self.state
            && !asked.is_over()
        {
            return None;
        }
        self.disarm();
        if let Some(ticket) = self.ticket.take() {
            ticket.refuse();
        }
        Some(match std::mem::replace(&mut self.state, State::Over) {
            State::Over => Err(AskError::NoReply),
            State::Refused(error) => Err(error),
            State::Asked(asked) => {
                let (tag, progress) = (asked.tag(), asked.progress());
                match asked.finish() {
                    (Outcome::Reply(reply), _) => Ok(reply),
                    (Outcome::Failed(failure), _) => Err(AskError::Failed(failure)),
                    (Outcome::Full, _) => Err(AskError::Full),
                    (Outcome::Closed, _) => Err(AskError::Closed),
                    (Outcome::NoReply, _) => Err(AskError::NoReply),
                    (Outcome::Expired, target) => Err(self.timed_out(&target, tag, progress)),
                }
            }
        })
    }

    /// The timer is not needed any more.
    fn disarm(&mut self) {
        if let (State::Asked(asked), Some(key)) = (&self.state, self.armed.take()) {
            asked.target().core().timers.cancel(key);
        }
    }

    fn timed_out(&self, target: &cell::CellRef, tag: u32, progress: Progress) -> AskError {
        let now = target.core().clock.now();
        let state = match progress {
            Progress::Queued => {
                AskState::Queued { depth: usize::try_from(target.queued()).unwrap_or(usize::MAX) }
            }
            Progress::Running { since } => AskState::Running { since: now.since(Nanos(since)) },
            Progress::Answered => AskState::AnsweredLate,
        };
        AskError::Timeout {
            actor: target.id,
            message: target.message_name(tag),
            waited: self.limit.unwrap_or(target.core().config.ask_timeout),
            state,
        }
    }
}

impl<R: Send + 'static> Future for Reply<R> {
    type Output = Result<R, AskError>;

    fn poll(mut self: Pin<&mut Self>, task: &mut TaskContext<'_>) -> Poll<Self::Output> {
        loop {
            if let Some(result) = self.poll_now() {
                return Poll::Ready(result);
            }
            let State::Asked(asked) = &self.state else {
                return Poll::Ready(Err(AskError::NoReply));
            };
            if asked.set_waiter(Waiter::Task(task.waker().clone())) {
                let cycle = Local::with(asked.target().core(), |local| asked.awaited(local));
                let Some(cycle) = cycle else { return Poll::Pending };
                return Poll::Ready(Err(self.would_deadlock(cycle)));
            }
        }
    }
}

impl<R> Drop for Reply<R> {
    fn drop(&mut self) {
        if let (State::Asked(asked), Some(key)) = (&self.state, self.armed.take()) {
            asked.target().core().timers.cancel(key);
        }
    }
}

/// An ask made in a handler: what to do with its result.
#[must_use = "without `then` the reply is dropped"]
pub struct Asking<'a, A, R> {
    reply: Reply<R>,
    ctx: &'a mut Context<A>,
}

impl<A, R> fmt::Debug for Asking<'_, A, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Asking").field("reply", &self.reply).finish_non_exhaustive()
    }
}

impl<A: Actor> Context<A> {
    /// Asks `to`. Never blocks: [`Asking::then`] says what this actor does with the result, in a turn of its own.
    ///
    /// ```
    /// use zactor::prelude::*;
    ///
    /// #[actor]
    /// struct Store { value: u64 }
    /// #[handlers]
    /// impl Store {
    ///     fn get(&self) -> u64 { self.value }
    /// }
    ///
    /// #[actor]
    /// struct Reader { store: ActorRef<Store>, seen: u64 }
    /// #[handlers]
    /// impl Reader {
    ///     fn read(&mut self, ctx: &mut Context<Self>) {
    ///         let store = self.store.clone();
    ///         ctx.ask(&store, StoreGet {}).then(|this, value, _ctx| {
    ///             this.seen = value.unwrap_or(0);
    ///         });
    ///     }
    /// }
    /// ```
    pub fn ask<B: Accepts<M>, M: Message>(
        &mut self,
        to: &ActorRef<B>,
        message: M,
    ) -> Asking<'_, A, M::Reply> {
        Asking { reply: to.ask(message), ctx: self }
    }
}

impl<A: Actor, R: Send + 'static> Asking<'_, A, R> {
    /// Ends the ask after `limit`; see [`Reply::timeout`].
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.reply = self.reply.timeout(limit);
        self
    }

    /// When the ask is over, this actor runs `f` with its state and the result. Dropped unrun if the actor ends before.
    pub fn then(
        self,
        f: impl FnOnce(&mut A, Result<R, AskError>, &mut Context<A>) + Send + 'static,
    ) {
        let Asking { reply, ctx } = self;
        let me: &Ref<A> = &ctx.reference().0;
        let core = me.core();
        let tell = |value: &mut A, mut reply: Reply<R>, context: &mut Context<A>| {
            let result = reply.poll_now().unwrap_or(Err(AskError::NoReply));
            drop(reply);
            f(value, result, context);
        };
        let task = Local::with(core, |local| cell::then(me, local, reply, Reply::asked, tell));
        schedule(core, task);
    }
}

impl<R: Send + 'static> Reply<R> {
    /// The asker's end, while there is one.
    fn asked(&self) -> Option<&Asked<R>> {
        match &self.state {
            State::Asked(asked) => Some(asked),
            _ => None,
        }
    }
}

const _: fn() = || {
    fn free_to_go<T: Send + Unpin + 'static>() {}
    free_to_go::<Reply<u8>>();
};

/// The handler of `M` has returned: its reply answers the ask, or is dropped for a tell.
#[inline(always)]
pub(crate) fn answer<A: Actor + Accepts<M>, M: Message>(ctx: &mut Context<A>, reply: M::Reply) {
    if ctx.answer.is_some() {
        answer_ask::<A, M>(ctx, reply);
    }
}

fn answer_ask<A: Actor + Accepts<M>, M: Message>(ctx: &mut Context<A>, reply: M::Reply) {
    // A handler that has failed answers nobody; the ask learns of the failure.
    if ctx.failure.is_some() {
        return;
    }
    let Some(answer) = ctx.answer.take() else { return };
    ctx.counted = true;
    let me = &ctx.reference().0;
    let core = me.core();
    Local::with(core, |local| {
        // Whoever gets the answer finds the message counted.
        me.cell().count_handled(local);
        let told = if me.state().orders() & order::KILL == 0 {
            answer.typed::<A, M>().send(local, core, reply)
        } else {
            // The kill has ended the ask, however long the handler went on.
            if drop_guarded(reply) {
                local.counts.drop_panics.add(1);
            }
            answer.end(local, core, NoAnswer::Closed)
        };
        follow(core, local, me.id, me.message_name(A::TAG), told);
    });
}
