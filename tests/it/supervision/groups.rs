//! Whom a failure concerns, and in which order: S31, S32, S34.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

use super::*;
use zactor::ActorState;

/// What a group restart of `names` notes.
fn expected(names: &[&str]) -> Vec<String> {
    let stops =
        names.iter().rev().flat_map(|n| [format!("before restart {n}"), format!("drop {n}")]);
    let starts = names.iter().map(|n| format!("restart {n}: panicked: on purpose"));
    stops.chain(starts).collect()
}

/// Whom the failure of the child at this place concerns.
type Concerned = fn(usize) -> std::ops::Range<usize>;

#[test]
fn s31_each_strategy_restarts_whom_it_names_in_order_for_every_place() {
    let strategies: [(Supervise, Concerned); 3] = [
        (Supervise::one_for_one(), |failed| failed..failed + 1),
        (Supervise::one_for_all(), |_| 0..5),
        (Supervise::rest_for_one(), |failed| failed..5),
    ];
    for (supervise, concerned) in strategies {
        for failed in 0..5 {
            let (system, journal) = (system(2), Journal::default());
            let boss = boss(&system, &journal, supervise.clone());
            let children = hire_five(&boss, &journal);
            for child in &children {
                child.tell(job(|lab, _| lab.n = 1)).unwrap();
                settle(child);
            }
            let before = journal.entries().len();
            fail(&children[failed]);
            let expected = expected(&NAMES[concerned(failed)]);
            eventually("the group", || journal.entries().len() >= before + expected.len());
            for (place, child) in children.iter().enumerate() {
                let n = child.ask(call(|lab, _| lab.n)).wait().unwrap();
                assert_eq!(n == 0, concerned(failed).contains(&place), "{supervise:?} {failed}");
                let restarts = system.inspect(child.id()).unwrap().restarts;
                assert_eq!(restarts, u64::from(concerned(failed).contains(&place)));
            }
            assert_eq!(journal.entries()[before..], expected, "{supervise:?} {failed}");
            let ids = system.inspect(boss.id()).unwrap().children;
            assert_eq!(ids, children.each_ref().map(ActorRef::id), "each keeps its place");
            finish(&system);
        }
    }
}

#[test]
fn s31_a_sibling_keeps_its_queue_and_a_temporary_one_is_stopped() {
    let (system, journal) = (system(2), Journal::default());
    let boss = boss(&system, &journal, Supervise::one_for_all());
    let [first, second, third] =
        [("a", Restart::Transient), ("b", Restart::Temporary), ("c", Restart::Permanent)].map(
            |(name, restart)| {
                let journal = journal.clone();
                hire(&boss, restart, move || Lab::named(name, &journal))
            },
        );
    let gate = hold(&third);
    for _ in 0..100 {
        third.tell(job(|lab, _| lab.n += 1)).unwrap();
    }
    fail(&first);
    let_pass(std::time::Duration::from_millis(5));
    assert_eq!(journal.count("before restart a"), 0, "the youngest is first");
    drop(gate);
    assert_eq!(third.ask(call(|lab, _| lab.n)).wait().unwrap(), 100, "the queue was kept");
    settle(&first);
    assert!(matches!(second.ended().wait(), Ok(EndReason::Stopped)));
    let expected = [
        "before restart c",
        "drop c",
        "stop b",
        "drop b",
        "before restart a",
        "drop a",
        "restart a: panicked: on purpose",
        "restart c: panicked: on purpose",
    ];
    let entries = journal.entries();
    assert_eq!(entries[4..], expected);
    finish(&system);
}

#[test]
fn s31_a_temporary_child_that_fails_concerns_nobody_else() {
    let (system, journal) = (system(2), Journal::default());
    let boss = boss(&system, &journal, Supervise::one_for_all());
    let temporary = hire(&boss, Restart::Temporary, Lab::new);
    let other = hire(&boss, Restart::Transient, Lab::new);
    fail(&temporary);
    assert!(matches!(temporary.ended().wait(), Ok(EndReason::Failed(_))));
    settle(&other);
    assert_eq!(system.inspect(other.id()).unwrap().restarts, 0);
    finish(&system);
}

/// Children of which `name` fails `times` times to start again.
fn hire_faulty(
    boss: &ActorRef<Boss>,
    journal: &Journal,
    faulty: &'static str,
    times: u32,
) -> [ActorRef<Lab>; 5] {
    NAMES.map(|name| {
        let (journal, made) = (journal.clone(), AtomicU32::new(0));
        hire(boss, Restart::Transient, move || {
            let lab = Lab::named(name, &journal);
            let n = made.fetch_add(1, Ordering::Relaxed);
            if name == faulty && (1..=times).contains(&n) {
                return lab.on_start(|_| give_up());
            }
            lab
        })
    })
}

fn starts(journal: &Journal, before: usize) -> String {
    let entries = journal.entries();
    let names = entries[before..].iter().filter_map(|entry| entry.strip_prefix("restart "));
    names.map(|entry| &entry[..1]).collect()
}

