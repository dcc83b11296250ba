//! Messages that an actor sends to itself again and again.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use zactor::prelude::*;

use super::{DAY, SECOND, count, meanwhile, timed, within};
use crate::support::{
    Item, Journal, Lab, Letters, Noted, counts, eventually, finish, give_up, hold, let_pass,
    settle, system,
};

#[test]
fn s53_a_stall_causes_no_burst_of_a_periodic_timer() {
    let (system, clock) = timed();
    let lab = system.spawn(Lab::new()).unwrap();
    let (ticks, makes) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    let (ticked, made) = (Arc::clone(&ticks), Arc::clone(&makes));
    let timer = within(&lab, move |_, ctx| {
        let mut tick = count(&ticked);
        let make = move || {
            made.fetch_add(1, Relaxed);
            tick()
        };
        ctx.send_every(10 * SECOND, make).unwrap()
    });
    let gate = hold(&lab);
    for _ in 0..1_000 {
        clock.advance(10 * SECOND);
    }
    clock.advance(3 * SECOND);
    assert_eq!(meanwhile(&system, &lab).queued, 1, "ticks are left out while one is queued");
    assert_eq!(makes.load(Relaxed), 0, "messages are made in the actor's turn");
    drop(gate);
    settle(&lab);
    assert_eq!((ticks.load(Relaxed), makes.load(Relaxed)), (1, 1));
    clock.advance(7 * SECOND - Duration::from_nanos(1));
    settle(&lab);
    assert_eq!(ticks.load(Relaxed), 1);
    clock.advance(Duration::from_nanos(1));
    settle(&lab);
    assert_eq!(ticks.load(Relaxed), 2, "the ticks keep to their grid");
    clock.advance(DAY);
    settle(&lab);
    assert_eq!(ticks.load(Relaxed), 3, "a pause of the clock is a stall as well");
    assert!(timer.cancel() && !timer.cancel());
    clock.advance(DAY);
    settle(&lab);
    assert_eq!(ticks.load(Relaxed), 3);
    finish(&system);
}

#[test]
fn s53_periodic_timers_tick_in_real_time_until_they_are_cancelled() {
    let system = system(2);
    let lab = system.spawn(Lab::new()).unwrap();
    let ticks = Arc::new(AtomicU32::new(0));
    let ticked = Arc::clone(&ticks);
    let begin = Instant::now();
    let period = Duration::from_millis(2);
    let timer = within(&lab, move |_, ctx| ctx.send_every(period, count(&ticked)).unwrap());
    eventually("ticks", || ticks.load(Relaxed) >= 20);
    assert!(begin.elapsed() >= 20 * period);
    assert!(timer.cancel());
    settle(&lab);
    let last = ticks.load(Relaxed);
    let_pass(10 * period);
    assert_eq!(ticks.load(Relaxed), last);
    finish(&system);
}

#[test]
fn s53_a_tick_that_was_queued_before_the_cancel_is_handled() {
    let (system, clock) = timed();
    let lab = system.spawn(Lab::new()).unwrap();
    let ticks = Arc::new(AtomicU32::new(0));
    let ticked = Arc::clone(&ticks);
    let timer = within(&lab, move |_, ctx| ctx.send_every(SECOND, count(&ticked)).unwrap());
    let gate = hold(&lab);
    clock.advance(SECOND);
    assert!(timer.cancel() && !timer.cancel());
    clock.advance(DAY);
    drop(gate);
    settle(&lab);
    assert_eq!(ticks.load(Relaxed), 1);
    assert_eq!(Arc::strong_count(&ticks), 1, "what makes the messages is gone");
    finish(&system);
}

#[test]
fn s53_a_periodic_timer_may_be_cancelled_while_it_makes_its_message() {
    let (system, clock) = timed();
    let lab = system.spawn(Lab::new()).unwrap();
    let ticks = Arc::new(AtomicU32::new(0));
    let (own, ticked) = (Arc::new(Mutex::new(None::<Timer>)), Arc::clone(&ticks));
    let timer = Arc::clone(&own);
    within(&lab, move |_, ctx| {
        let mut tick = count(&ticked);
        let mine = Arc::clone(&own);
        let made = ctx.send_every(SECOND, move || {
            assert!(mine.lock().unwrap().take().is_some_and(|timer| timer.cancel()));
            tick()
        });
        *own.lock().unwrap() = Some(made.unwrap());
    });
    for _ in 0..3 {
        clock.advance(SECOND);
        settle(&lab);
    }
    assert_eq!((ticks.load(Relaxed), Arc::strong_count(&ticks)), (1, 1));
    assert!(timer.lock().unwrap().is_none());
    finish(&system);
}

#[test]
fn s54_a_period_of_zero_is_refused() {
    let system = system(1);
    let lab = system.spawn(Lab::new()).unwrap();
    let ticks = Arc::new(AtomicU32::new(0));
    let ticked = Arc::clone(&ticks);
    let refused = within(&lab, move |_, ctx| ctx.send_every(Duration::ZERO, count(&ticked)));
    let text = refused.unwrap_err().to_string();
    assert!(text.contains("period") && text.contains("1 ns"), "{text}");
    assert_eq!(Arc::strong_count(&ticks), 1);
    finish(&system);
}

#[test]
fn s16_a_tick_that_no_handler_will_see_is_a_dead_letter() {
    let (system, clock) = timed();
    let letters = Letters::of(&system);
    let lab = system.spawn(Lab::new()).unwrap();
    let (ticks, journal) = (Arc::new(AtomicU32::new(0)), Journal::default());
    let (ticked, noted) = (Arc::clone(&ticks), Noted::new("once", &journal));
    within(&lab, move |_, ctx| {
        ctx.send_every(SECOND, count(&ticked)).unwrap();
        ctx.send_after(SECOND, noted);
    });
    let gate = hold(&lab);
    clock.advance(SECOND);
    let stopped = lab.stop();
    drop(gate);
    stopped.wait().unwrap();
    let mut named: Vec<_> = letters.wait_for(2).iter().map(|letter| letter.message).collect();
    named.sort_unstable();
    assert_eq!(named, ["Do", "Noted"]);
    assert!(letters.wait_for(2).iter().all(|letter| letter.sender == Some(lab.id())));
    assert_eq!((journal.count("drop once"), ticks.load(Relaxed)), (1, 0));
    assert_eq!(counts(&system, &lab).dead_lettered, 2);
    finish(&system);
}

#[test]
fn s21_a_panic_while_a_tick_is_made_fails_the_actor() {
    let (system, clock) = timed();
    let lab = system.spawn(Lab::new()).unwrap();
    within(&lab, |_, ctx| _ = ctx.send_every::<Item>(SECOND, || give_up()).unwrap());
    clock.advance(SECOND);
    assert!(matches!(lab.ended().wait(), Ok(EndReason::Failed(_))));
    assert_eq!(counts(&system, &lab).failed, 1);
    finish(&system);
}
