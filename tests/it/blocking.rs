//! Closures that block, on the pool of `spawn_blocking`: S20, S26, S51, S52.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use crate::support::*;
use crate::suspended::Trace;
use zactor::SystemError;

#[test]
fn s52_a_closure_that_blocks_takes_no_worker_and_its_outcome_comes_in_a_turn_of_its_own() {
    let system = system(1);
    let lab = system.spawn(Lab::new()).unwrap();
    let (gate, (done, outcomes)) = (Gate::new(), mpsc::channel());
    let (door, opens) = (gate.clone(), Opens(gate.clone()));
    lab.tell(job(move |lab, ctx| {
        lab.n = 1;
        ctx.spawn_blocking(move || {
            door.pass();
            (41, thread::current().name().map(str::to_owned))
        })
        .then(move |lab, out, ctx| {
            let (n, name) = out.unwrap();
            done.send((lab.n + n, name, ctx.id())).unwrap();
        });
    }))
    .unwrap();
    gate.wait_for(1);
    settle(&lab); // the only worker is free
    drop(opens);
    let (n, name, id) = outcomes.recv_timeout(PATIENCE).unwrap();
    assert_eq!((n, name.as_deref(), id), (42, Some("test-blocking"), lab.id()));
    finish(&system);
}

#[test]
fn s20_a_closure_of_the_pool_may_wait() {
    let system = system(1);
    let (lab, other) = (system.spawn(Lab::new()).unwrap(), system.spawn(Lab::new()).unwrap());
    let (done, outcomes) = mpsc::channel();
    lab.tell(job(move |_, ctx| {
        ctx.spawn_blocking(move || {
            other.tell(job(|lab, _| lab.n = 7)).unwrap();
            other.ask(call(|lab, _| lab.n)).wait().unwrap()
        })
        .then(move |_, out, _| done.send(out.unwrap()).unwrap());
    }))
    .unwrap();
    assert_eq!(outcomes.recv_timeout(PATIENCE).unwrap(), 7);
    finish(&system);
}

#[test]
fn a_panic_in_a_closure_of_the_pool_is_its_outcome() {
    let system = system(1);
    let lab = system.spawn(Lab::new()).unwrap();
    let (done, outcomes) = mpsc::channel();
    for _ in 0..3 {
        let done = done.clone();
        lab.tell(job(move |_, ctx| {
            let work = || -> u32 { std::panic::resume_unwind(Box::new("out of paper")) };
            ctx.spawn_blocking(work).then(move |_, out, _| done.send(out).unwrap());
        }))
        .unwrap();
        let failure = outcomes.recv_timeout(PATIENCE).unwrap().unwrap_err();
        assert!(failure.is_panic() && failure.to_string().contains("out of paper"), "{failure}");
    }
    settle(&lab);
    finish(&system);
}

#[test]
fn s26_the_outcome_of_an_old_incarnation_never_meets_a_new_one() {
    let system = system(2);
    let lab = system.spawn_with(Lab::new).unwrap();
    let journal = Journal::default();
    let gate = Gate::new();
    let (door, opens) = (gate.clone(), Opens(gate.clone()));
    let traces = [journal.clone(), journal.clone()];
    lab.tell(job(move |_, ctx| {
        let [outcome, captured] = traces.map(|journal| Trace(journal, "drop"));
        ctx.spawn_blocking(move || {
            door.pass();
            drop(captured);
            outcome
        })
        .then(|_, _, _| panic!("of the old one"));
    }))
    .unwrap();
    // Else it would not begin: nobody waits for the outcome any more.
    gate.wait_for(1);
    lab.tell(job(|_, _| give_up())).unwrap();
    settle(&lab); // it has started again
    drop(opens);
    eventually("what it gave is dropped", || journal.count("drop") == 2);
    settle(&lab);
    assert_eq!(system.inspect(lab.id()).unwrap().restarts, 1);
    finish(&system);
}

