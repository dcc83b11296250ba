//! `StopHandle`: waits for the end of an actor.

use std::fmt;
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll};
use std::time::Duration;

use super::ending;
use crate::cell::{CellRef, Waiter};
use crate::error::SystemError;
use crate::scheduler::clock::Nanos;
use crate::scheduler::timer::TimerKey;
use crate::scheduler::timers::Fire;
use crate::supervision::EndReason;

/// The end of an actor, to be awaited on any executor or waited for. Dropping it takes nothing back: what was ordered
/// goes on. So it may be dropped at any await point. An actor that awaits its own end in its handler gets
/// [`WouldDeadlock`](SystemError::WouldDeadlock).
///
/// When it completes, the actor's children have ended, its last hook has run, its state is dropped, its name is free, and
/// all that ended with it is counted.
pub struct StopHandle {
    cell: CellRef,
    deadline: Option<Nanos>,
    registered: Option<u64>,
    armed: Option<TimerKey>,
}

impl fmt::Debug for StopHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StopHandle").field("id", &self.cell.id).finish_non_exhaustive()
    }
}

impl StopHandle {
    pub(super) fn new(cell: CellRef) -> Self {
        StopHandle { cell, deadline: None, registered: None, armed: None }
    }

    /// Gives up waiting after `limit` from now on.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.deadline = Some(self.cell.core().clock.now().after(limit));
        self
    }

    /// Waits for the end.
    ///
    /// # Errors
    /// [`WouldBlock`](SystemError::WouldBlock) at once on a worker thread and in a hook,
    /// [`WouldDeadlock`](SystemError::WouldDeadlock) there if it is the actor's own, [`Timeout`](SystemError::Timeout)
    /// after the limit. What was ordered goes on.
    pub fn wait(mut self) -> Result<EndReason, SystemError> {
        // Even if it is over: whether it is, is chance, and a mistake should show each time.
        let running = crate::cell::Local::with(self.cell.core(), |local| local.current());
        if running == self.cell.id.as_raw() {
            return Err(SystemError::WouldDeadlock);
        }
        if crate::cell::must_not_block() {
            return Err(SystemError::WouldBlock);
        }
        loop {
            if let Some(result) = self.look() {
                return result;
            }
            if self.register(Waiter::Thread(std::thread::current())) {
                std::thread::park();
            }
        }
    }

    /// The result, if there is one.
    fn look(&self) -> Option<Result<EndReason, SystemError>> {
        if self.cell.state().is_ended() {
            return Some(Ok(ending::reason(&self.cell)));
        }
        let now = self.deadline.map(|deadline| (deadline, self.cell.core().clock.now()));
        now.is_some_and(|(deadline, now)| now >= deadline).then_some(Err(SystemError::Timeout))
    }

    /// Leaves word with the actor, and with the wheel if there is a limit. False: it is over already.
    fn register(&mut self, waiter: Waiter) -> bool {
        let joiners = &self.cell.rare().joiners;
        self.registered = joiners.register(self.registered, waiter.clone());
        if self.registered.is_none() {
            return false;
        }
        if let Some(deadline) = self.deadline {
            let core = self.cell.core();
            if let Some(key) = self.armed.take() {
                core.timers.cancel(key);
            }
            self.armed = Some(core.timers.arm(core, deadline, Fire::Wake(waiter)));
        }
        // Who ends the actor tells those who are registered after it has set the mark that is read here.
        !self.cell.state().is_ended_after_register()
    }
}

impl Future for StopHandle {
    type Output = Result<EndReason, SystemError>;

    fn poll(mut self: Pin<&mut Self>, task: &mut TaskContext<'_>) -> Poll<Self::Output> {
        loop {
            if let Some(result) = self.look() {
                return Poll::Ready(result);
            }
            let own = self.cell.id.as_raw();
            if crate::cell::Local::with(self.cell.core(), |local| local.polls(own)) {
                return Poll::Ready(Err(SystemError::WouldDeadlock));
            }
            if self.register(Waiter::Task(task.waker().clone())) {
                return Poll::Pending;
            }
        }
    }
}

impl Drop for StopHandle {
    fn drop(&mut self) {
        if let Some(key) = self.registered.take() {
            self.cell.rare().joiners.forget(key);
        }
        if let Some(key) = self.armed.take() {
            self.cell.core().timers.cancel(key);
        }
    }
}
