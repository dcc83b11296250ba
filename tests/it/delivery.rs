//! Accepted or given back, counted exactly, never lost: S4, S5, S6, S9.

use std::sync::mpsc;
use std::thread;

use crate::support::*;
use zactor::prelude::*;
use zactor::{DeadLetterReason, SpawnError, StopHandle};

#[test]
fn s04_err_gives_the_message_back_and_tells_full_and_closed_apart() {
    let system = system(1);
    let ledger = Ledger::new(3);
    let lab = system.actor_of(Lab::new()).mailbox_capacity(1).spawn().unwrap();
    let held = hold(&lab);
    lab.tell(ledger.item(0, 0)).unwrap();
    match lab.tell(ledger.item(1, 7)) {
        Err(SendError::Full(item)) => assert_eq!((item.id, item.from), (1, 7)),
        other => panic!("{other:?}"),
    }
    drop(held);
    lab.stop().wait().unwrap();
    match lab.tell(ledger.item(2, 8)) {
        Err(SendError::Closed(item)) => assert_eq!((item.id, item.from), (2, 8)),
        other => panic!("{other:?}"),
    }
    ledger.check_all();
    finish(&system);
}

#[test]
fn s05_every_outcome_is_counted_exactly() {
    let system = system(2);
    let ledger = Ledger::new(10);
    let lab = system.actor_of(Lab::new()).mailbox_capacity(5).spawn().unwrap();
    let held = hold(&lab); // handled: 1
    lab.tell(ledger.item(0, 0)).unwrap(); // handled: 2
    lab.tell(job(|_, _| give_up())).unwrap(); // failed: 1
    for id in 1..4 {
        lab.tell(ledger.item(id, 0)).unwrap(); // dead_lettered: 3
    }
    for id in 4..10 {
        lab.tell(ledger.item(id, 0)).unwrap_err(); // rejected: 6
    }
    let now = counts_in_handler(&system, &lab);
    assert_eq!((now.offered, now.accepted, now.rejected), (12, 6, 6));
    assert_eq!((now.queued, now.handled), (5, 0));
    assert_eq!(system.stats().messages, now);
    drop(held);
    lab.ended().wait().unwrap();
    let end = counts(&system, &lab);
    assert_eq!((end.offered, end.accepted, end.rejected), (12, 6, 6));
    assert_eq!((end.handled, end.failed, end.dead_lettered), (2, 1, 3));
    assert_eq!((end.evicted, end.queued), (0, 0));
    lab.tell(job(|_, _| {})).unwrap_err();
    assert_eq!(counts(&system, &lab).rejected, 7);
    ledger.check_all();
    let stats = finish(&system);
    assert_eq!((stats.messages.offered, stats.messages.rejected), (13, 7));
    assert_eq!(system.dead_letters().count(), 3);
}

/// Room may go back batch by batch, but what was taken does not wait any more.
#[test]
fn s05_what_waits_is_exact_in_the_middle_of_a_batch() {
    let system = system(1);
    for capacity in [100, 1_024, 1_025, 2_000_000] {
        let lab = system.actor_of(Lab::new()).mailbox_capacity(capacity).spawn().unwrap();
        let first = hold(&lab);
        let gate = Gate::new();
        let (opens, door) = (Opens(gate.clone()), gate.clone());
        (0..20).for_each(|_| lab.tell(job(|_, _| {})).unwrap());
        lab.tell(job(move |_, ctx| {
            // The end of a child within this turn is none of the parent's counts.
            let child = Lab::new().on_start(|ctx| {
                (0..5).for_each(|_| ctx.tell_self(job(|_, _| {})).unwrap());
                Err(Failure::new("not today"))
            });
            ctx.actor_of(child).unbounded().spawn().unwrap_err();
            door.pass();
        }))
        .unwrap();
        (0..30).for_each(|_| lab.tell(job(|_, _| {})).unwrap());
        drop(first);
        gate.wait_for(1);
        let now = counts_in_handler(&system, &lab);
        assert_eq!((now.accepted, now.handled, now.queued), (52, 21, 30), "{capacity}");
        drop(opens);
        settle(&lab);
        assert_eq!(counts(&system, &lab).handled, 53);
        lab.stop().wait().unwrap();
    }
    assert_eq!(finish(&system).messages.dead_lettered, 4 * 5);
}