#[test]
fn at_most_32_closures_run_at_once_and_more_wait_for_their_turn() {
    let name = "blocking::at_most_32_closures_run_at_once_and_more_wait_for_their_turn";
    process::alone(name, || {
        let system = system(1);
        let lab = system.spawn(Lab::new()).unwrap();
        settle(&lab);
        let before = process::threads();
        let (gate, begun) = (Gate::new(), Arc::new(AtomicU32::new(0)));
        let opens = Opens(gate.clone());
        let (done, outcomes) = mpsc::channel();
        for n in 0..100 {
            let (door, begun, done) = (gate.clone(), Arc::clone(&begun), done.clone());
            lab.tell(job(move |_, ctx| {
                ctx.spawn_blocking(move || {
                    begun.fetch_add(1, Relaxed);
                    door.pass();
                    n
                })
                .then(move |_, out, _| done.send(out.unwrap()).unwrap());
            }))
            .unwrap();
        }
        settle(&lab);
        gate.wait_for(32);
        assert_eq!((begun.load(Relaxed), process::threads() - before), (32, 32));
        drop(opens);
        let mut all: Vec<i32> =
            (0..100).map(|_| outcomes.recv_timeout(PATIENCE).unwrap()).collect();
        all.sort_unstable();
        assert_eq!(all, (0..100).collect::<Vec<_>>());
        finish(&system);
        eventually("their threads have ended", || process::threads() < before);
    });
}

#[test]
fn s51_a_shutdown_waits_for_what_runs_within_its_limit_and_drops_what_has_not_begun() {
    let system = system(1);
    let lab = system.spawn(Lab::new()).unwrap();
    let journal = Journal::default();
    let gate = Gate::new();
    let opens = Opens(gate.clone());
    for _ in 0..40 {
        let (door, trace) = (gate.clone(), Trace(journal.clone(), "drop"));
        lab.tell(job(move |_, ctx| {
            ctx.spawn_blocking(move || {
                door.pass();
                drop(trace);
            })
            .then(|_, _, _| panic!("the actor has ended"));
        }))
        .unwrap();
    }
    gate.wait_for(32);
    settle(&lab);
    let report = system.shutdown_within(Duration::from_millis(100)).unwrap();
    assert_eq!(report.stats.actors.live, 0);
    assert_eq!(journal.count("drop"), 8, "those that had not begun");
    drop(opens);
    eventually("the others return", || journal.count("drop") == 40);
}

#[test]
fn s48_an_outcome_whose_drop_panics_is_contained_and_counted() {
    /// Nobody may drop it.
    struct Fragile;
    impl Drop for Fragile {
        fn drop(&mut self) {
            give_up();
        }
    }
    let system = system(1);
    let lab = system.spawn(Lab::new()).unwrap();
    let gate = Gate::new();
    let (door, opens) = (gate.clone(), Opens(gate.clone()));
    lab.tell(job(move |_, ctx| {
        ctx.spawn_blocking(move || {
            door.pass();
            Fragile
        })
        .then(|_, _, _| {});
    }))
    .unwrap();
    gate.wait_for(1);
    lab.stop().wait().unwrap();
    drop(opens);
    eventually("it is counted", || system.stats().drop_panics == 1);
    finish(&system);
}

#[test]
fn s51_a_closure_that_ends_the_system_does_not_wait_for_itself() {
    let system = system(1);
    let lab = system.spawn(Lab::new()).unwrap();
    let (done, said) = mpsc::channel();
    let mine = system.clone();
    lab.tell(job(move |_, ctx| {
        ctx.spawn_blocking(move || done.send(mine.shutdown_within(Duration::MAX)).unwrap())
            .then(|_, _, _| {});
    }))
    .unwrap();
    let outcome = said.recv_timeout(PATIENCE).unwrap();
    assert!(matches!(outcome, Err(SystemError::WouldBlock)), "{outcome:?}");
    assert_eq!(system.shutdown().unwrap().stats.actors.live, 0);
}
