//! `Sending`: a message on its way into a mailbox that may be full.

use std::fmt;
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll};
use std::time::Duration;

use crate::cell::{CellRef, InLine, Local, Waiter, Waiting, refuse};
use crate::error::SendError;
use crate::message::Message;
use crate::scheduler::clock::Nanos;
use crate::scheduler::timer::TimerKey;
use crate::scheduler::timers::Fire;

/// The outcome of a [`send`](crate::ActorRef::send), to be awaited on any executor or waited for.
///
/// Awaited in an async handler of the very actor whose mailbox has no room, it ends with
/// [`WouldDeadlock`](SendError::WouldDeadlock). The message is in already, or stands in the line before the mailbox, since the call that made this. Those who wait get in
/// in the order of their calls. Dropped before its outcome, it takes the message back and drops it; the send was none then.
#[must_use = "dropped, it takes the message back; await it, or `wait`"]
pub struct Sending<M> {
    /// `None`: the message is in, or the outcome was given away.
    line: Option<InLine<M>>,
    /// Sent by an actor that was cut off.
    refused: Option<(CellRef, M)>,
    deadline: Option<Nanos>,
    armed: Option<TimerKey>,
}

impl<M> fmt::Debug for Sending<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_in = self.line.is_none() && self.refused.is_none();
        f.debug_struct("Sending").field("is_in", &is_in).finish_non_exhaustive()
    }
}

impl<M> Unpin for Sending<M> {}

impl<M: Message> Sending<M> {
    pub(super) fn new(line: Option<InLine<M>>) -> Self {
        Sending { line, refused: None, deadline: None, armed: None }
    }

    /// Sends by `stand`, unless whoever runs here was cut off.
    pub(super) fn begin(
        to: &CellRef,
        message: M,
        stand: impl FnOnce(&Local, M) -> Option<InLine<M>>,
    ) -> Self {
        match Local::to_send(to.core()) {
            Some(local) => Self::new(stand(&local, message)),
            None => Sending {
                line: None,
                refused: Some((to.clone(), message)),
                deadline: None,
                armed: None,
            },
        }
    }

    /// Gives up after `limit` from now on.
    pub fn timeout(mut self, limit: Duration) -> Self {
        let now = self.line.as_ref().map(|line| line.cell().core().clock.now());
        self.deadline = now.map(|now| now.after(limit));
        self
    }

    /// Waits until the message is in.
    ///
    /// # Errors
    /// [`Closed`](SendError::Closed) when the actor ends or drains, [`Timeout`](SendError::Timeout) after the limit. On a
    /// worker thread and in a hook at once, unless it is in: [`WouldBlock`](SendError::WouldBlock), or
    /// [`WouldDeadlock`](SendError::WouldDeadlock) if an actor would wait for itself. The message comes back.
    pub fn wait(mut self) -> Result<(), SendError<M>> {
        self.not_refused()?;
        let Some(line) = &self.line else { return Ok(()) };
        let cell = line.cell().clone();
        let own = Local::with(cell.core(), |local| local.current()) == cell.id.as_raw();
        if own || crate::cell::must_not_block() {
            let refuse = if own { SendError::WouldDeadlock } else { SendError::WouldBlock };
            return self.give_up(refuse);
        }
        let _waiting = Local::with(cell.core(), |local| Waiting::begin(local, &cell));
        loop {
            if let Some(outcome) = self.look(Waiter::Thread(std::thread::current())) {
                return outcome;
            }
            std::thread::park();
        }
    }

    fn not_refused(&mut self) -> Result<(), SendError<M>> {
        self.refused.take().map_or(Ok(()), |(to, message)| Err(refuse(&to, message)))
    }

    /// The outcome; if there is none yet, `waiter` will be told.
    fn look(&mut self, waiter: Waiter) -> Option<Result<(), SendError<M>>> {
        let Some(line) = &self.line else { return Some(Ok(())) };
        let core = line.cell().core();
        if let Some(looked) = line.look(Some(waiter.clone())) {
            let outcome = looked.map_err(|message| {
                line.count_rejected();
                SendError::Closed(message)
            });
            self.disarm();
            self.line = None;
            return Some(outcome);
        }
        let deadline = self.deadline?;
        if core.clock.now() >= deadline {
            return Some(self.give_up(SendError::Timeout));
        }
        if let Some(key) = self.armed.take() {
            core.timers.cancel(key);
        }
        self.armed = Some(core.timers.arm(core, deadline, Fire::Wake(waiter)));
        core.timers.look(core, deadline);
        None
    }

    /// The message comes back, if it is not in.
    fn give_up(&mut self, why: fn(M) -> SendError<M>) -> Result<(), SendError<M>> {
        self.disarm();
        let Some(line) = self.line.take() else { return Ok(()) };
        match line.take_back() {
            None => Ok(()),
            Some(message) => {
                line.count_rejected();
                Err(why(message))
            }
        }
    }
}

impl<M> Sending<M> {
    fn disarm(&mut self) {
        if let (Some(line), Some(key)) = (&self.line, self.armed.take()) {
            line.cell().core().timers.cancel(key);
        }
    }
}

impl<M: Message> Future for Sending<M> {
    type Output = Result<(), SendError<M>>;

    fn poll(mut self: Pin<&mut Self>, task: &mut TaskContext<'_>) -> Poll<Self::Output> {
        self.not_refused()?;
        let waits_for_itself = |line: &InLine<M>| {
            let cell = line.cell();
            Local::with(cell.core(), |local| local.polls(cell.id.as_raw()))
        };
        if self.line.as_ref().is_some_and(waits_for_itself) {
            // By the handler of the actor that would have to make room.
            return Poll::Ready(self.give_up(SendError::WouldDeadlock));
        }
        self.look(Waiter::Task(task.waker().clone())).map_or(Poll::Pending, Poll::Ready)
    }
}

impl<M> Drop for Sending<M> {
    fn drop(&mut self) {
        self.disarm();
    }
}

const _: fn() = || {
    fn free_to_go<T: Send + Unpin + 'static>() {}
    free_to_go::<Sending<u8>>();
};
