//! Shutdown in its three forms: S51.

use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use crate::support::*;
use zactor::prelude::*;
use zactor::{ActorState, DeadLetterReason, SpawnError, SystemError};

#[test]
fn s51_concurrent_callers_get_the_same_result() {
    for _ in 0..scaled(10, 100) {
        let system = system(2);
        let labs: Vec<_> = (0..20).map(|_| system.spawn(Lab::new()).unwrap()).collect();
        labs.iter().for_each(|lab| lab.tell(job(|_, _| {})).unwrap());
        let results: Vec<_> = thread::scope(|scope| {
            let callers: Vec<_> =
                (0..4).map(|_| scope.spawn(|| system.shutdown().unwrap())).collect();
            callers.into_iter().map(|caller| caller.join().unwrap()).collect()
        });
        let again = system.shutdown().unwrap();
        for report in &results {
            assert_eq!(report.stats.messages, again.stats.messages);
            assert_eq!(report.stats.actors, again.stats.actors);
            assert!(report.stuck.is_empty());
        }
        balanced_at_rest(&again.stats.messages);
        assert_eq!((again.stats.actors.live, again.stats.actors.created), (0, 20));
        assert_eq!(system.wait().unwrap().stats.messages, again.stats.messages);
    }
}

#[test]
fn s51_afterwards_spawns_and_sends_are_refused() {
    let system = system(2);
    let lab = system.spawn(Lab::new()).unwrap();
    finish(&system);
    assert!(matches!(system.spawn(Lab::new()), Err(SpawnError::Closed)));
    assert!(matches!(system.actor(Lab::new).name("x").spawn(), Err(SpawnError::Closed)));
    assert!(matches!(lab.tell(job(|_, _| {})), Err(SendError::Closed(_))));
    assert!(matches!(lab.ask(call(|_, _| 0)).wait(), Err(AskError::Closed)));
    assert!(matches!(lab.ended().wait(), Ok(EndReason::Shutdown)));
    assert!(system.tree().is_empty());
}

#[test]
fn s51_shutdown_runs_post_stop_and_dead_letters_what_is_queued() {
    let (system, journal) = (system(2), Journal::default());
    let lab = system.spawn(Lab::named("lab", &journal)).unwrap();
    let held = hold(&lab);
    lab.tell(Noted::new("rest", &journal)).unwrap();
    let report = thread::scope(|scope| {
        let down = scope.spawn(|| system.shutdown().unwrap());
        told_to_stop(&system, &lab);
        drop(held);
        down.join().unwrap()
    });
    assert_eq!(journal.entries(), ["start lab", "stop lab", "drop lab", "drop rest"]);
    assert_eq!((report.stats.messages.handled, report.stats.messages.dead_lettered), (1, 1));
}

#[test]
fn s51_dead_letters_of_a_shutdown_say_so() {
    let system = system(2);
    let letters = Letters::of(&system);
    let lab = system.spawn(Lab::new()).unwrap();
    let held = hold(&lab);
    lab.tell(job(|_, _| {})).unwrap();
    thread::scope(|scope| {
        let down = scope.spawn(|| system.shutdown().unwrap());
        told_to_stop(&system, &lab);
        drop(held);
        down.join().unwrap();
    });
    // The collector is an actor as well: it may have ended before it got to the letter.
    for letter in letters.wait_for(0) {
        assert_eq!(letter.reason, DeadLetterReason::Shutdown);
    }
    assert_eq!(system.dead_letters().count(), system.stats().messages.dead_lettered);
    assert!(system.dead_letters().count() >= 1);
}

#[test]
fn s51_drain_and_shutdown_handles_what_was_accepted() {
    let system = system(2);
    let ledger = Ledger::new(40_000);
    let labs: Vec<_> =
        (0..4).map(|_| system.actor_of(Lab::new()).unbounded().spawn().unwrap()).collect();
    let held: Vec<_> = labs[..2].iter().map(hold).collect();
    for id in 0..40_000 {
        labs[id as usize % 4].tell(ledger.item(id, 0)).unwrap();
    }
    drop(held);
    let report = system.drain_and_shutdown(PATIENCE).unwrap();
    assert_eq!(ledger.handled(), 40_000);
    assert_eq!(report.stats.messages.dead_lettered, 0);
    balanced_at_rest(&report.stats.messages);
    assert!(labs.iter().all(|lab| !lab.is_alive()));
}

/// A child of `parent` from a factory; its own children start again after 10 ms.
fn late_child(parent: &ActorRef<Lab>) -> ActorRef<Lab> {
    let (give, take) = std::sync::mpsc::channel();
    parent
        .tell(job(move |_, ctx| {
            let child = ctx.actor(Lab::new).supervise(late());
            give.send(child.spawn().unwrap()).unwrap();
        }))
        .unwrap();
    take.recv_timeout(PATIENCE).unwrap()
}

