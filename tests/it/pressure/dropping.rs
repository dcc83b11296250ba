//! `drop_new` and `drop_old`: S11, S16, S18.

use std::sync::Arc;
use std::time::Duration;

use super::{emptied, lab_with};
use crate::support::*;
use zactor::prelude::*;
use zactor::testing::ManualClock;
use zactor::{AskError, DeadLetterReason};

#[test]
fn s11_drop_new_takes_what_fits_and_drops_the_rest_at_once() {
    let system = system(1);
    let letters = Letters::of(&system);
    for capacity in [1, 2, 64, 1_024] {
        let lab = lab_with(&system, capacity, Overflow::DropNew);
        let ledger = Ledger::new(capacity as usize + 3);
        let held = hold(&lab);
        for id in 0..capacity + 3 {
            lab.tell(ledger.item(id, 0)).unwrap();
            assert_eq!(ledger.drops(), u64::from((id + 1).saturating_sub(capacity)), "{id}");
        }
        let now = counts_in_handler(&system, &lab);
        assert_eq!((now.queued, now.dead_lettered, now.rejected), (u64::from(capacity), 3, 0));
        drop(held);
        emptied(&system, &lab);
        assert_eq!(seen(&lab), (0..capacity).collect::<Vec<_>>());
        lab.stop().wait().unwrap();
        ledger.check_all();
    }
    let letters = letters.wait_for(12);
    assert!(letters.iter().all(|letter| letter.reason == DeadLetterReason::DroppedNew));
    assert!(letters.iter().all(|letter| letter.message == "Item" && letter.sender.is_none()));
    let stats = finish(&system);
    assert_eq!((stats.messages.dead_lettered, stats.messages.evicted), (12, 0));
}

#[test]
fn s11_drop_old_evicts_at_once_while_the_receiver_stands_in_a_handler() {
    let system = system(1);
    let letters = Letters::of(&system);
    for capacity in [1, 2, 64, 1_024, 5_000] {
        let lab = lab_with(&system, capacity, Overflow::DropOld);
        let ledger = Ledger::new(capacity as usize + 3);
        let held = hold(&lab);
        for id in 0..capacity + 3 {
            lab.tell(ledger.item(id, 0)).unwrap();
            assert_eq!(ledger.drops(), u64::from((id + 1).saturating_sub(capacity)), "{id}");
        }
        let now = counts_in_handler(&system, &lab);
        assert_eq!((now.queued, now.evicted, now.dead_lettered), (u64::from(capacity), 3, 0));
        drop(held);
        emptied(&system, &lab);
        assert_eq!(seen(&lab), (3..capacity + 3).collect::<Vec<_>>(), "the newest, in order");
        lab.stop().wait().unwrap();
        ledger.check_all();
    }
    let letters = letters.wait_for(15);
    assert!(letters.iter().all(|letter| letter.reason == DeadLetterReason::DroppedOld));
    let stats = finish(&system);
    assert_eq!((stats.messages.dead_lettered, stats.messages.evicted), (0, 15));
}

#[test]
fn s18_an_ask_that_is_dropped_ends_with_full() {
    let system = system(1);
    for policy in [Overflow::DropNew, Overflow::DropOld] {
        let lab = lab_with(&system, 1, policy);
        let held = hold(&lab);
        let first = lab.ask(call(|_, _| 1)).timeout(PATIENCE);
        let second = lab.ask(call(|_, _| 2)).timeout(PATIENCE);
        let (dropped, kept, value) =
            if policy == Overflow::DropNew { (second, first, 1) } else { (first, second, 2) };
        assert!(matches!(dropped.wait(), Err(AskError::Full)), "while the receiver is busy");
        drop(held);
        assert_eq!(kept.wait().unwrap(), value);
    }
    let stats = finish(&system);
    assert_eq!((stats.messages.dead_lettered, stats.messages.evicted), (1, 1));
}