#[test]
fn s05_a_rejected_ask_counts_rejected() {
    let system = system(1);
    let lab = system.actor_of(Lab::new()).mailbox_capacity(1).spawn().unwrap();
    let held = hold(&lab);
    lab.tell(job(|_, _| {})).unwrap();
    assert!(matches!(lab.ask(call(|_, _| 0)).wait(), Err(AskError::Full)));
    let now = counts_in_handler(&system, &lab);
    assert_eq!((now.offered, now.accepted, now.rejected), (3, 2, 1));
    drop(held);
    finish(&system);
}

/// Nobody waits for these asks any more, but that is no late reply: there was none.
#[test]
fn s05_an_ask_that_was_given_up_ends_as_one_message() {
    let system = system(1);
    let letters = Letters::of(&system);
    let lab = system.spawn(Lab::new()).unwrap();
    let held = hold(&lab);
    drop(lab.ask(call(|_, _| give_up()))); // failed
    drop(lab.ask(call(|_, _| 0))); // dead-lettered
    drop(held);
    lab.ended().wait().unwrap();
    let end = counts(&system, &lab);
    assert_eq!((end.handled, end.failed, end.dead_lettered), (1, 1, 1));
    let [letter] = &letters.wait_for(1)[..] else { panic!("one letter") };
    assert_eq!((letter.message, letter.reason), ("Call", DeadLetterReason::Failed));
    let stats = finish(&system);
    assert_eq!((stats.late_replies, stats.messages.dead_lettered), (0, 1));
    assert_eq!(system.dead_letters().count(), 1);
}

#[test]
fn s05_an_answered_ask_is_counted_when_its_caller_returns() {
    let system = system(2);
    let lab = system.spawn(Lab::new()).unwrap();
    for i in 1..=u64::from(scaled(2_000, 50_000)) {
        assert_eq!(lab.ask(call(move |_, _| i)).wait().unwrap(), i);
        let (actor, all) = (counts(&system, &lab), system.stats().messages);
        assert_eq!((actor.handled, actor.queued), (i, 0));
        assert_eq!((all.accepted, all.handled, all.queued), (i, i, 0));
    }
    finish(&system);
}

#[test]
fn s05_what_a_stop_has_ended_is_counted_when_its_caller_returns() {
    let system = system(2);
    for round in 1..=u64::from(scaled(200, 5_000)) {
        let lab = system.spawn(Lab::new()).unwrap();
        (0..10).for_each(|_| lab.tell(job(|_, _| {})).unwrap());
        lab.stop().wait().unwrap();
        let (end, all) = (counts(&system, &lab), system.stats().messages);
        assert_eq!(end.handled + end.dead_lettered, 10);
        balanced_at_rest(&end);
        balanced_at_rest(&all);
        assert_eq!(all.accepted, 10 * round);
    }
    finish(&system);
}

/// Threads send while the actor is brought to its end; afterwards every message is accounted for, one by one.
fn race(bring_to_an_end: fn(&ActorRef<Lab>) -> StopHandle, drained: bool) {
    const THREADS: u32 = 3;
    let each = scaled(300, 2_000);
    let system = system(2);
    let mut rng = Rng::new(7);
    for _ in 0..scaled(60, 300) {
        let letters = system.dead_letters().count();
        let ledger = Ledger::new((THREADS * each) as usize);
        let lab = system.actor_of(Lab::new()).unbounded().spawn().unwrap();
        let moment = u64::from(rng.below(THREADS * each));
        thread::scope(|scope| {
            for from in 0..THREADS {
                let (ledger, lab) = (&ledger, &lab);
                scope.spawn(move || {
                    for id in from * each..(from + 1) * each {
                        match lab.tell(ledger.item(id, from)) {
                            Ok(()) => {}
                            Err(SendError::Closed(item)) => item.give_back(),
                            Err(other) => panic!("{other:?}"),
                        }
                    }
                });
            }
            eventually("some sends", || {
                let now = counts_of_offers(&system, &lab);
                now >= moment || now == u64::from(THREADS * each)
            });
            bring_to_an_end(&lab).wait().unwrap();
        });
        let end = counts(&system, &lab);
        balanced_at_rest(&end);
        let control = end.offered - u64::from(THREADS * each);
        assert!(control <= 1, "only the sends and at most one control message: {end:?}");
        assert_eq!(end.rejected, ledger.returned());
        assert_eq!(end.handled, ledger.handled());
        assert_eq!(end.dead_lettered, system.dead_letters().count() - letters);
        if drained {
            assert_eq!(end.dead_lettered, 0, "drain handles all that it accepted");
        }
        ledger.check_all();
    }
    finish(&system);
}

/// Offers so far; while sends race the equation is checked at the end only.
fn counts_of_offers(system: &ActorSystem, lab: &ActorRef<Lab>) -> u64 {
    system.inspect(lab.id()).map_or(0, |info| info.messages.offered)
}