fn late() -> Supervise {
    let delay = Duration::from_millis(10);
    Supervise::one_for_one().backoff(delay..delay)
}

#[test]
fn s51_drain_and_shutdown_handles_what_children_have_queued_those_in_a_back_off_included() {
    for level in 0..3 {
        let system = system(3); // each is held on a worker
        let top = system.actor_of(Lab::new()).supervise(late()).spawn().unwrap();
        let middle = late_child(&top);
        let low = late_child(&middle);
        let labs = [&top, &middle, &low];
        let held = labs.map(hold);
        let ledger = Ledger::new(3_000);
        for (n, lab) in (0..).zip(labs) {
            if n == level && n > 0 {
                lab.tell(job(|_, _| give_up())).unwrap();
            }
            (0..1_000).for_each(|id| lab.tell(ledger.item(n * 1_000 + id, 0)).unwrap());
        }
        drop(held);
        if level > 0 {
            // Its parent has decided. Else the parent may end first, and then nobody starts it again.
            eventually("it is in its back-off, or over it", || {
                let info = system.inspect(labs[level as usize].id()).unwrap();
                info.state == ActorState::BackingOff || info.restarts > 0
            });
        }
        let report = system.drain_and_shutdown(PATIENCE).unwrap();
        assert_eq!(ledger.handled(), 3_000, "level {level}");
        let messages = report.stats.messages;
        balanced_at_rest(&messages);
        assert_eq!((messages.failed, messages.dead_lettered), (u64::from(level > 0), 0));
    }
}

/// Children fail, alone and as a group, while all is drained: nobody waits for a decision of a supervisor that ends. With
/// so much time for each child, one that did would show as an error.
#[test]
fn s51_failures_race_with_drain_and_shutdown() {
    for round in 0..scaled(30, 300) {
        let config = SystemConfig { stop_timeout: 2 * PATIENCE, ..quiet() };
        let system = ActorSystem::builder("test").workers(3).config(config).start().unwrap();
        let supervise = if round % 2 == 0 { late() } else { Supervise::one_for_all() };
        let supervise = supervise.max_restarts(u32::MAX);
        let parent = system.actor_of(Lab::new()).supervise(supervise).spawn().unwrap();
        let children: Vec<_> = (0..4).map(|_| late_child(&parent)).collect();
        for child in &children {
            for n in 0..10 {
                child
                    .tell(job(move |_, _| {
                        if n % 3 == 0 {
                            give_up()
                        }
                    }))
                    .unwrap();
            }
        }
        let report = system.drain_and_shutdown(PATIENCE).unwrap();
        balanced_at_rest(&report.stats.messages);
        assert!(children.iter().all(|child| !child.is_alive()));
    }
}

#[test]
fn s51_shutdown_within_reports_who_is_stuck_and_where() {
    let system = system(2);
    let lab = system.actor_of(Lab::new()).name("stuck").spawn().unwrap();
    let other = system.spawn(Lab::new()).unwrap();
    let held = hold(&lab);
    let start = Instant::now();
    let error = system.shutdown_within(Duration::from_millis(50)).unwrap_err();
    assert!(start.elapsed() < PATIENCE, "{:?}", start.elapsed());
    let SystemError::Stuck(stuck) = &error else { panic!("{error:?}") };
    assert_eq!(stuck.len(), 1, "{stuck:?}");
    assert_eq!((stuck[0].id, stuck[0].message), (lab.id(), "Do"));
    assert_eq!(stuck[0].name.as_deref(), Some("stuck"));
    assert!(error.to_string().contains("stuck"), "{error}");
    assert!(!other.is_alive(), "only the stuck is left");
    assert!(matches!(system.spawn(Lab::new()), Err(SpawnError::Closed)));
    drop(held);
    lab.ended().timeout(PATIENCE).wait().unwrap();
}

#[test]
fn s51_a_drain_that_is_not_done_in_time_is_an_error() {
    let system = system(2);
    let lab = system.spawn(Lab::new()).unwrap();
    let held = hold(&lab);
    let error = system.drain_and_shutdown(Duration::from_millis(50)).unwrap_err();
    assert!(matches!(&error, SystemError::Stuck(stuck) if stuck[0].id == lab.id()), "{error:?}");
    drop(held);
    lab.ended().timeout(PATIENCE).wait().unwrap();
}

#[test]
fn s51_shutdown_in_a_handler_begins_it_and_returns_would_block() {
    let system = system(2);
    let lab = system.spawn(Lab::new()).unwrap();
    let (done, waits) = mpsc::channel();
    lab.tell(job(move |_, ctx| {
        let refused = ctx.system().shutdown();
        done.send(matches!(refused, Err(SystemError::WouldBlock))).unwrap();
    }))
    .unwrap();
    let report = system.wait().unwrap();
    assert!(waits.recv().unwrap());
    assert_eq!(report.stats.actors.live, 0);
    assert!(matches!(lab.ended().wait(), Ok(EndReason::Shutdown)));
    assert_eq!(finish(&system).messages.handled, 1);
}