#[test]
fn s11_an_evictor_leaves_continuations_alone() {
    let system = system(2);
    let other = system.spawn(Lab::new()).unwrap();
    let lab = lab_with(&system, 1, Overflow::DropOld);
    let gate = Gate::new();
    let _opens = Opens(gate.clone());
    let door = gate.clone();
    lab.tell(job(move |_, ctx| {
        ctx.ask(&other, call(|_, _| 7)).then(|lab, answer, _| lab.n += answer.unwrap());
        door.pass();
    }))
    .unwrap();
    gate.wait_for(1);
    let ledger = Ledger::new(50);
    (0..50).for_each(|id| lab.tell(ledger.item(id, 0)).unwrap());
    gate.open();
    eventually("the continuation ran", || {
        let n = lab.ask(call(|lab, _| lab.n)).timeout(PATIENCE).wait();
        n.is_ok_and(|n| n == 7)
    });
    assert_eq!(ledger.drops(), 50);
    lab.stop().wait().unwrap();
    ledger.check_all();
    finish(&system);
}

#[test]
fn s11_an_evicted_message_may_send_to_the_same_mailbox_and_panic() {
    let system = system(1);
    let journal = Journal::default();
    let lab = system
        .actor_of(Lab::named("lab", &journal))
        .mailbox_capacity(1)
        .overflow(Overflow::DropOld)
        .spawn()
        .unwrap();
    let held = hold(&lab);
    let again = (lab.clone(), Noted::new("sent by a drop", &journal));
    lab.tell(Noted::new("first", &journal).at_drop(move || again.0.tell(again.1).unwrap()))
        .unwrap();
    lab.tell(Noted::new("second", &journal).at_drop(|| give_up())).unwrap();
    assert_eq!(journal.count("drop first"), 1, "evicted by the second");
    assert_eq!(system.stats().drop_panics, 1, "the second was evicted by what the first has sent");
    drop(held);
    emptied(&system, &lab);
    settle(&lab);
    assert_eq!(journal.count("handle sent by a drop"), 1);
    let stats = finish(&system);
    assert_eq!(stats.messages.evicted, 2);
}

#[test]
fn s17_a_letter_that_a_subscriber_drops_makes_no_further_one() {
    let system = system(1);
    let small = Arc::default();
    let collector = system
        .actor_of(Collector::new(&small))
        .mailbox_capacity(1)
        .overflow(Overflow::DropNew)
        .spawn()
        .unwrap();
    system.dead_letters().subscribe(collector.recipient());
    let lab = lab_with(&system, 1, Overflow::DropNew);
    let held = hold(&lab);
    (0..10).for_each(|_| lab.tell(job(|_, _| {})).unwrap());
    // Nine letters, of which the subscriber's mailbox takes one while the only worker is held.
    let count = system.dead_letters().count();
    assert_eq!(count, 9 + 8, "each dropped letter is noted once");
    drop(held);
    emptied(&system, &lab);
    finish(&system);
}

#[test]
fn s53_a_timer_goes_on_whose_tick_was_dropped() {
    for policy in [Overflow::DropNew, Overflow::DropOld, Overflow::Block, Overflow::Fail] {
        let clock = ManualClock::new();
        let system = ActorSystem::builder("t").workers(1).config(quiet()).clock(clock.clone());
        let system = system.start().unwrap();
        let lab = lab_with(&system, 1, policy);
        lab.tell(job(|_, ctx| {
            let ledger = Ledger::new(1_000);
            let mut id = 0;
            let _ = ctx.send_every(Duration::from_secs(1), move || {
                id += 1;
                ledger.item(id, 0)
            });
        }))
        .unwrap();
        emptied(&system, &lab);
        settle(&lab);
        let held = hold(&lab);
        for _ in 0..5 {
            if policy == Overflow::DropOld {
                clock.advance(Duration::from_secs(1));
                lab.tell(job(|_, _| {})).unwrap(); // pushes the tick out
            } else {
                drop(lab.send(job(|_, _| {}))); // full, or it is full already
                clock.advance(Duration::from_secs(1));
            }
        }
        let now = counts_in_handler(&system, &lab);
        match policy {
            Overflow::DropNew => assert_eq!((now.dead_lettered, now.queued), (5, 1)),
            Overflow::DropOld => assert!(now.evicted >= 5, "{now:?}"),
            Overflow::Block => assert_eq!(now.queued, 2, "admitted, and then it skips ticks"),
            Overflow::Fail => assert_eq!((now.rejected, now.queued), (5, 1)),
        }
        drop(held);
        emptied(&system, &lab);
        clock.advance(Duration::from_secs(1));
        emptied(&system, &lab);
        eventually("it ticks", || seen(&lab).len() > usize::from(policy == Overflow::Block));
        finish(&system);
    }
}
