//! Timers that meet a full mailbox, or the end of their actor.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};

use zactor::prelude::*;

use super::{DAY, SECOND, at_rest, count, meanwhile, timed, within};
use crate::support::{Journal, Lab, Ledger, Letters, Noted, counts, finish, give_up, hold, job};

#[test]
fn s05_a_firing_is_one_offer_and_a_full_mailbox_rejects_it() {
    let (system, clock) = timed();
    let lab = system.actor_of(Lab::new()).mailbox_capacity(1).spawn().unwrap();
    let ledger = Ledger::new(3);
    let ticks = Arc::new(AtomicU32::new(0));
    let (items, ticked) = (Arc::clone(&ledger), Arc::clone(&ticks));
    let timer = within(&lab, move |_, ctx| {
        ctx.send_after(SECOND, items.item(0, 0));
        ctx.send_every(2 * SECOND, count(&ticked)).unwrap()
    });
    let gate = hold(&lab);
    lab.tell(ledger.item(1, 0)).unwrap();
    let before = meanwhile(&system, &lab);
    clock.advance(SECOND);
    assert_eq!(meanwhile(&system, &lab).rejected, before.rejected + 1);
    assert_eq!(ledger.drops(), 1, "what is refused is dropped");
    clock.advance(SECOND);
    clock.advance(2 * SECOND);
    let full = meanwhile(&system, &lab);
    assert_eq!((full.offered, full.rejected), (before.offered + 3, before.rejected + 3));
    drop(gate);
    at_rest(&system, &lab);
    clock.advance(2 * SECOND);
    at_rest(&system, &lab);
    assert_eq!(ticks.load(Relaxed), 1, "a refused tick does not end the timer");
    assert!(timer.cancel());
    lab.tell(ledger.item(2, 0)).unwrap();
    at_rest(&system, &lab);
    ledger.check_all();
    finish(&system);
}

#[test]
fn s26_timers_end_with_their_actor() {
    for end in [ActorRef::stop, ActorRef::drain, ActorRef::kill] {
        let (system, clock) = timed();
        let letters = Letters::of(&system);
        let lab = system.spawn(Lab::new()).unwrap();
        let ledger = Ledger::new(2);
        let ticks = Arc::new(AtomicU32::new(0));
        let (items, ticked) = (Arc::clone(&ledger), Arc::clone(&ticks));
        let timers = within(&lab, move |_, ctx| {
            let idle = ctx.send_every(DAY, count(&ticked)).unwrap();
            [ctx.send_after(SECOND, items.item(0, 0)), ctx.send_after(DAY, items.item(1, 0)), idle]
        });
        end(&lab).wait().unwrap();
        ledger.check_all();
        assert_eq!((ledger.handled(), Arc::strong_count(&ticks)), (0, 1));
        clock.advance(2 * DAY);
        assert!(!timers.iter().any(Timer::cancel));
        assert_eq!(counts(&system, &lab).rejected, 0, "nothing fires any more");
        assert!(letters.wait_for(0).is_empty(), "what never fired is no dead letter");
        finish(&system);
    }
}

#[test]
fn s48_a_timers_message_that_panics_when_it_is_dropped_is_contained_and_counted() {
    let (system, clock) = timed();
    let lab = system.actor_of(Lab::new()).mailbox_capacity(1).spawn().unwrap();
    let journal = Journal::default();
    let [refused, cancelled, left] = ["refused", "cancelled", "left"]
        .map(|name| Noted::new(name, &journal).at_drop(|| give_up()));
    let timer = within(&lab, move |_, ctx| {
        ctx.send_after(SECOND, refused);
        ctx.send_after(DAY, left);
        ctx.send_after(DAY, cancelled)
    });
    assert!(timer.cancel());
    assert_eq!(system.stats().drop_panics, 1);
    let gate = hold(&lab);
    lab.tell(job(|_, _| ())).unwrap();
    clock.advance(SECOND);
    assert_eq!(system.stats().drop_panics, 2);
    drop(gate);
    lab.stop().wait().unwrap();
    assert_eq!(system.stats().drop_panics, 3);
    finish(&system);
}

#[test]
fn s53_an_actor_that_ends_arms_no_timer() {
    let (system, clock) = timed();
    let ledger = Ledger::new(1);
    let (items, cancelled) = (Arc::clone(&ledger), Arc::new(AtomicBool::new(true)));
    let said = Arc::clone(&cancelled);
    let lab = Lab::new().on_stop(move |ctx| {
        ctx.set_receive_timeout(SECOND);
        said.store(ctx.send_after(SECOND, items.item(0, 0)).cancel(), Relaxed);
    });
    let lab = system.spawn(lab).unwrap();
    lab.stop().wait().unwrap();
    assert!(!cancelled.load(Relaxed));
    ledger.check_all();
    clock.advance(DAY);
    finish(&system);
}

#[test]
fn s53_a_timer_that_outlives_its_system_is_harmless() {
    let (system, clock) = timed();
    let lab = system.spawn(Lab::new()).unwrap();
    let timer = within(&lab, |_, ctx| ctx.send_after(SECOND, job(|_, _| ())));
    drop(lab);
    finish(&system);
    drop(system);
    clock.advance(DAY);
    assert!(!timer.cancel());
}
