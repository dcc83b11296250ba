//! `stop_when_unreferenced`: an actor that ends with the last reference to it.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::support::*;
use zactor::StopHandle;
use zactor::prelude::*;

/// A lab that ends when nobody refers to it, and its end.
fn lab(system: &ActorSystem, journal: &Journal) -> (ActorRef<Lab>, StopHandle) {
    let lab = Lab::named("lab", journal);
    let lab = system.actor_of(lab).stop_when_unreferenced(true).spawn().unwrap();
    let ended = lab.ended();
    (lab, ended)
}

#[track_caller]
fn drained(ended: StopHandle) {
    let reason = ended.timeout(PATIENCE).wait().unwrap();
    assert!(matches!(reason, EndReason::Drained), "{reason:?}");
}

/// Whether everything that happens on `lab`'s system by itself has happened and `lab` lives.
#[track_caller]
fn lives_on(system: &ActorSystem, weak: &WeakActorRef<Lab>) {
    let probe = system.spawn(Lab::new()).unwrap();
    (0..10).for_each(|_| settle(&probe));
    probe.stop().wait().unwrap();
    assert!(weak.upgrade().is_some());
}

#[test]
fn an_actor_ends_with_its_last_reference_and_handles_what_was_sent_before() {
    for workers in [1, 2] {
        let (system, journal) = (system(workers), Journal::default());
        let (lab, ended) = lab(&system, &journal);
        let (clone, recipient) = (lab.clone(), lab.recipient::<Do>());
        let (again, weak) = (recipient.clone(), lab.downgrade());
        let held = hold(&lab);
        for n in 0..10 {
            let journal = journal.clone();
            lab.tell(job(move |_, _| journal.note(n))).unwrap();
        }
        let answer = lab.ask(call(|_, _| 7));
        drop((lab, recipient));
        drop(clone);
        if workers > 1 {
            lives_on(&system, &weak); // one worker is busy with the lab itself
        }
        drop(again);
        drop(held);
        drained(ended);
        assert_eq!(answer.wait().unwrap(), 7);
        assert!(weak.upgrade().is_none());
        let mut expected: Vec<String> = (0..10).map(|n| n.to_string()).collect();
        expected.insert(0, "start lab".into());
        expected.extend(["stop lab".into(), "drop lab".into()]);
        assert_eq!(journal.entries(), expected);
        let counts = finish(&system).messages;
        assert_eq!((counts.handled, counts.dead_lettered), (counts.offered, 0));
    }
}

#[test]
fn an_idle_actor_ends_when_its_last_reference_goes_wherever_that_is() {
    let (system, journal) = (system(2), Journal::default());
    let (first, ended) = lab(&system, &journal);
    let weak = first.downgrade();
    lives_on(&system, &weak);
    drop(first);
    ended.wait().unwrap();

    // In the state of another actor, in a message that nobody will handle, on another thread.
    let keeper = system.spawn(Lab::new()).unwrap();
    let (kept, ended) = lab(&system, &journal);
    keeper.tell(job(move |_, _| drop(kept))).unwrap();
    ended.wait().unwrap();
    let held = hold(&keeper);
    let (kept, ended) = lab(&system, &journal);
    let weak = kept.downgrade();
    keeper.tell(job(move |_, _| drop(kept))).unwrap();
    let stopped = keeper.stop();
    assert!(weak.upgrade().is_some(), "a queued message refers to it");
    drop(held);
    stopped.wait().unwrap();
    ended.wait().unwrap();
    let (kept, ended) = lab(&system, &journal);
    thread::spawn(move || drop(kept)).join().unwrap();
    ended.wait().unwrap();
    finish(&system);
}

#[test]
fn what_a_hook_takes_and_drops_ends_nothing_and_a_reference_to_oneself_keeps() {
    let (system, journal) = (system(1), Journal::default());
    let own = Lab::named("own", &journal).on_start(|ctx| {
        drop(ctx.me());
        Ok(())
    });
    let own = system.actor_of(own).stop_when_unreferenced(true).name("own").spawn().unwrap();
    settle(&own);
    let (give, take) = mpsc::channel();
    own.tell(job(move |_, ctx| {
        let me = ctx.me();
        let recipient: Recipient<Do> = me.recipient();
        drop(me);
        give.send(recipient).unwrap();
    }))
    .unwrap();
    let (weak, ended) = (own.downgrade(), own.ended());
    let recipient = take.recv_timeout(PATIENCE).unwrap();
    drop(own);
    lives_on(&system, &weak);
    let found = system.lookup::<Lab>("own").expect("it lives");
    drop(recipient);
    settle(&found);
    drop(found);
    drained(ended);
    assert!(system.lookup::<Lab>("own").is_none());
    finish(&system);
}

#[test]
fn a_restart_keeps_it_and_an_actor_that_did_not_ask_for_it_lives_on() {
    let (system, journal) = (system(2), Journal::default());
    let made = journal.clone();
    let again = system.actor(move || Lab::named("again", &made)).stop_when_unreferenced(true);
    let again = again.restart(Restart::Permanent).spawn().unwrap();
    again.tell(job(|_, ctx| ctx.fail(Failure::new("on purpose")))).unwrap();
    settle(&again);
    assert_eq!(system.inspect(again.id()).unwrap().restarts, 1);
    let ended = again.ended();
    drop(again);
    drained(ended); // final, whatever its type

    let lasting = system.actor_of(Lab::new()).stop_when_unreferenced(false).spawn().unwrap();
    let weak = lasting.downgrade();
    drop(lasting);
    lives_on(&system, &weak);
    finish(&system);
}

#[test]
fn a_child_that_nobody_refers_to_ends_and_its_parent_goes_on() {
    let system = system(2);
    let parent = system.spawn(Lab::new()).unwrap();
    let (give, take) = mpsc::channel();
    parent
        .tell(job(move |_, ctx| {
            let child = ctx.actor_of(Lab::new()).stop_when_unreferenced(true).spawn().unwrap();
            give.send(child.ended()).unwrap();
        }))
        .unwrap();
    let ended = take.recv_timeout(PATIENCE).unwrap();
    drained(ended);
    settle(&parent);
    assert!(system.inspect(parent.id()).unwrap().children.is_empty());
    finish(&system);
}

#[test]
fn of_many_threads_that_drop_theirs_the_last_one_ends_it() {
    let (system, journal) = (system(2), Journal::default());
    for _ in 0..scaled(200, 5_000) {
        let (lab, ended) = lab(&system, &journal);
        let threads: Vec<_> = (0..3)
            .map(|_| {
                let (mine, journal) = (lab.clone(), journal.clone());
                thread::spawn(move || {
                    let copy = mine.clone();
                    drop(mine);
                    let recipient: Recipient<Do> = copy.recipient();
                    drop(copy);
                    recipient.tell(job(move |_, _| drop(journal))).unwrap();
                })
            })
            .collect();
        drop(lab);
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        drained(ended);
    }
    assert_eq!(finish(&system).messages.dead_lettered, 0);
}

#[test]
fn timers_and_open_asks_are_no_references() {
    let system = system(2);
    let (lab, ended) = lab(&system, &Journal::default());
    let (give, take) = mpsc::channel();
    lab.tell(job(move |_, ctx| {
        give.send(ctx.send_after(Duration::from_secs(3_600), job(|_, _| {}))).unwrap();
    }))
    .unwrap();
    let timer = take.recv_timeout(PATIENCE).unwrap();
    drop(lab);
    ended.wait().unwrap();
    assert!(!timer.cancel(), "it went with the actor");
    finish(&system);
}