#[test]
fn s51_wait_returns_when_another_thread_shuts_down() {
    let system = system(1);
    thread::scope(|scope| {
        let waiting = scope.spawn(|| system.wait());
        let down = system.shutdown().unwrap();
        assert_eq!(waiting.join().unwrap().unwrap().stats.messages, down.stats.messages);
    });
}

#[test]
fn s51_dropping_the_last_system_shuts_it_down() {
    let journal = Journal::default();
    let system = system(2);
    let copy = system.clone();
    let lab = system.spawn(Lab::named("lab", &journal)).unwrap();
    drop(system);
    settle(&lab);
    drop(copy);
    assert_eq!(journal.entries(), ["start lab", "stop lab", "drop lab"]);
    assert!(!lab.is_alive());
}

#[test]
fn s51_dropping_the_last_system_in_a_handler_neither_hangs_nor_joins_itself() {
    for _ in 0..scaled(20, 300) {
        let system = system(2);
        let lab = system.spawn(Lab::new()).unwrap();
        let (gate, last) = (Gate::new(), system.clone());
        let door = gate.clone();
        lab.tell(job(move |_, _| {
            door.pass();
            drop(last);
        }))
        .unwrap();
        gate.wait_for(1);
        drop(system);
        gate.open();
        let ended = lab.ended().timeout(PATIENCE).wait().unwrap();
        assert!(matches!(ended, EndReason::Shutdown), "{ended:?}");
    }
}

#[test]
fn s51_a_system_kept_in_an_actors_state_ends_with_its_last_reference() {
    let system = system(2);
    let lab = system.spawn(Lab::new()).unwrap();
    let inner = system.clone();
    let keeper = Lab::new().on_stop(move |_| drop(inner));
    let keeper = system.spawn(keeper).unwrap();
    drop(system);
    settle(&lab);
    drop(keeper.stop()); // its post_stop drops the last
    assert!(matches!(keeper.ended().timeout(PATIENCE).wait(), Ok(EndReason::Stopped)));
    assert!(matches!(lab.ended().timeout(PATIENCE).wait(), Ok(EndReason::Shutdown)));
}

#[test]
fn s51_shutdown_against_spawn_leaves_nobody_behind() {
    for _ in 0..scaled(20, 300) {
        let (system, journal) = (system(2), Journal::default());
        let spawned = thread::scope(|scope| {
            let spawners: Vec<_> = (0..3)
                .map(|_| {
                    scope.spawn(|| {
                        let mut spawned = Vec::new();
                        loop {
                            match system.spawn(Lab::named("lab", &journal)) {
                                Ok(lab) => spawned.push(lab),
                                Err(SpawnError::Closed) => return spawned,
                                Err(other) => panic!("{other:?}"),
                            }
                        }
                    })
                })
                .collect();
            eventually("some spawns", || system.stats().actors.created > 30);
            system.shutdown().unwrap();
            spawners.into_iter().flat_map(|s| s.join().unwrap()).collect::<Vec<_>>()
        });
        assert!(spawned.iter().all(|lab| !lab.is_alive()));
        let entries = journal.entries();
        let count = |what| entries.iter().filter(|entry| *entry == what).count();
        assert_eq!(count("stop lab"), count("start lab"), "each that started stopped");
        assert!(count("drop lab") >= count("start lab"), "those refused are dropped as well");
        let stats = finish(&system);
        assert_eq!(stats.actors.created, spawned.len() as u64);
    }
}

#[test]
#[cfg(target_os = "linux")]
fn s51_a_thousand_systems_leave_no_thread_and_no_memory() {
    process::alone("shutdown::s51_a_thousand_systems_leave_no_thread_and_no_memory", || {
        let round = || {
            let system = system(2);
            let lab = system.spawn(Lab::new()).unwrap();
            (0..10).for_each(|_| lab.tell(job(|_, _| {})).unwrap());
            assert_eq!(lab.ask(call(|_, _| 3)).wait().unwrap(), 3);
            drop(system);
        };
        (0..100).for_each(|_| round());
        let before = (process::threads(), process::resident(), process::address_space());
        (0..1_000).for_each(|_| round());
        eventually("threads are gone", || process::threads() == before.0);
        let grown = process::resident().saturating_sub(before.1);
        assert!(grown < 4 << 20, "{grown} resident bytes more after 1,000 systems");
        let grown = process::address_space().saturating_sub(before.2);
        assert!(grown < 64 << 20, "{grown} bytes of address space more after 1,000 systems");
    });
}