#[test]
fn s32_one_for_all_stops_those_already_restarted_and_tries_again() {
    let (system, journal) = (system(2), Journal::default());
    let boss = boss(&system, &journal, Supervise::one_for_all());
    let children = hire_faulty(&boss, &journal, "c", 2);
    let before = journal.entries().len();
    fail(&children[4]);
    wait_for(&journal, 1, "restart e");
    settle(&children[4]);
    assert_eq!(starts(&journal, before), "abcabcabcde");
    assert_eq!(journal.count("before restart a"), 3);
    assert_eq!(journal.count("before restart e"), 1, "it was not begun in between");
    assert_eq!(journal.count("before restart c"), 3);
    finish(&system);
}

#[test]
fn s32_rest_for_one_tries_again_from_the_one_that_failed_to_start() {
    let (system, journal) = (system(2), Journal::default());
    let boss = boss(&system, &journal, Supervise::rest_for_one());
    let children = hire_faulty(&boss, &journal, "d", 2);
    let before = journal.entries().len();
    fail(&children[1]);
    wait_for(&journal, 1, "restart e");
    settle(&children[4]);
    assert_eq!(starts(&journal, before), "bcddde");
    assert_eq!(journal.count("before restart b"), 1);
    finish(&system);
}

#[test]
fn s32_each_try_counts() {
    for (tries, lives) in [(2, true), (3, false)] {
        let (system, journal) = (system(2), Journal::default());
        let inner = journal.clone();
        let boss = system
            .actor(move || Boss::new(&inner, |_, _| Directive::Restart))
            .restart(Restart::Temporary)
            .supervise(Supervise::one_for_all().max_restarts(3))
            .spawn()
            .unwrap();
        let children = hire_faulty(&boss, &journal, "b", tries);
        fail(&children[0]);
        if lives {
            wait_for(&journal, 1, "restart e");
            settle(&children[4]);
        } else {
            let ended = boss.ended().timeout(PATIENCE).wait().unwrap();
            assert!(matches!(ended, EndReason::Failed(Failure::RestartLimit)), "{ended:?}");
        }
        finish(&system);
    }
}

#[test]
fn s34_two_children_that_fail_together_cause_one_group_restart() {
    for _ in 0..scaled(20, 200) {
        let (system, journal) = (system(2), Journal::default());
        let boss = boss(&system, &journal, Supervise::one_for_all());
        let children = hire_five(&boss, &journal);
        // The boss cannot decide before both have failed.
        let go = Arc::new(AtomicBool::new(false));
        let gate = Gate::new();
        let door = gate.clone();
        boss.tell(Order(Box::new(move |_| door.pass()))).unwrap();
        gate.wait_for(1);
        for child in [&children[1], &children[3]] {
            let go = Arc::clone(&go);
            child
                .tell(job(move |_, _| {
                    go.store(true, Ordering::Relaxed);
                    give_up();
                }))
                .unwrap();
        }
        eventually("both have failed", || system.stats().messages.failed == 2);
        gate.open();
        wait_for(&journal, 5, "restart");
        children.iter().for_each(settle);
        for child in &children {
            assert_eq!(system.inspect(child.id()).unwrap().restarts, 1);
        }
        finish(&system);
    }
}

#[test]
fn s34_the_failure_of_a_child_that_is_being_stopped_is_ignored() {
    let (system, journal) = (system(2), Journal::default());
    let boss = boss(&system, &journal, Supervise::one_for_one());
    let child = hire(&boss, Restart::Permanent, Lab::new);
    let gate = hold(&child);
    let stopped = child.stop();
    drop(gate);
    assert!(matches!(stopped.wait(), Ok(EndReason::Stopped)));
    let child = hire(&boss, Restart::Permanent, Lab::new);
    let gate = Gate::new();
    let door = gate.clone();
    child
        .tell(job(move |_, _| {
            door.pass();
            give_up();
        }))
        .unwrap();
    gate.wait_for(1);
    let stopped = child.stop();
    gate.open();
    assert!(matches!(stopped.wait(), Ok(EndReason::Stopped)));
    assert_eq!(system.stats().actors.restarted, 0);
    finish(&system);
}

#[test]
fn s31_one_that_ends_while_its_supervisor_decides_takes_no_earlier_one_along() {
    let (system, journal) = (system(2), Journal::default());
    let failed: Arc<OnceLock<ActorRef<Lab>>> = Arc::default();
    let (known, inner, outer) = (Arc::clone(&failed), journal.clone(), system.clone());
    let decide = move |_: &ChildRef, _: &Failure| {
        let (child, system) = (known.get().unwrap(), &outer);
        drop(child.kill());
        eventually("it has ended", || {
            system.inspect(child.id()).is_none_or(|info| info.state == ActorState::Stopped)
        });
        inner.note("decided");
        Directive::Restart
    };
    let boss = Boss::new(&journal, decide);
    let boss = system.actor_of(boss).supervise(Supervise::rest_for_one()).spawn().unwrap();
    let children = hire_five(&boss, &journal);
    failed.set(children[2].clone()).unwrap();
    fail(&children[2]);
    wait_for(&journal, 1, "decided");
    // Behind all that the decision led to.
    let (give, take) = std::sync::mpsc::channel();
    boss.tell(Order(Box::new(move |_| give.send(()).unwrap()))).unwrap();
    take.recv_timeout(PATIENCE).unwrap();
    for earlier in &children[..2] {
        settle(earlier);
        assert_eq!(system.inspect(earlier.id()).unwrap().restarts, 0);
    }
    assert_eq!(journal.count("before restart a"), 0);
    finish(&system);
}
