//! How long a child may take to stop: S41.

use std::time::Duration;

use super::*;
use zactor::testing::ManualClock;
use zactor::{SpawnError, SystemError};

const LIMIT: Duration = Duration::from_secs(10);

fn system_by(clock: &ManualClock) -> ActorSystem {
    ActorSystem::builder("test").workers(3).config(quiet()).clock(clock.clone()).start().unwrap()
}

/// Moves the clock until `holds`: when exactly a parent has looked at it is not known.
fn advance_until(clock: &ManualClock, what: &str, holds: impl Fn() -> bool) {
    eventually(what, || {
        clock.advance(LIMIT / 20);
        holds()
    });
}

/// A child of `parent` with a name and `LIMIT`, that stands in a handler until the gate opens.
fn stuck_child(parent: &ActorRef<Lab>, journal: &Journal) -> (ActorRef<Lab>, Opens) {
    let (give, take) = mpsc::channel();
    let child = Lab::named("child", journal);
    parent
        .tell(job(move |_, ctx| {
            let builder = ctx.actor_of(child).name("child").stop_timeout(LIMIT);
            give.send(builder.spawn().unwrap()).unwrap();
        }))
        .unwrap();
    let child = take.recv_timeout(PATIENCE).unwrap();
    let gate = hold(&child);
    (child, gate)
}

#[test]
fn s41_a_child_stuck_in_a_handler_past_its_deadline_is_cut_off() {
    let clock = ManualClock::new();
    let (system, journal) = (system_by(&clock), Journal::default());
    let parent = system.spawn(Lab::named("parent", &journal)).unwrap();
    let (child, gate) = stuck_child(&parent, &journal);
    let mut ended = Box::pin(parent.stop());
    eventually("the end has begun", || !parent.is_alive());
    clock.advance(LIMIT - Duration::from_nanos(1));
    let_pass(Duration::from_millis(5));
    let pending = |ended: &mut std::pin::Pin<Box<zactor::StopHandle>>| {
        let mut task = std::task::Context::from_waker(std::task::Waker::noop());
        ended.as_mut().poll(&mut task).is_pending()
    };
    assert!(pending(&mut ended) && child.is_alive(), "it has time left");
    advance_until(&clock, "it is cut off", || !child.is_alive());
    assert!(matches!(parent.ended().wait(), Ok(EndReason::Stopped)));
    assert!(!child.is_alive() && system.lookup::<Lab>("child").is_none());
    assert!(child.tell(job(|_, _| {})).is_err());
    let next = system.actor_of(Lab::new()).name("child").spawn().unwrap();
    assert_eq!(journal.count("drop child"), 0, "its state is its handler's still");
    drop(gate);
    assert!(matches!(child.ended().wait(), Ok(EndReason::Killed)));
    assert_eq!(journal.count("drop child"), 1);
    assert_eq!(system.lookup::<Lab>("child"), Some(next), "its end leaves the name alone");
    finish(&system);
}

#[test]
fn s41_one_that_is_cut_off_cannot_spawn_and_is_reported_as_stuck() {
    let clock = ManualClock::new();
    let (system, journal) = (system_by(&clock), Journal::default());
    let parent = system.spawn(Lab::named("parent", &journal)).unwrap();
    let (give, take) = mpsc::channel();
    let inner = journal.clone();
    parent
        .tell(job(move |_, ctx| {
            let child = ctx.actor_of(Lab::named("child", &inner)).name("child");
            give.send(child.stop_timeout(LIMIT).spawn().unwrap()).unwrap();
        }))
        .unwrap();
    let child = take.recv_timeout(PATIENCE).unwrap();
    let gate = Gate::new();
    let door = gate.clone();
    let (give, take) = mpsc::channel();
    child
        .tell(job(move |_, ctx| {
            door.pass();
            give.send(ctx.spawn(Lab::new()).is_err()).unwrap();
        }))
        .unwrap();
    gate.wait_for(1);
    drop(parent.stop());
    eventually("the end has begun", || !parent.is_alive());
    advance_until(&clock, "it is cut off", || !child.is_alive());
    parent.ended().wait().unwrap();
    // Beside the closing system, which reports it, and after that.
    let report = system.shutdown_within(Duration::from_secs(1));
    let Err(SystemError::Stuck(stuck)) = report else { panic!("{report:?}") };
    assert_eq!(stuck.len(), 1);
    assert_eq!((stuck[0].id, stuck[0].name.as_deref()), (child.id(), Some("child")));
    gate.open();
    assert!(take.recv_timeout(PATIENCE).unwrap(), "it may not spawn");
}

