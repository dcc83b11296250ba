//! Wakers are the user's code: none runs under a lock of the runtime, and one that panics harms nobody.

use std::pin::pin;
use std::sync::{Arc, mpsc};
use std::task::{Context as TaskContext, Poll, Wake, Waker};
use std::thread;
use std::time::Duration;

use crate::support::*;
use zactor::prelude::*;
use zactor::testing::ManualClock;

/// Does something when it is woken.
struct OnWake(Box<dyn Fn() + Send + Sync>);

impl Wake for OnWake {
    fn wake(self: Arc<Self>) {
        (self.0)();
    }
}

fn on_wake(job: impl Fn() + Send + Sync + 'static) -> Waker {
    Arc::new(OnWake(Box::new(job))).into()
}

fn poll<F: Future + Unpin>(future: &mut F, waker: &Waker) -> Poll<F::Output> {
    pin!(future).poll(&mut TaskContext::from_waker(waker))
}

fn timed(clock: &ManualClock) -> ActorSystem {
    ActorSystem::builder("test").workers(1).config(quiet()).clock(clock.clone()).start().unwrap()
}

const STEP: Duration = Duration::from_millis(10);

#[test]
fn a_waker_may_move_the_clock_that_called_it() {
    let clock = ManualClock::new();
    let system = timed(&clock);
    let lab = system.spawn(Lab::new()).unwrap();
    let held = hold(&lab);
    let mut first = lab.ended().timeout(STEP);
    let mut second = lab.ask(call(|_, _| 0)).timeout(2 * STEP);
    let mut third = lab.ended().timeout(3 * STEP);

    let journal = Journal::default();
    let (again, notes) = (clock.clone(), journal.clone());
    let moves_on = on_wake(move || {
        notes.note("first");
        again.advance(2 * STEP);
        notes.note("moved");
    });
    let note = |what: &'static str| {
        let notes = journal.clone();
        on_wake(move || notes.note(what))
    };
    assert!(poll(&mut first, &moves_on).is_pending());
    assert!(poll(&mut second, &note("second")).is_pending());
    assert!(poll(&mut third, &note("third")).is_pending());

    let (done, waits) = mpsc::channel();
    let mover = clock.clone();
    thread::spawn(move || {
        mover.advance(STEP);
        done.send(()).unwrap();
    });
    waits.recv_timeout(PATIENCE).expect("the waker ran without the lock of the timers");
    assert_eq!(journal.entries(), ["first", "second", "third", "moved"]);
    let second = poll(&mut second, Waker::noop());
    assert!(matches!(second, Poll::Ready(Err(AskError::Timeout { .. }))), "{second:?}");
    drop(held);
    finish(&system);
}

#[test]
fn a_waker_that_panics_is_contained_and_counted_and_those_after_it_are_called() {
    let clock = ManualClock::new();
    let system = timed(&clock);
    let (held_lab, lab) = (system.spawn(Lab::new()).unwrap(), system.spawn(Lab::new()).unwrap());
    let held = hold(&held_lab);
    let journal = Journal::default();
    let mut by_time = held_lab.ended().timeout(STEP);
    let mut asked_by_time = held_lab.ask(call(|_, _| 0)).timeout(STEP);
    let mut after = held_lab.ask(call(|_, _| 0)).timeout(STEP);
    let mut answered = lab.ask(call(|_, _| 1));
    let mut ended = lab.ended();
    lab.tell(job(|_, ctx| ctx.stop())).unwrap();
    let mut never_handled = lab.ask(call(|_, _| 3));
    let gives_up = on_wake(|| give_up());
    for ask in [&mut asked_by_time, &mut answered, &mut never_handled] {
        assert!(poll(ask, &gives_up).is_pending());
    }
    assert!(poll(&mut by_time, &gives_up).is_pending());
    assert!(poll(&mut ended, &gives_up).is_pending());
    let notes = journal.clone();
    assert!(poll(&mut after, &on_wake(move || notes.note("woken"))).is_pending());

    clock.advance(STEP);
    assert_eq!(journal.entries(), ["woken"]);
    drop(held);
    assert!(matches!(lab.ended().wait(), Ok(EndReason::Stopped)), "no failure of the answerer");
    assert!(matches!(poll(&mut answered, Waker::noop()), Poll::Ready(Ok(1))));
    let never = poll(&mut never_handled, Waker::noop());
    assert!(matches!(never, Poll::Ready(Err(AskError::Closed))), "{never:?}");
    drop(by_time); // it would be woken again, by the end
    settle(&held_lab);
    assert_eq!(finish(&system).drop_panics, 5);
}
