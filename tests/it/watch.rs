//! Death watch: S27, S43 to S45, and what of it S25, S40 and S47 promise.

use std::sync::{Arc, Mutex};

use crate::support::*;
use zactor::prelude::*;

fn watch(watcher: &ActorRef<Lab>, who: impl Into<ActorId>) {
    let who = who.into();
    watcher.tell(job(move |_, ctx| ctx.watch(who))).unwrap();
}

fn unwatch(watcher: &ActorRef<Lab>, who: impl Into<ActorId>) {
    let who = who.into();
    watcher.tell(job(move |_, ctx| ctx.unwatch(who))).unwrap();
}

/// What `watcher` has heard of `who`, once everything sent to it has been handled.
fn heard(watcher: &ActorRef<Lab>, journal: &Journal, who: ActorId) -> Vec<String> {
    // The second one stands behind the answer to a watch that was handled before the first.
    settle(watcher);
    settle(watcher);
    let prefix = format!("watcher hears of {who}: ");
    let entries = journal.entries();
    entries.iter().filter_map(|entry| entry.strip_prefix(&prefix)).map(String::from).collect()
}

fn watcher(system: &ActorSystem) -> (ActorRef<Lab>, Journal) {
    let journal = Journal::default();
    let inner = journal.clone();
    (system.spawn_with(move || Lab::named("watcher", &inner)).unwrap(), journal)
}

#[test]
fn s43_one_terminated_for_each_watch_with_the_reason() {
    let ends: [(Deed, &str); 6] = [
        (|lab| drop(lab.stop()), "stopped"),
        (|lab| drop(lab.drain()), "drained"),
        (|lab| drop(lab.kill()), "killed"),
        (|lab| lab.tell(job(|_, _| give_up())).unwrap(), "failed: panicked: on purpose"),
        (|lab| lab.tell(job(|_, ctx| ctx.fail(Failure::new("no")))).unwrap(), "failed: no"),
        (|lab| lab.tell(job(|_, ctx| ctx.stop())).unwrap(), "stopped"),
    ];
    for (end, reason) in ends {
        let system = system(2);
        let watchers = [watcher(&system), watcher(&system)];
        let target = system.spawn(Lab::new()).unwrap();
        for (watcher, _) in &watchers {
            watch(watcher, &target);
            watch(watcher, &target);
            settle(watcher);
        }
        assert_eq!(system.inspect(target.id()).unwrap().watchers, 2, "twice is once");
        end(&target);
        target.ended().wait().unwrap();
        for (watcher, journal) in &watchers {
            assert_eq!(heard(watcher, journal, target.id()), [reason], "told before it is over");
        }
        assert_eq!(system.inspect(target.id()).unwrap().watchers, 0);
        finish(&system);
    }
}

/// The name of who ended, and how many children there are then.
type Told = Arc<Mutex<Vec<(Option<Arc<str>>, usize)>>>;

#[test]
fn s43_a_child_is_watched_by_its_parent_and_says_its_name() {
    #[derive(Message)]
    struct Hire;
    #[actor(Hire, lifecycle)]
    struct Parent(Told);
    impl Handler<Hire> for Parent {
        fn handle(&mut self, _: Hire, ctx: &mut Context<Self>) {
            let child = ctx.actor_of(Lab::new()).name("child").spawn().unwrap();
            ctx.watch(&child);
            drop(child.stop());
        }
    }
    impl Lifecycle for Parent {
        fn on_terminated(&mut self, ctx: &mut Context<Self>, who: Terminated) {
            // The name is free again, and the child is none any more.
            let next = ctx.actor_of(Lab::new()).name("child").spawn().unwrap();
            self.0.lock().unwrap().push((who.name, ctx.children().len()));
            drop(next);
        }
    }
    let system = system(2);
    let told = Arc::new(Mutex::new(Vec::new()));
    system.spawn(Parent(Arc::clone(&told))).unwrap().tell(Hire).unwrap();
    eventually("the word", || !told.lock().unwrap().is_empty());
    assert_eq!(*told.lock().unwrap(), [(Some("child".into()), 1)]);
    finish(&system);
}

#[test]
fn s43_watching_the_dead_answers_at_once() {
    let system = system(2);
    let (watcher, journal) = watcher(&system);
    let target = system.spawn(Lab::new()).unwrap();
    let id = target.id();
    target.stop().wait().unwrap();
    watch(&watcher, &target);
    assert_eq!(heard(&watcher, &journal, id), ["no such actor"]);
    drop(target);
    eventually("its memory is gone", || system.inspect(id).is_none());
    watch(&watcher, id);
    assert_eq!(heard(&watcher, &journal, id).len(), 2, "a new watch, a new word");
    watch(&watcher, ActorId::from_raw(0x1234_5678));
    let never = heard(&watcher, &journal, ActorId::from_raw(0x1234_5678));
    assert_eq!(never, ["no such actor"]);
    finish(&system);
}

#[test]
fn s43_watch_races_with_the_end() {
    let system = system(2);
    let (watcher, journal) = watcher(&system);
    let rounds = scaled(500, 20_000);
    for _ in 0..rounds {
        let target = system.spawn(Lab::new()).unwrap();
        watch(&watcher, &target);
        drop(target.stop());
        target.ended().wait().unwrap();
    }
    eventually("all words", || {
        settle(&watcher);
        journal.entries().len() > rounds as usize
    });
    let words = journal.entries().iter().filter(|entry| entry.contains(" hears of ")).count();
    assert_eq!(words, rounds as usize, "one for each, whoever was first");
    finish(&system);
}