/// What becomes of each way to send, in order; `true` is `Closed`.
fn sends(to: &ActorRef<Lab>, ctx: &mut Context<Lab>) -> Vec<bool> {
    let (nothing, recipient) = (|| job(|_, _| {}), to.recipient::<Do>());
    let closed = |sent: Result<(), SendError<Do>>| matches!(sent, Err(SendError::Closed(_)));
    let batch = to.tell_batch([nothing(), nothing()]);
    vec![
        closed(to.tell(nothing())),
        closed(recipient.tell(nothing())),
        closed(to.send(nothing()).wait()),
        closed(recipient.send(nothing()).wait()),
        closed(ctx.forward(to, nothing())),
        closed(ctx.tell_self(nothing())),
        batch.is_err_and(|refused| closed(Err(refused.error)) && refused.accepted == 0),
        block_on(to.ask(call(|_, _| 0))).is_err_and(|error| matches!(error, AskError::Closed)),
        ctx.spawn(Lab::new()).is_err_and(|error| matches!(error, SpawnError::Closed)),
        ctx.system().spawn(Lab::new()).is_err_and(|error| matches!(error, SpawnError::Closed)),
    ]
}

#[test]
fn s41_later_sends_of_one_that_is_cut_off_are_refused_and_those_of_others_are_not() {
    let clock = ManualClock::new();
    let (system, journal) = (system_by(&clock), Journal::default());
    let parent = system.spawn(Lab::named("parent", &journal)).unwrap();
    let other = system.spawn(Lab::new()).unwrap();
    let (give, take) = mpsc::channel();
    parent
        .tell(job(move |_, ctx| {
            let builder = ctx.actor_of(Lab::new()).stop_timeout(LIMIT);
            give.send(builder.spawn().unwrap()).unwrap();
        }))
        .unwrap();
    let child = take.recv_timeout(PATIENCE).unwrap();
    let (gate, to) = (Gate::new(), other.clone());
    let (give, take) = mpsc::channel();
    let door = gate.clone();
    child
        .tell(job(move |lab, ctx| {
            to.tell(job(|_, _| {})).unwrap();
            door.pass();
            give.send(sends(&to, ctx)).unwrap();
            lab.at_drop = Some(Box::new(move || {
                give.send(vec![to.tell(job(|_, _| {})).is_err()]).unwrap();
            }));
        }))
        .unwrap();
    gate.wait_for(1);
    drop(parent.stop());
    eventually("the end has begun", || !parent.is_alive());
    advance_until(&clock, "it is cut off", || !child.is_alive());
    parent.ended().wait().unwrap();
    gate.open();
    assert_eq!(take.recv_timeout(PATIENCE).unwrap(), [true; 10]);
    assert_eq!(take.recv_timeout(PATIENCE).unwrap(), [true], "its state's destructor sends");
    child.ended().wait().unwrap();
    settle(&other);
    assert_eq!(counts(&system, &other).handled, 2, "what it sent before, and the look at it");
    // Whichever worker it stood on sends for others again.
    for _ in 0..100 {
        let (to, sender) = (other.clone(), system.spawn(Lab::new()).unwrap());
        let asked = sender.ask(call(move |_, _| u64::from(to.tell(job(|_, _| {})).is_ok())));
        assert_eq!(asked.wait().unwrap(), 1);
    }
    finish(&system);
}

#[test]
fn s41_a_child_past_its_deadline_that_waits_for_its_own_is_killed() {
    let clock = ManualClock::new();
    let (system, journal) = (system_by(&clock), Journal::default());
    let top = system.spawn(Lab::named("top", &journal)).unwrap();
    let (give, take) = mpsc::channel();
    let inner = journal.clone();
    top.tell(job(move |_, ctx| {
        let middle = ctx.actor_of(Lab::named("middle", &inner)).stop_timeout(LIMIT / 2);
        give.send(middle.spawn().unwrap()).unwrap();
    }))
    .unwrap();
    let middle = take.recv_timeout(PATIENCE).unwrap();
    let (child, gate) = stuck_child(&middle, &journal);
    drop(top.stop());
    eventually("the end has come down", || !middle.is_alive());
    advance_until(&clock, "it is cut off", || !child.is_alive());
    assert!(matches!(top.ended().wait(), Ok(EndReason::Stopped)));
    assert!(matches!(middle.ended().wait(), Ok(EndReason::Killed)));
    assert!(!child.is_alive());
    assert_eq!((journal.count("stop top"), journal.count("stop middle")), (1, 0));
    drop(gate);
    child.ended().wait().unwrap();
    finish(&system);
}

#[test]
fn s41_a_restart_does_not_wait_for_a_stuck_child_either() {
    let clock = ManualClock::new();
    let (system, journal) = (system_by(&clock), Journal::default());
    let inner = journal.clone();
    let parent = system.spawn_with(move || Lab::named("parent", &inner)).unwrap();
    let (child, gate) = stuck_child(&parent, &journal);
    parent.tell(job(|_, _| give_up())).unwrap();
    eventually("the restart has begun", || journal.count("before restart parent") == 1);
    advance_until(&clock, "it is cut off", || !child.is_alive());
    settle(&parent);
    assert_eq!(parent.ask(call(|_, ctx| ctx.incarnation())).wait().unwrap(), 1);
    drop(gate);
    child.ended().wait().unwrap();
    finish(&system);
}
