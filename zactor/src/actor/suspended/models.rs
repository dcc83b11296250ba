//! An async handler that waits, and those who meet there: its waker, a kill, the system lane, the end.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll, Waker};

use crate::actor::{ActorRef, AsyncHandler, Context};
use crate::cell::Local;
use crate::cell::models::Witness;
use crate::cell::state::order;
use crate::message::Kind;
use crate::sync::atomic::{AtomicU32, Ordering::Relaxed};
use crate::sync::{Mutex, lock};
use crate::system::Core;
use crate::system::models::{
    Thread, finish_failing, model_within, on_a_thread, order_and_run, run, run_all, spawn, system,
};
use crate::{Message, actor};

/// What the future waits for, and what it leaves.
#[derive(Default)]
pub(in crate::actor) struct Event {
    pub(in crate::actor) given: AtomicU32,
    pub(in crate::actor) waker: Mutex<Option<Waker>>,
    pub(in crate::actor) dropped: AtomicU32,
}

impl Event {
    fn give(&self) {
        self.given.store(1, Relaxed);
        let waker = lock(&self.waker).take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// A thread that lets it happen, and runs what that wakes.
pub(in crate::actor) fn giver(core: &Arc<Core>, event: &Arc<Event>) -> Thread<()> {
    let event = Arc::clone(event);
    on_a_thread(core, move |core, local| {
        event.give();
        run_all(core, local);
    })
}

struct Given<'a>(&'a Event, &'a Witness);

impl Future for Given<'_> {
    type Output = ();
    fn poll(self: Pin<&mut Self>, task: &mut TaskContext<'_>) -> Poll<()> {
        // One owner at a time, and each sees what the last one did.
        self.1.add(1);
        *lock(&self.0.waker) = Some(task.waker().clone());
        if self.0.given.load(Relaxed) == 1 { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl Drop for Given<'_> {
    fn drop(&mut self) {
        self.0.dropped.fetch_add(1, Relaxed);
    }
}

#[derive(Message, Debug)]
struct Wait;

#[actor(async Wait)]
struct Sleeper {
    event: Arc<Event>,
    seen: Arc<Witness>,
}

impl AsyncHandler<Wait> for Sleeper {
    async fn handle(&mut self, _: Wait, _: &mut Context<Self>) {
        Given(&self.event, &self.seen).await;
        self.seen.add(2);
    }
}

/// An actor that has been told to wait; its task is still to be run.
fn sleeper(
    core: &Arc<Core>,
) -> (ActorRef<Sleeper>, Option<crate::cell::Task>, Arc<Event>, Arc<Witness>) {
    let (event, seen) = (Arc::new(Event::default()), Arc::new(Witness::new()));
    let sleeper = Sleeper { event: Arc::clone(&event), seen: Arc::clone(&seen) };
    let to = spawn(core, sleeper).unwrap();
    let task = Local::with(core, |local| to.0.push(local, Kind::Tell, 0, Wait).unwrap().0);
    (to, task, event, seen)
}

/// The waker is called while the first poll returns and the actor parks: it is polled again.
#[test]
fn wake_against_suspend_loses_no_wake() {
    model_within(3, || {
        let core = system();
        let (to, task, event, seen) = sleeper(&core);
        let giver = giver(&core, &event);
        Local::with(&core, |local| run(local, task));
        giver.join();
        Local::with(&core, |local| run_all(&core, local));
        assert_eq!(seen.all().last(), Some(&2));
        assert_eq!(event.dropped.load(Relaxed), 1);
        lock(&event.waker).take();
        drop(to);
        assert_eq!(finish_failing(core).handled, 1);
    });
}

/// It is called while the actor is killed: the future is dropped once, by whoever has the right to run; its message was
/// handled or is lost.
#[test]
fn wake_against_kill_drops_the_future_once() {
    model_within(3, || {
        let core = system();
        let (to, task, event, _seen) = sleeper(&core);
        Local::with(&core, |local| run(local, task));
        let giver = giver(&core, &event);
        Local::with(&core, |local| order_and_run(to.0.cell(), local, order::KILL));
        giver.join();
        Local::with(&core, |local| run_all(&core, local));
        assert!(to.0.state().is_ended());
        assert_eq!(event.dropped.load(Relaxed), 1);
        lock(&event.waker).take();
        drop(to);
        let sums = finish_failing(core);
        assert_eq!(sums.handled + sums.failed, 1);
    });
}

/// It is called while the actor is told to stop: the handler comes to its end first, the stop is not lost.
#[test]
fn wake_against_stop_ends_after_the_handler() {
    model_within(3, || {
        let core = system();
        let (to, task, event, seen) = sleeper(&core);
        Local::with(&core, |local| run(local, task));
        let giver = giver(&core, &event);
        Local::with(&core, |local| order_and_run(to.0.cell(), local, order::STOP));
        giver.join();
        Local::with(&core, |local| run_all(&core, local));
        assert!(to.0.state().is_ended());
        assert_eq!(seen.all().last(), Some(&2));
        assert_eq!(event.dropped.load(Relaxed), 1);
        lock(&event.waker).take();
        drop(to);
        assert_eq!(finish_failing(core).handled, 1);
    });
}

/// It is called while there is news: neither the wake nor the news is lost.
#[test]
fn wake_against_news_loses_neither() {
    model_within(3, || {
        let core = system();
        let (to, task, event, seen) = sleeper(&core);
        Local::with(&core, |local| run(local, task));
        let giver = giver(&core, &event);
        Local::with(&core, |local| order_and_run(to.0.cell(), local, order::NEWS));
        giver.join();
        Local::with(&core, |local| run_all(&core, local));
        assert_eq!(seen.all().last(), Some(&2));
        assert!(to.0.is_idle(), "the news was attended");
        lock(&event.waker).take();
        drop(to);
        assert_eq!(finish_failing(core).handled, 1);
    });
}

/// The waker outlives the actor, and is the last reference to its cell.
#[test]
fn wake_against_the_last_release_is_harmless() {
    model_within(3, || {
        let core = system();
        let (to, task, event, _seen) = sleeper(&core);
        Local::with(&core, |local| run(local, task));
        let waker = lock(&event.waker).take().unwrap();
        let giver = on_a_thread(&core, move |core, local| {
            waker.wake();
            run_all(core, local);
        });
        Local::with(&core, |local| order_and_run(to.0.cell(), local, order::KILL));
        drop(to);
        giver.join();
        Local::with(&core, |local| run_all(&core, local));
        lock(&event.waker).take();
        assert_eq!(event.dropped.load(Relaxed), 1);
        drop(event);
        assert_eq!(finish_failing(core).failed, 1);
    });
}
