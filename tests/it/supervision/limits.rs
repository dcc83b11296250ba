//! How often: S33.

use std::time::Duration;

use super::*;
use zactor::testing::ManualClock;

fn system_by(clock: &ManualClock) -> ActorSystem {
    ActorSystem::builder("test").workers(2).config(quiet()).clock(clock.clone()).start().unwrap()
}

/// A boss that is not started again, under a manual clock.
fn lone(system: &ActorSystem, journal: &Journal, supervise: Supervise) -> ActorRef<Boss> {
    system
        .actor_of(Boss::new(journal, |_, _| Directive::Restart))
        .supervise(supervise)
        .spawn()
        .unwrap()
}

/// Fails `child` and waits until it is restarted, or its supervisor has ended.
fn fails(child: &ActorRef<Lab>, boss: &ActorRef<Boss>, system: &ActorSystem) {
    let before = system.inspect(child.id()).unwrap().restarts;
    child.tell(job(|_, _| give_up())).unwrap();
    eventually("a restart or the end", || {
        !boss.is_alive() || system.inspect(child.id()).unwrap().restarts == before + 1
    });
}

#[test]
fn s33_one_more_than_the_limit_within_the_window_fails_the_supervisor() {
    for (supervise, restarts) in [
        (Supervise::one_for_one(), 5),
        (Supervise::one_for_one().max_restarts(0), 0),
        (Supervise::one_for_one().max_restarts(2).within(Duration::MAX), 2),
        (Supervise::one_for_all().max_restarts(3).within(Duration::from_nanos(1)), 3),
    ] {
        let clock = ManualClock::new();
        let (system, journal) = (system_by(&clock), Journal::default());
        let boss = lone(&system, &journal, supervise.clone());
        let children = hire_five(&boss, &journal);
        for n in 0..restarts {
            fails(&children[n % 5], &boss, &system);
            assert!(boss.is_alive(), "{n} {supervise:?}");
            // The group is done: what fails while it is restarted would be answered by the same restart (S34).
            children.iter().for_each(settle);
        }
        let before = journal.entries().len();
        fail(&children[2]);
        let ended = boss.ended().timeout(PATIENCE).wait().unwrap();
        assert!(matches!(ended, EndReason::Failed(Failure::RestartLimit)), "{ended:?}");
        let stops: Vec<_> = journal.entries()[before..]
            .iter()
            .filter(|entry| entry.starts_with("stop"))
            .cloned()
            .collect();
        assert_eq!(stops, ["stop e", "stop d", "stop c", "stop b", "stop a", "stop boss"]);
        assert!(matches!(children[2].ended().wait(), Ok(EndReason::Failed(_))));
        assert!(matches!(children[1].ended().wait(), Ok(EndReason::Stopped)));
        finish(&system);
    }
}

#[test]
fn s33_the_window_slides() {
    for window in [Duration::from_secs(10), Duration::from_secs(30 * 24 * 3600)] {
        let clock = ManualClock::new();
        let (system, journal) = (system_by(&clock), Journal::default());
        let limits = Supervise::one_for_one().max_restarts(2).within(window);
        let boss = lone(&system, &journal, limits);
        let child = hire(&boss, Restart::Transient, Lab::new);
        for _ in 0..4 {
            fails(&child, &boss, &system);
            clock.advance(window / 2 + Duration::from_nanos(1));
        }
        fails(&child, &boss, &system);
        assert!(boss.is_alive(), "never three within the window");
        fails(&child, &boss, &system);
        assert!(matches!(boss.ended().wait(), Ok(EndReason::Failed(Failure::RestartLimit))));
        finish(&system);
    }
}

#[test]
fn s33_a_supervisor_past_its_limit_is_itself_restarted_by_its_own() {
    let (system, journal) = (system(2), Journal::default());
    let boss = boss(&system, &journal, Supervise::one_for_one().max_restarts(0));
    let child = hire(&boss, Restart::Transient, Lab::new);
    fail(&child);
    wait_for(&journal, 1, "restart boss: too many restarts of children");
    assert!(!child.is_alive());
    let child = hire(&boss, Restart::Transient, Lab::new);
    settle(&child);
    finish(&system);
}

#[test]
fn s33_children_are_stopped_past_the_limit_even_if_a_restart_keeps_them() {
    let (system, journal) = (system(2), Journal::default());
    let inner = journal.clone();
    let boss = system
        .actor(move || Boss::new(&inner, |_, _| Directive::Restart))
        .supervise(Supervise::one_for_one().max_restarts(0))
        .keep_children(true)
        .spawn()
        .unwrap();
    let children = hire_five(&boss, &journal);
    fail(&children[0]);
    wait_for(&journal, 1, "restart boss");
    assert!(children.iter().all(|child| !child.is_alive()));
    finish(&system);
}
