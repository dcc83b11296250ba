//! Actors with a thread of their own: S8, S13, S20, S29, S38, S39, S51, S52.

use std::sync::{Arc, Mutex, mpsc};
use std::thread::{self, ThreadId};
use std::time::Duration;

use crate::support::*;
use zactor::prelude::*;
use zactor::{ActorState, AskError, EndReason, SystemError};

fn pinned(system: &ActorSystem, lab: Lab) -> ActorRef<Lab> {
    system.actor_of(lab).dispatcher(Dispatcher::Pinned).spawn().unwrap()
}

/// The thread that runs the actor's handlers.
fn thread_of(lab: &ActorRef<Lab>) -> ThreadId {
    let (done, runs) = mpsc::channel();
    lab.tell(job(move |_, _| done.send(thread::current().id()).unwrap())).unwrap();
    runs.recv_timeout(PATIENCE).unwrap()
}

#[derive(Message)]
#[message(reply = String)]
struct WhatThread;

#[actor(WhatThread, dispatcher = pinned, lifecycle)]
struct Alone(Arc<Mutex<Vec<ThreadId>>>);

impl Lifecycle for Alone {
    fn pre_start(&mut self, _: &mut Context<Self>) -> Result<(), Failure> {
        self.0.lock().unwrap().push(thread::current().id());
        Ok(())
    }
}

impl Handler<WhatThread> for Alone {
    fn handle(&mut self, _: WhatThread, _: &mut Context<Self>) -> String {
        thread::current().name().unwrap_or_default().to_owned()
    }
}

#[test]
fn s29_a_pinned_actor_starts_on_the_calling_thread_and_runs_on_its_own() {
    let system = system(2);
    let starts = Arc::default();
    let alone = system.spawn(Alone(Arc::clone(&starts))).unwrap();
    assert_eq!(*starts.lock().unwrap(), [thread::current().id()]);
    assert_eq!(alone.ask(WhatThread).wait().unwrap(), "test-pinned");
    let shared = system.actor_of(Alone(starts)).dispatcher(Dispatcher::Shared).spawn().unwrap();
    assert!(!shared.ask(WhatThread).wait().unwrap().contains("pinned"), "the builder overrules");
    let (one, two) = (pinned(&system, Lab::new()), pinned(&system, Lab::new()));
    let (its, others) = (thread_of(&one), thread_of(&two));
    assert_ne!(its, others);
    for _ in 0..100 {
        assert_eq!((thread_of(&one), thread_of(&two)), (its, others));
    }
    finish(&system);
}

#[test]
fn s52_a_pinned_handler_that_blocks_takes_no_worker() {
    let system = system(1);
    let labs: Vec<_> = (0..4).map(|_| pinned(&system, Lab::new())).collect();
    let held: Vec<_> = labs.iter().map(hold).collect();
    let shared = system.spawn(Lab::new()).unwrap();
    settle(&shared);
    drop(held);
    labs.iter().for_each(settle);
    finish(&system);
}

