//! Stop, drain, kill: S38, S39, S40 for one actor.

use std::thread;

use crate::support::*;
use zactor::prelude::*;
use zactor::{SpawnError, StopHandle};

const QUEUED: u32 = 1_000;

/// An actor that stands in a handler with `QUEUED` items behind it.
fn loaded(
    system: &ActorSystem,
    journal: &Journal,
) -> (ActorRef<Lab>, std::sync::Arc<Ledger>, Opens) {
    let lab = system.actor_of(Lab::named("lab", journal)).name("lab").spawn().unwrap();
    let ledger = Ledger::new(QUEUED as usize);
    let held = hold(&lab);
    (0..QUEUED).for_each(|id| lab.tell(ledger.item(id, 0)).unwrap());
    (lab, ledger, held)
}

#[test]
fn s38_stop_finishes_the_current_message_and_the_rest_become_dead_letters() {
    let (system, journal) = (system(2), Journal::default());
    let (lab, ledger, held) = loaded(&system, &journal);
    let stopping = lab.stop();
    drop(held);
    assert!(matches!(stopping.wait(), Ok(EndReason::Stopped)));
    ledger.check_all();
    let end = counts(&system, &lab);
    assert_eq!((end.handled, end.dead_lettered), (1, u64::from(QUEUED)));
    assert_eq!(journal.entries(), ["start lab", "stop lab", "drop lab"]);
    finish(&system);
}

#[test]
fn s38_drain_handles_everything_accepted_before_and_has_closed_when_it_returns() {
    let (system, journal) = (system(2), Journal::default());
    let (lab, ledger, held) = loaded(&system, &journal);
    let draining = lab.drain();
    assert!(matches!(lab.tell(job(|_, _| {})), Err(SendError::Closed(_))));
    assert!(matches!(lab.ask(call(|_, _| 0)).wait(), Err(AskError::Closed)));
    drop(held);
    assert!(matches!(draining.wait(), Ok(EndReason::Drained)));
    ledger.check_all();
    assert_eq!(ledger.handled(), u64::from(QUEUED));
    let end = counts(&system, &lab);
    assert_eq!((end.handled, end.dead_lettered, end.rejected), (u64::from(QUEUED) + 1, 0, 2));
    assert_eq!(journal.entries(), ["start lab", "stop lab", "drop lab"]);
    finish(&system);
}

#[test]
fn s38_kill_handles_nothing_more_and_runs_no_hook() {
    let (system, journal) = (system(2), Journal::default());
    let (lab, ledger, held) = loaded(&system, &journal);
    let killing = lab.kill();
    drop(held);
    assert!(matches!(killing.wait(), Ok(EndReason::Killed)));
    ledger.check_all();
    assert_eq!(ledger.handled(), 0);
    assert_eq!(counts(&system, &lab).dead_lettered, u64::from(QUEUED));
    assert_eq!(journal.entries(), ["start lab", "drop lab"]);
    finish(&system);
}

#[test]
fn s15_an_order_reaches_an_actor_whose_mailbox_is_full() {
    let system = system(2);
    let orders: [fn(&ActorRef<Lab>) -> StopHandle; 3] =
        [ActorRef::stop, ActorRef::drain, ActorRef::kill];
    for order in orders {
        let lab = system.actor_of(Lab::new()).mailbox_capacity(1).spawn().unwrap();
        let held = hold(&lab);
        lab.tell(job(|_, _| {})).unwrap();
        lab.tell(job(|_, _| {})).unwrap_err();
        let ended = order(&lab);
        drop(held);
        ended.timeout(PATIENCE).wait().unwrap();
        balanced_at_rest(&counts(&system, &lab));
    }
    finish(&system);
}

#[test]
fn s38_an_idle_actor_ends_on_each_order() {
    let system = system(2);
    let orders: [fn(&ActorRef<Lab>) -> StopHandle; 3] =
        [ActorRef::stop, ActorRef::drain, ActorRef::kill];
    for _ in 0..scaled(200, 5_000) {
        for (order, reason) in orders.iter().zip(["Stopped", "Drained", "Killed"]) {
            let lab = system.spawn(Lab::new()).unwrap();
            let ended = order(&lab).timeout(PATIENCE).wait().unwrap();
            assert_eq!(format!("{ended:?}"), reason);
        }
    }
    finish(&system);
}