#[test]
fn s27_watchers_hear_nothing_of_restarts() {
    let system = system(2);
    let (watcher, journal) = watcher(&system);
    let target = system.spawn_with(Lab::new).unwrap();
    watch(&watcher, &target);
    settle(&watcher);
    for _ in 0..5 {
        target.tell(job(|_, _| give_up())).unwrap();
        settle(&target);
    }
    assert!(heard(&watcher, &journal, target.id()).is_empty());
    target.tell(job(|_, _| give_up())).unwrap();
    target.ended().wait().unwrap();
    assert_eq!(heard(&watcher, &journal, target.id()), ["failed: panicked: on purpose"]);
    finish(&system);
}

#[test]
fn s25_a_restart_keeps_the_own_watches() {
    let system = system(2);
    let (watcher, journal) = watcher(&system);
    let targets = [(); 3].map(|()| system.spawn(Lab::new()).unwrap());
    targets.iter().for_each(|target| watch(&watcher, target));
    settle(&watcher);
    // One word is queued over the restart.
    let gate = hold(&watcher);
    watcher.tell(job(|_, _| give_up())).unwrap();
    targets[0].stop().wait().unwrap();
    drop(gate);
    targets[1].stop().wait().unwrap();
    assert_eq!(heard(&watcher, &journal, targets[0].id()), ["stopped"]);
    assert_eq!(heard(&watcher, &journal, targets[1].id()), ["stopped"]);
    assert_eq!(journal.count("restart watcher: panicked: on purpose"), 1);
    assert_eq!(system.inspect(targets[2].id()).unwrap().watchers, 1);
    finish(&system);
}

#[test]
fn s44_what_the_dying_actor_sent_is_handled_before_its_terminated() {
    let system = system(2);
    for _ in 0..scaled(50, 1_000) {
        let (watcher, journal) = watcher(&system);
        let target = system
            .spawn(Lab::new().on_stop({
                let (to, journal) = (watcher.clone(), journal.clone());
                move |_| to.tell(Noted::new("last words", &journal)).unwrap()
            }))
            .unwrap();
        watch(&watcher, &target);
        settle(&watcher);
        let (to, inner) = (watcher.clone(), journal.clone());
        target
            .tell(job(move |_, ctx| {
                for _ in 0..10 {
                    to.tell(Noted::new("word", &inner)).unwrap();
                }
                ctx.stop();
            }))
            .unwrap();
        target.ended().wait().unwrap();
        settle(&watcher);
        let entries = journal.entries();
        let at = entries.iter().position(|entry| entry.contains(" hears of ")).unwrap();
        let before = entries[..at].iter().filter(|entry| entry.starts_with("handle")).count();
        assert_eq!((before, entries.len()), (11, at + 1), "{entries:?}");
        watcher.stop().wait().unwrap();
    }
    finish(&system);
}

#[test]
fn s44_a_full_mailbox_takes_a_terminated_and_does_not_count_it() {
    let system = system(2);
    let journal = Journal::default();
    let inner = journal.clone();
    let watcher =
        system.actor(move || Lab::named("watcher", &inner)).mailbox_capacity(2).spawn().unwrap();
    let target = system.spawn(Lab::new()).unwrap();
    watch(&watcher, &target);
    settle(&watcher);
    let gate = hold(&watcher);
    while watcher.tell(job(|_, _| {})).is_ok() {}
    let messages = || system.inspect(watcher.id()).unwrap().messages;
    let before = messages();
    target.stop().wait().unwrap();
    assert_eq!(messages(), before, "not counted");
    drop(gate);
    eventually("the word", || journal.entries().iter().any(|entry| entry.contains(" hears of ")));
    finish(&system);
}

#[test]
fn s45_after_unwatch_no_terminated_is_handled_even_one_that_is_queued() {
    let system = system(2);
    let (watcher, journal) = watcher(&system);
    let [before, queued, again] = [(); 3].map(|()| system.spawn(Lab::new()).unwrap());
    for target in [&before, &queued, &again] {
        watch(&watcher, target);
    }
    unwatch(&watcher, &before);
    settle(&watcher);
    assert_eq!(system.inspect(before.id()).unwrap().watchers, 0);
    before.stop().wait().unwrap();
    let gate = hold(&watcher);
    unwatch(&watcher, &queued);
    unwatch(&watcher, &again);
    watch(&watcher, &again);
    for target in [&queued, &again] {
        target.stop().wait().unwrap();
    }
    drop(gate);
    assert!(heard(&watcher, &journal, before.id()).is_empty());
    assert!(heard(&watcher, &journal, queued.id()).is_empty());
    assert_eq!(heard(&watcher, &journal, again.id()), ["no such actor"], "that of the new watch");
    finish(&system);
}

#[test]
fn s45_a_watcher_that_dies_leaves_no_entry() {
    let system = system(2);
    let target = system.spawn(Lab::new()).unwrap();
    for _ in 0..100 {
        let (watcher, _) = watcher(&system);
        watch(&watcher, &target);
        settle(&watcher);
        assert_eq!(system.inspect(target.id()).unwrap().watchers, 1);
        watcher.stop().wait().unwrap();
        assert_eq!(system.inspect(target.id()).unwrap().watchers, 0);
    }
    target.stop().wait().unwrap();
    finish(&system);
}

#[test]
fn s47_a_terminated_of_a_former_tenant_meets_no_other_watcher() {
    let system = system(1);
    let target = system.spawn(Lab::new()).unwrap();
    let (first, _) = watcher(&system);
    watch(&first, &target);
    settle(&first);
    first.kill().wait().unwrap();
    drop(first);
    // Others come into its slot.
    let others: Vec<_> = (0..200).map(|_| watcher(&system)).collect();
    target.stop().wait().unwrap();
    for (other, journal) in &others {
        assert!(heard(other, journal, target.id()).is_empty());
    }
    finish(&system);
}