#[test]
fn s06_send_against_stop_is_closed_or_one_dead_letter() {
    race(ActorRef::stop, false);
}

#[test]
fn s06_send_against_kill_is_closed_or_one_dead_letter() {
    race(ActorRef::kill, false);
}

#[test]
fn s06_send_against_drain_is_closed_or_handled() {
    race(ActorRef::drain, true);
}

#[test]
fn s06_send_against_a_panic_is_closed_or_one_dead_letter() {
    race(
        |lab| {
            lab.tell(job(|_, ctx| {
                ctx.fail(Failure::new("enough"));
            }))
            .unwrap();
            lab.ended()
        },
        false,
    );
}

#[test]
fn s06_send_against_shutdown_is_closed_or_one_dead_letter() {
    for seed in 0..u64::from(scaled(20, 100)) {
        let each = 1_000;
        let system = system(2);
        let ledger = Ledger::new(4 * each);
        let labs: Vec<_> =
            (0..4).map(|_| system.actor_of(Lab::new()).unbounded().spawn().unwrap()).collect();
        let moment = u64::from(Rng::new(seed).below(4_000));
        thread::scope(|scope| {
            for from in 0..4_u32 {
                let (ledger, labs) = (&ledger, &labs);
                scope.spawn(move || {
                    for id in from * 1_000..(from + 1) * 1_000 {
                        if let Err(refused) = labs[id as usize % 4].tell(ledger.item(id, from)) {
                            assert!(matches!(refused, SendError::Closed(_)), "{refused:?}");
                            refused.into_inner().give_back();
                        }
                    }
                });
            }
            eventually("some sends", || system.stats().messages.offered >= moment);
            system.shutdown().unwrap();
        });
        ledger.check_all();
        // Not the report's: its counters may hold a send that is about to be refused.
        let counted = &system.stats().messages;
        balanced_at_rest(counted);
        assert_eq!(counted.handled, ledger.handled());
        assert_eq!(counted.accepted, 4 * each as u64 - ledger.returned());
    }
}

#[test]
fn s09_a_message_sent_right_after_spawn_waits_for_pre_start() {
    let system = system(2);
    let ledger = Ledger::new(101);
    let (gate, (tell_me, me)) = (Gate::new(), mpsc::channel());
    let opens = Opens(gate.clone());
    let lab = thread::scope(|scope| {
        let own = ledger.item(100, 1);
        let door = gate.clone();
        let lab = Lab::new().on_start(move |ctx| {
            ctx.tell_self(own)?;
            tell_me.send(ctx.me()).unwrap();
            door.pass();
            Ok(())
        });
        let spawning = scope.spawn(|| system.spawn(lab).unwrap());
        let early = me.recv().unwrap();
        gate.wait_for(1);
        for id in 0..100 {
            early.tell(ledger.item(id, 0)).unwrap();
        }
        assert_eq!(ledger.handled(), 0, "nothing is handled before pre_start has returned");
        assert!(early.is_alive());
        drop(opens);
        spawning.join().unwrap()
    });
    lab.drain().wait().unwrap();
    assert_eq!(ledger.handled(), 101);
    ledger.check_all();
    finish(&system);
}

#[test]
fn s09_what_waits_for_a_pre_start_that_fails_is_dead_lettered() {
    let system = system(2);
    let letters = Letters::of(&system);
    let ledger = Ledger::new(11);
    let (tell_me, me) = mpsc::channel();
    let own = ledger.item(10, 0);
    let others: Vec<Item> = (0..10).map(|id| ledger.item(id, 0)).collect();
    let lab = Lab::new().on_start(move |ctx| {
        ctx.tell_self(own)?;
        for item in others {
            ctx.me().tell(item)?;
        }
        tell_me.send(ctx.me()).unwrap();
        Err(Failure::new("not today"))
    });
    let error = system.actor_of(lab).name("early").spawn().unwrap_err();
    assert!(matches!(error, SpawnError::Failed(_)), "{error:?}");
    let early = me.recv().unwrap();
    ledger.check_all();
    assert_eq!(ledger.handled(), 0);
    assert_eq!(system.dead_letters().count(), 11);
    assert!(!early.is_alive());
    assert!(matches!(early.tell(job(|_, _| {})), Err(SendError::Closed(_))));
    for letter in letters.wait_for(11) {
        assert_eq!(letter.reason, DeadLetterReason::StartFailed);
        assert_eq!(letter.target, early.id());
        assert_eq!(letter.message, "Item");
    }
    finish(&system);
}