#[test]
fn s38_all_three_are_idempotent_and_harmless_on_the_dead() {
    let system = system(2);
    for round in 0..scaled(100, 2_000) {
        let journal = Journal::default();
        let lab = system.spawn(Lab::named("lab", &journal)).unwrap();
        thread::scope(|scope| {
            for sender in 0..3 {
                let lab = &lab;
                scope.spawn(move || match (round + sender) % 2 {
                    0 => lab.stop().wait().unwrap(),
                    _ => lab.drain().wait().unwrap(),
                });
            }
        });
        let ended = format!("{:?}", lab.ended().wait().unwrap());
        for again in [lab.stop(), lab.drain(), lab.kill(), lab.ended()] {
            assert_eq!(format!("{:?}", again.wait().unwrap()), ended, "the first reason stays");
        }
        assert_eq!(journal.entries(), ["start lab", "stop lab", "drop lab"]);
    }
    finish(&system);
}

#[test]
fn s38_a_stronger_order_overtakes_a_weaker_one() {
    let system = system(2);
    // stop after drain: what is queued is not handled any more
    let journal = Journal::default();
    let (lab, ledger, held) = loaded(&system, &journal);
    let (draining, stopping) = (lab.drain(), lab.stop());
    drop(held);
    assert!(matches!(draining.wait(), Ok(EndReason::Stopped)));
    assert!(matches!(stopping.wait(), Ok(EndReason::Stopped)));
    assert_eq!(ledger.handled(), 0);
    assert_eq!(journal.entries(), ["start lab", "stop lab", "drop lab"]);
    // kill after stop: no hook
    let journal = Journal::default();
    let (lab, ledger, held) = loaded(&system, &journal);
    let (stopping, killing) = (lab.stop(), lab.kill());
    drop(held);
    assert!(matches!(stopping.wait(), Ok(EndReason::Killed)));
    assert!(matches!(killing.wait(), Ok(EndReason::Killed)));
    assert_eq!(ledger.handled(), 0);
    assert_eq!(journal.entries(), ["start lab", "drop lab"]);
    // a weaker one after a stronger one changes nothing
    let journal = Journal::default();
    let (lab, ledger, held) = loaded(&system, &journal);
    let (killing, stopping, draining) = (lab.kill(), lab.stop(), lab.drain());
    drop(held);
    for handle in [killing, stopping, draining] {
        assert!(matches!(handle.wait(), Ok(EndReason::Killed)));
    }
    assert_eq!(ledger.handled(), 0);
    assert_eq!(journal.entries(), ["start lab", "drop lab"]);
    finish(&system);
}

#[test]
fn s38_stop_and_drain_from_the_own_handler_and_from_post_stop() {
    let (system, journal) = (system(2), Journal::default());
    let lab = Lab::named("lab", &journal).on_stop(|ctx| {
        ctx.stop();
        drop(ctx.me().stop());
        drop(ctx.me().drain());
    });
    let lab = system.spawn(lab).unwrap();
    let held = hold(&lab);
    let inner = journal.clone();
    lab.tell(job(move |_, ctx| {
        ctx.stop();
        ctx.stop();
        inner.note("after stop");
    }))
    .unwrap();
    lab.tell(Noted::new("rest", &journal)).unwrap();
    drop(held);
    assert!(matches!(lab.ended().wait(), Ok(EndReason::Stopped)));
    let expected = ["start lab", "after stop", "stop lab", "drop lab", "drop rest"];
    assert_eq!(journal.entries(), expected);

    let lab = system.spawn(Lab::new()).unwrap();
    let held = hold(&lab);
    lab.tell(job(|_, ctx| drop(ctx.me().drain()))).unwrap();
    lab.tell(job(|lab, _| lab.n += 1)).unwrap();
    drop(held);
    assert!(matches!(lab.ended().wait(), Ok(EndReason::Drained)));
    assert_eq!(counts(&system, &lab).handled, 3);
    finish(&system);
}

