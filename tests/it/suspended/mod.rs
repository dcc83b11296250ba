//! Async handlers, and what happens to an actor whose handler waits.

mod deadlock;
mod ends;
mod life;
mod restarts;
mod wakes;

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};

use crate::support::*;
use zactor::prelude::*;

/// What a handler does, with the state and the context in its hands.
pub(super) type Doing<'a> = Pin<Box<dyn Future<Output = u64> + Send + 'a>>;

type Job = Box<dyn for<'a> FnOnce(&'a mut Lodge, &'a mut Context<Lodge>) -> Doing<'a> + Send>;

/// Runs in an async handler.
#[derive(Message)]
#[message(reply = u64)]
pub(super) struct Run(Job);

/// Adds to a list, at once.
#[derive(Message)]
pub(super) struct Note(pub(super) u64);

#[derive(Message)]
#[message(reply = Vec<u64>)]
pub(super) struct Notes;

/// Does as it is told, and waits if it must.
#[actor(async Run, Note, Notes, lifecycle)]
pub(super) struct Lodge {
    pub(super) notes: Vec<u64>,
    pub(super) journal: Journal,
    pub(super) name: &'static str,
}

impl Lodge {
    pub(super) fn new() -> Self {
        Self::named("lodge", &Journal::default())
    }

    pub(super) fn named(name: &'static str, journal: &Journal) -> Self {
        Lodge { notes: Vec::new(), journal: journal.clone(), name }
    }
}

impl AsyncHandler<Run> for Lodge {
    async fn handle(&mut self, Run(job): Run, ctx: &mut Context<Self>) -> u64 {
        job(self, ctx).await
    }
}

impl Handler<Note> for Lodge {
    fn handle(&mut self, Note(number): Note, _: &mut Context<Self>) {
        self.notes.push(number);
    }
}

impl Handler<Notes> for Lodge {
    fn handle(&mut self, _: Notes, _: &mut Context<Self>) -> Vec<u64> {
        self.notes.clone()
    }
}

impl Lifecycle for Lodge {
    fn post_stop(&mut self, _: &mut Context<Self>) {
        self.journal.note(format_args!("stop {}", self.name));
    }

    fn pre_restart(&mut self, _: &mut Context<Self>, _: &Failure) {
        self.journal.note(format_args!("before restart {}", self.name));
    }

    fn post_restart(&mut self, _: &mut Context<Self>, _: &Failure) -> Result<(), Failure> {
        self.journal.note(format_args!("restart {}", self.name));
        Ok(())
    }
}

impl Drop for Lodge {
    fn drop(&mut self) {
        self.journal.note(format_args!("drop {}", self.name));
    }
}

/// A message whose handler does this.
pub(super) fn doing(
    job: impl for<'a> FnOnce(&'a mut Lodge, &'a mut Context<Lodge>) -> Doing<'a> + Send + 'static,
) -> Run {
    Run(Box::new(job))
}

/// Something that happens once: futures wait for it.
#[derive(Clone, Default)]
pub(super) struct Signal(Arc<Mutex<Signalled>>);

#[derive(Default)]
struct Signalled {
    given: bool,
    polls: u32,
    waker: Option<Waker>,
}

impl Signal {
    /// Waits for it.
    pub(super) async fn given(&self) {
        poll_fn(|task| {
            let mut signalled = self.0.lock().unwrap();
            signalled.polls += 1;
            if signalled.given {
                return Poll::Ready(());
            }
            signalled.waker = Some(task.waker().clone());
            Poll::Pending
        })
        .await;
    }

    pub(super) fn give(&self) {
        let waker = {
            let mut signalled = self.0.lock().unwrap();
            signalled.given = true;
            signalled.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    pub(super) fn polls(&self) -> u32 {
        self.0.lock().unwrap().polls
    }

    /// The waker that the last poll left.
    pub(super) fn waker(&self) -> Waker {
        self.0.lock().unwrap().waker.clone().unwrap()
    }
}

/// Notes its drop.
pub(super) struct Trace(pub(super) Journal, pub(super) &'static str);

impl Drop for Trace {
    fn drop(&mut self) {
        self.0.note(self.1);
    }
}

/// Keeps `lodge` in a handler that waits for the result; returns once it waits.
#[track_caller]
pub(super) fn suspend(system: &ActorSystem, lodge: &ActorRef<Lodge>) -> (Reply<u64>, Signal) {
    let signal = Signal::default();
    let waits = signal.clone();
    let reply = lodge.ask(doing(move |lodge, _| {
        Box::pin(async move {
            let _trace = Trace(lodge.journal.clone(), "drop future");
            waits.given().await;
            lodge.notes.push(1_000);
            7
        })
    }));
    // A clock that a test moves does not end it.
    let reply = reply.timeout(std::time::Duration::from_secs(1_000_000));
    suspended(system, lodge);
    (reply, signal)
}

/// Returns once `lodge` waits.
#[track_caller]
pub(super) fn suspended(system: &ActorSystem, lodge: &ActorRef<Lodge>) {
    let state = || system.inspect(lodge.id()).map(|info| info.state);
    eventually("it is suspended", || state() == Some(zactor::ActorState::Suspended));
}
