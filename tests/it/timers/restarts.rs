//! Timers and the incarnations of their actor: S25, S26.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use zactor::DeadLetterReason;
use zactor::prelude::*;

use super::{DAY, SECOND, at_rest, count, timed, within};
use crate::support::{
    Journal, Lab, Letters, Noted, call, counts, eventually, finish, give_up, hold, job, settle,
};

/// An actor that can start again, and notes its life.
fn lab(system: &ActorSystem, journal: &Journal) -> ActorRef<Lab> {
    let journal = journal.clone();
    system.spawn_with(move || Lab::named("lab", &journal)).unwrap()
}

fn fail(lab: &ActorRef<Lab>) {
    lab.tell(job(|_, _| give_up())).unwrap();
}

fn incarnation(lab: &ActorRef<Lab>) -> u64 {
    lab.ask(call(|_, ctx| ctx.incarnation())).wait().unwrap()
}

#[test]
fn s25_a_restart_ends_the_timers_of_the_old_incarnation() {
    let (system, clock) = timed();
    let journal = Journal::default();
    let lab = lab(&system, &journal);
    let ticks = Arc::new(AtomicU32::new(0));
    let (once, ticked) = (Noted::new("once", &journal), Arc::clone(&ticks));
    let timers = within(&lab, move |_, ctx| {
        [ctx.send_after(DAY, once), ctx.send_every(DAY, count(&ticked)).unwrap()]
    });
    fail(&lab);
    assert_eq!(incarnation(&lab), 1);
    assert_eq!((journal.count("drop once"), Arc::strong_count(&ticks)), (1, 1));
    assert!(!timers.iter().any(Timer::cancel));
    clock.advance(2 * DAY);
    settle(&lab);
    assert_eq!((journal.count("handle once"), ticks.load(Relaxed)), (0, 0));
    let ticked = Arc::clone(&ticks);
    within(&lab, move |_, ctx| _ = ctx.send_every(SECOND, count(&ticked)).unwrap());
    clock.advance(SECOND);
    settle(&lab);
    assert_eq!(ticks.load(Relaxed), 1, "the new incarnation has timers of its own");
    finish(&system);
}

#[test]
fn s26_a_timers_message_of_an_old_incarnation_never_meets_a_new_one() {
    let (system, clock) = timed();
    let journal = Journal::default();
    let letters = Letters::of(&system);
    let lab = lab(&system, &journal);
    let ticks = Arc::new(AtomicU32::new(0));
    let (once, ticked) = (Noted::new("once", &journal), Arc::clone(&ticks));
    within(&lab, move |_, ctx| {
        ctx.send_after(SECOND, once);
        ctx.send_every(SECOND, count(&ticked)).unwrap();
    });
    let gate = hold(&lab);
    fail(&lab);
    // Behind the message that fails: both are queued when the new incarnation begins.
    clock.advance(SECOND);
    lab.tell(Noted::new("tell", &journal)).unwrap();
    drop(gate);
    settle(&lab);
    assert_eq!(incarnation(&lab), 1);
    assert_eq!((journal.count("handle once"), journal.count("drop once")), (0, 1));
    assert_eq!((ticks.load(Relaxed), Arc::strong_count(&ticks)), (0, 1));
    assert_eq!(journal.count("handle tell"), 1, "what others sent is handled");
    let letters = letters.wait_for(2);
    assert!(letters.iter().all(|letter| letter.reason == DeadLetterReason::Failed));
    at_rest(&system, &lab);
    assert_eq!(counts(&system, &lab).dead_lettered, 2);
    finish(&system);
}

/// Has a receive timeout in its first incarnation only.
#[actor(Fail, lifecycle)]
struct Nervous {
    rings: Arc<AtomicU32>,
    starts: Arc<AtomicU32>,
}

#[derive(Message)]
struct Fail;

impl Lifecycle for Nervous {
    fn pre_start(&mut self, ctx: &mut Context<Self>) -> Result<(), Failure> {
        if self.starts.fetch_add(1, Relaxed) == 0 {
            ctx.set_receive_timeout(SECOND);
        }
        Ok(())
    }
    fn on_receive_timeout(&mut self, _: &mut Context<Self>) {
        self.rings.fetch_add(1, Relaxed);
    }
}
impl Handler<Fail> for Nervous {
    fn handle(&mut self, _: Fail, ctx: &mut Context<Self>) {
        ctx.fail(Failure::new("on purpose"));
    }
}

#[test]
fn s25_a_restart_ends_the_receive_timeout() {
    let (system, clock) = timed();
    let (rings, starts) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    let (ringing, starting) = (Arc::clone(&rings), Arc::clone(&starts));
    let make = move || Nervous { rings: Arc::clone(&ringing), starts: Arc::clone(&starting) };
    let nervous = system.spawn_with(make).unwrap();
    clock.advance(SECOND);
    eventually("a ring", || rings.load(Relaxed) == 1);
    nervous.tell(Fail).unwrap();
    eventually("a restart", || starts.load(Relaxed) == 2);
    at_rest(&system, &nervous);
    clock.advance(DAY);
    at_rest(&system, &nervous);
    assert_eq!(rings.load(Relaxed), 1);
    finish(&system);
}