#[test]
fn s38_kill_from_the_own_handler_ends_after_it() {
    let (system, journal) = (system(1), Journal::default());
    let lab = system.spawn(Lab::named("lab", &journal)).unwrap();
    let held = hold(&lab);
    let inner = journal.clone();
    lab.tell(job(move |_, ctx| {
        drop(ctx.me().kill());
        inner.note("still here");
    }))
    .unwrap();
    lab.tell(Noted::new("rest", &journal)).unwrap();
    drop(held);
    assert!(matches!(lab.ended().wait(), Ok(EndReason::Killed)));
    assert_eq!(journal.entries(), ["start lab", "still here", "drop lab", "drop rest"]);
    finish(&system);
}

#[test]
fn s39_when_stop_returns_everything_about_the_actor_is_done() {
    let system = system(2);
    for _ in 0..scaled(100, 3_000) {
        let journal = Journal::default();
        let lab = system.actor_of(Lab::named("lab", &journal)).name("one").spawn().unwrap();
        let inner = journal.clone();
        lab.tell(job(move |_, ctx| drop(ctx.spawn(Lab::named("child", &inner)).unwrap()))).unwrap();
        settle(&lab);
        (0..5).for_each(|_| lab.tell(job(|_, _| {})).unwrap());
        lab.stop().wait().unwrap();
        assert!(!lab.is_alive());
        assert_eq!(
            journal.entries(),
            ["start lab", "start child", "stop child", "drop child", "stop lab", "drop lab"]
        );
        assert!(system.lookup::<Lab>("one").is_none(), "the name is free");
        balanced_at_rest(&counts(&system, &lab));
        assert_eq!(system.stats().actors.live, 0);
    }
    finish(&system);
}

#[test]
fn s40_the_end_has_its_order() {
    let (system, journal) = (system(2), Journal::default());
    let lab = Lab::named("lab", &journal).on_stop({
        let journal = journal.clone();
        move |ctx| {
            let me = ctx.me();
            let closed = matches!(me.tell(job(|_, _| {})), Err(SendError::Closed(_)));
            let taken = ctx.system().actor_of(Lab::new()).name("lab").spawn();
            let taken = matches!(taken, Err(SpawnError::NameTaken));
            journal.note(format_args!("alive {} closed {closed} taken {taken}", me.is_alive()));
        }
    });
    let lab = system.actor_of(lab).name("lab").spawn().unwrap();
    let held = hold(&lab);
    let (outside, retaken) = (system.clone(), journal.clone());
    let letter = Noted::new("letter", &journal).at_drop(move || {
        let fresh = outside.actor_of(Lab::new()).name("lab").spawn();
        retaken.note(format_args!("name free {}", fresh.is_ok()));
    });
    lab.tell(letter).unwrap();
    let stopping = lab.stop();
    drop(held);
    stopping.wait().unwrap();
    assert_eq!(
        journal.entries(),
        [
            "start lab",
            "stop lab",
            "alive false closed true taken true",
            "drop lab",
            "name free true",
            "drop letter"
        ]
    );
    finish(&system);
}

#[test]
fn s40_queued_asks_fail_after_post_stop() {
    let (system, journal) = (system(2), Journal::default());
    let lab = system.spawn(Lab::named("lab", &journal)).unwrap();
    let held = hold(&lab);
    let asked = lab.ask(call(|_, _| 0));
    drop(lab.stop());
    thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            let ended = asked.timeout(PATIENCE).wait();
            (ended, journal.entries())
        });
        drop(held);
        let (ended, entries) = waiting.join().unwrap();
        assert!(matches!(ended, Err(AskError::Closed)), "{ended:?}");
        assert_eq!(entries, ["start lab", "stop lab", "drop lab"]);
    });
    finish(&system);
}

#[test]
fn ended_waits_without_ending_anything_and_has_a_time_limit() {
    let system = system(1);
    let lab = system.spawn(Lab::new()).unwrap();
    let limited = lab.ended().timeout(std::time::Duration::from_millis(5)).wait();
    assert!(matches!(limited, Err(zactor::SystemError::Timeout)), "{limited:?}");
    assert!(lab.is_alive());
    let waiting = lab.ended();
    thread::scope(|scope| {
        let waiting = scope.spawn(|| block_on(waiting));
        drop(lab.stop());
        assert!(matches!(waiting.join().unwrap(), Ok(EndReason::Stopped)));
    });
    finish(&system);
}