#[test]
fn s20_a_pinned_handler_may_wait_but_not_for_itself_nor_in_a_cycle() {
    let system = system(1);
    let (lab, other) = (pinned(&system, Lab::new()), system.spawn(Lab::new()).unwrap());
    let to = other.clone();
    let waits = call(move |_, ctx| {
        let me = ctx.me();
        let Err(AskError::WouldDeadlock { cycle, .. }) = me.ask(call(|_, _| 0)).wait() else {
            panic!("it would wait for itself")
        };
        assert_eq!(*cycle, [me.id()]);
        assert!(matches!(me.ended().wait(), Err(SystemError::WouldDeadlock)));
        to.ask(call(|_, _| 7)).wait().unwrap()
    });
    assert_eq!(lab.ask(waits).timeout(PATIENCE).wait().unwrap(), 7);
    // Two that ask each other: one of them learns of it at once.
    let (a, b) = (pinned(&system, Lab::new()), pinned(&system, Lab::new()));
    let (gate, (done, outcomes)) = (Gate::new(), mpsc::channel());
    let opens = Opens(gate.clone());
    for (from, to) in [(&a, b.clone()), (&b, a.clone())] {
        let (door, done) = (gate.clone(), done.clone());
        from.tell(job(move |_, _| {
            door.pass();
            done.send(to.ask(call(|_, _| 3)).timeout(PATIENCE).wait()).unwrap();
        }))
        .unwrap();
    }
    gate.wait_for(2);
    drop(opens);
    let mut cycles = 0;
    for _ in 0..2 {
        match outcomes.recv_timeout(PATIENCE).unwrap() {
            Ok(reply) => assert_eq!(reply, 3),
            Err(AskError::WouldDeadlock { cycle, .. }) => {
                assert_eq!(cycle.len(), 2);
                cycles += 1;
            }
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!(cycles, 1);
    finish(&system);
}

#[test]
fn s20_hooks_of_a_pinned_actor_do_not_wait() {
    let system = system(1);
    let other = system.spawn(Lab::new()).unwrap();
    let (done, outcomes) = mpsc::channel();
    let lab = pinned(
        &system,
        Lab::new().on_stop(move |_| {
            done.send(other.ask(call(|_, _| 7)).wait()).unwrap();
        }),
    );
    settle(&lab);
    lab.stop().wait().unwrap();
    let outcome = outcomes.recv_timeout(PATIENCE).unwrap();
    assert!(matches!(outcome, Err(AskError::WouldBlock)), "{outcome:?}");
    finish(&system);
}

#[test]
fn s13_a_pinned_actor_that_asks_one_that_it_mutes_goes_on_whichever_comes_last() {
    let system = system(2);
    for muted_first in [true, false] {
        let lab = system.spawn(Lab::new()).unwrap();
        let asker = system.actor_of(Lab::new()).mailbox_capacity(1).overflow(Overflow::Block);
        let asker = asker.dispatcher(Dispatcher::Pinned).spawn().unwrap();
        let ledger = Ledger::new(10);
        let (gate, before) = (Gate::new(), Gate::new());
        let (opens, _second) = (Opens(gate.clone()), Opens(before.clone()));
        let (to, items, door) = (asker.clone(), Arc::clone(&ledger), before.clone());
        lab.tell(job(move |_, _| {
            door.pass();
            (0..10).for_each(|id| to.tell(items.item(id, 0)).unwrap());
        }))
        .unwrap();
        before.wait_for(1);
        let (to, door, (begins, begun)) = (lab.clone(), gate.clone(), mpsc::channel());
        let asked = asker
            .ask(call(move |_, _| {
                door.pass();
                let asked = to.ask(call(|_, _| 7)).timeout(PATIENCE);
                begins.send(()).unwrap();
                asked.wait().unwrap()
            }))
            .timeout(PATIENCE);
        gate.wait_for(1);
        if muted_first {
            before.open();
            let muted = || system.inspect(lab.id()).unwrap().state == ActorState::Suspended;
            eventually("it is muted", muted);
            drop(opens);
        } else {
            drop(opens);
            begun.recv_timeout(PATIENCE).unwrap();
            before.open();
        }
        assert_eq!(asked.wait().unwrap(), 7);
        eventually("all are handled", || ledger.drops() == 10);
        settle(&lab);
    }
    finish(&system);
}

#[test]
fn s12_a_pinned_actors_sends_are_admitted_and_mute_it() {
    let system = system(1);
    let to = system.actor_of(Lab::new()).mailbox_capacity(2).overflow(Overflow::Block);
    let to = to.spawn().unwrap();
    let from = pinned(&system, Lab::new());
    let ledger = Ledger::new(50);
    let held = hold(&to);
    let (target, items) = (to.clone(), Arc::clone(&ledger));
    let send = move |_: &mut Lab, _: &mut Context<Lab>| {
        (0..50).for_each(|id| target.tell(items.item(id, 0)).unwrap());
    };
    from.tell(job(send)).unwrap();
    let muted = || system.inspect(from.id()).unwrap().state == ActorState::Suspended;
    eventually("it is muted", muted);
    drop(held);
    settle(&from);
    assert_eq!(seen(&to), (0..50).collect::<Vec<_>>());
    finish(&system);
}

#[test]
fn s39_pinned_actors_end_and_start_again_as_all_others_and_their_threads_go() {
    let name = "pinned::s39_pinned_actors_end_and_start_again_as_all_others_and_their_threads_go";
    process::alone(name, || {
        let system = system(1);
        let before = process::threads();
        for round in 0..scaled(100, 1_000) {
            let lab = system.actor(Lab::new).dispatcher(Dispatcher::Pinned).spawn().unwrap();
            let ledger = Ledger::new(20);
            let held = hold(&lab);
            (0..10).for_each(|id| lab.tell(ledger.item(id, 0)).unwrap());
            lab.tell(job(|_, _| give_up())).unwrap();
            (10..20).for_each(|id| lab.tell(ledger.item(id, 0)).unwrap());
            let ended = [lab.stop(), lab.drain(), lab.kill()];
            drop(held);
            let reasons = ended.map(|ended| ended.wait().unwrap());
            assert!(matches!(reasons[2], EndReason::Killed), "{round}: {reasons:?}");
            ledger.check_all();
            counts(&system, &lab);
        }
        let lab = system.actor(Lab::new).dispatcher(Dispatcher::Pinned).spawn().unwrap();
        let its = thread_of(&lab);
        lab.tell(job(|_, _| give_up())).unwrap();
        assert_eq!(thread_of(&lab), its, "after a restart");
        lab.drain().wait().unwrap();
        eventually("the threads have ended", || process::threads() == before);
        let failed = system
            .actor_of(Lab::new().on_start(|_| Err(Failure::new("no"))))
            .dispatcher(Dispatcher::Pinned)
            .spawn();
        assert!(failed.is_err());
        eventually("so does that of a failed start", || process::threads() == before);
        finish(&system);
    });
}

#[test]
fn s05_a_pinned_actors_counters_are_exact_whenever_they_are_read() {
    let system = system(1);
    let lab = pinned(&system, Lab::new());
    let ledger = Ledger::new(scaled(2_000, 50_000) as usize);
    for id in 0..scaled(2_000, 50_000) {
        lab.tell(ledger.item(id, 0)).unwrap();
        if id % 3 == 0 {
            settle(&lab);
            let counts = counts(&system, &lab);
            assert_eq!(counts.queued, 0);
        }
    }
    lab.drain().wait().unwrap();
    ledger.check_all();
    finish(&system);
}

#[test]
fn s53_timers_reach_a_pinned_actor() {
    let system = system(1);
    let lab = pinned(&system, Lab::new());
    let (done, rings) = mpsc::channel();
    lab.tell(job(move |_, ctx| {
        let ring = job(move |_, _| done.send(()).unwrap());
        ctx.send_after(Duration::from_millis(1), ring);
    }))
    .unwrap();
    rings.recv_timeout(PATIENCE).unwrap();
    finish(&system);
}

#[test]
fn s51_a_shutdown_begun_by_a_pinned_handler_returns_there_at_once() {
    let system = system(1);
    let lab = pinned(&system, Lab::new());
    let (own, (done, outcomes)) = (system.clone(), mpsc::channel());
    lab.tell(job(move |_, _| done.send(own.shutdown()).unwrap())).unwrap();
    let outcome = outcomes.recv_timeout(PATIENCE).unwrap();
    assert!(matches!(outcome, Err(SystemError::WouldBlock)), "{outcome:?}");
    system.wait().unwrap();
}

#[test]
fn s51_a_pinned_actor_that_does_not_return_is_reported_and_its_thread_ends_later() {
    let name =
        "pinned::s51_a_pinned_actor_that_does_not_return_is_reported_and_its_thread_ends_later";
    process::alone(name, || {
        let before = process::threads();
        let system = system(1);
        let lab = pinned(&system, Lab::new());
        let idle = pinned(&system, Lab::new());
        settle(&idle);
        let held = hold(&lab);
        let Err(SystemError::Stuck(stuck)) = system.shutdown_within(Duration::from_millis(50))
        else {
            panic!("it stands in a handler")
        };
        assert_eq!(stuck.iter().map(|stuck| stuck.id).collect::<Vec<_>>(), [lab.id()]);
        drop(held);
        drop((system, lab, idle));
        eventually("all threads have ended", || process::threads() == before);
    });
}
