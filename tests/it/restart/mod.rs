//! One actor that fails and starts again: S22 to S30, S42.

mod types;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::support::*;
use zactor::prelude::*;

/// A lab from a factory, under the root.
fn lab(system: &ActorSystem, journal: &Journal) -> ActorRef<Lab> {
    let journal = journal.clone();
    system.spawn_with(move || Lab::named("lab", &journal)).unwrap()
}

fn fail(lab: &ActorRef<Lab>) {
    lab.tell(job(|_, _| give_up())).unwrap();
}

/// The id of a child of `parent` that its factory makes.
fn child_of(
    parent: &ActorRef<Lab>,
    restart: Restart,
    make: impl FnMut() -> Lab + Send + 'static,
) -> ActorRef<Lab> {
    let (give, take) = std::sync::mpsc::channel();
    parent
        .tell(job(move |_, ctx| {
            give.send(ctx.actor(make).restart(restart).spawn().unwrap()).unwrap();
        }))
        .unwrap();
    take.recv_timeout(PATIENCE).unwrap()
}

#[test]
fn s24_restart_finishes_the_old_incarnation_first() {
    let (system, journal) = (system(2), Journal::default());
    let inner = journal.clone();
    let lab = system
        .spawn_with(move || {
            inner.note("factory");
            let journal = inner.clone();
            Lab::named("lab", &inner).on_start(move |ctx| {
                ctx.spawn(Lab::named("child", &journal))?;
                Ok(())
            })
        })
        .unwrap();
    fail(&lab);
    settle(&lab);
    let expected = [
        "factory",
        "start lab",
        "start child",
        "before restart lab",
        "stop child",
        "drop child",
        "drop lab",
        "factory",
        "restart lab: panicked: on purpose",
        "start child",
    ];
    assert_eq!(journal.entries(), expected);
    let stats = finish(&system);
    assert_eq!((stats.actors.restarted, stats.actors.failed), (1, 0));
}

#[test]
fn s24_the_default_post_restart_runs_pre_start() {
    #[derive(Message)]
    struct Fail;
    #[actor(Fail, lifecycle)]
    struct Plain(Journal);
    impl Handler<Fail> for Plain {
        fn handle(&mut self, _: Fail, ctx: &mut Context<Self>) {
            ctx.fail(Failure::new("enough"));
        }
    }
    impl Lifecycle for Plain {
        fn pre_start(&mut self, ctx: &mut Context<Self>) -> Result<(), Failure> {
            self.0.note(format_args!("start {}", ctx.incarnation()));
            Ok(())
        }
    }
    let (system, journal) = (system(1), Journal::default());
    let inner = journal.clone();
    let plain = system.spawn_with(move || Plain(inner.clone())).unwrap();
    plain.tell(Fail).unwrap();
    eventually("the restart", || journal.entries() == ["start 0", "start 1"]);
    finish(&system);
}

#[test]
fn s22_the_queue_of_a_restarted_actor_is_kept_in_order() {
    let system = system(2);
    let seen = Arc::new(std::sync::Mutex::new(Vec::new()));
    let lab = lab(&system, &Journal::default());
    let gate = hold(&lab);
    for n in 0..300_u32 {
        let seen = Arc::clone(&seen);
        lab.tell(job(move |_, _| {
            seen.lock().unwrap().push(n);
            if n % 100 == 50 {
                give_up();
            }
        }))
        .unwrap();
    }
    drop(gate);
    settle(&lab);
    assert_eq!(*seen.lock().unwrap(), (0..300).collect::<Vec<_>>());
    let counted = counts(&system, &lab);
    assert_eq!((counted.failed, counted.dead_lettered), (3, 0));
    assert_eq!(system.inspect(lab.id()).unwrap().restarts, 3);
    finish(&system);
}

#[test]
fn s25_a_restart_keeps_id_name_reference_and_counters_and_loses_the_state() {
    let system = system(2);
    let journal = Journal::default();
    let inner = journal.clone();
    let lab = system.actor(move || Lab::named("lab", &inner)).name("lab").spawn().unwrap();
    lab.tell(job(|lab, _| lab.n = 7)).unwrap();
    fail(&lab);
    assert_eq!(lab.ask(call(|lab, _| lab.n)).wait().unwrap(), 0, "the state is new");
    assert_eq!(lab.ask(call(|_, ctx| ctx.incarnation())).wait().unwrap(), 1);
    assert_eq!(system.lookup::<Lab>("lab"), Some(lab.clone()));
    let counted = counts(&system, &lab);
    assert_eq!((counted.accepted, counted.handled, counted.failed), (4, 3, 1));
    assert!(lab.is_alive());
    finish(&system);
}

#[test]
fn s25_children_are_stopped_or_kept_as_the_builder_says() {
    for keep in [false, true] {
        let (system, journal) = (system(2), Journal::default());
        let inner = journal.clone();
        let parent =
            system.actor(move || Lab::named("parent", &inner)).keep_children(keep).spawn().unwrap();
        let inner = journal.clone();
        let child = child_of(&parent, Restart::Transient, move || Lab::named("child", &inner));
        fail(&parent);
        settle(&parent);
        assert_eq!(child.is_alive(), keep);
        assert_eq!(
            parent.ask(call(|_, ctx| ctx.children().len() as u64)).wait().unwrap(),
            u64::from(keep)
        );
        if keep {
            fail(&child);
            settle(&child);
            assert_eq!(journal.count("restart child: panicked: on purpose"), 1);
        }
        finish(&system);
    }
}

#[test]
fn s25_a_restarted_child_keeps_its_place_in_the_start_order() {
    let (system, journal) = (system(2), Journal::default());
    let parent = system.spawn(Lab::named("parent", &journal)).unwrap();
    let children = ["a", "b", "c"].map(|name| {
        let inner = journal.clone();
        child_of(&parent, Restart::Transient, move || Lab::named(name, &inner))
    });
    fail(&children[0]);
    settle(&children[0]);
    let ids = system.inspect(parent.id()).unwrap().children;
    assert_eq!(ids, children.each_ref().map(ActorRef::id));
    let before = journal.entries().len();
    parent.stop().wait().unwrap();
    let stops: Vec<_> = journal.entries()[before..]
        .iter()
        .filter(|entry| entry.starts_with("stop"))
        .cloned()
        .collect();
    assert_eq!(stops, ["stop c", "stop b", "stop a", "stop parent"]);
    finish(&system);
}

#[test]
fn s26_a_continuation_of_an_old_incarnation_never_meets_a_new_one() {
    let system = system(2);
    let journal = Journal::default();
    let lab = lab(&system, &journal);
    let slow = system.spawn(Lab::new()).unwrap();
    let gate = hold(&slow);
    let (to, inner) = (slow.clone(), journal.clone());
    lab.tell(job(move |_, ctx| {
        let mark = Noted::new("continuation", &inner);
        ctx.ask(&to, call(|_, _| 1)).then(move |lab, _, _| {
            let _mark = mark;
            lab.n = 1;
        });
        give_up();
    }))
    .unwrap();
    settle(&lab);
    drop(gate);
    eventually("the continuation is dropped", || journal.count("drop continuation") == 1);
    assert_eq!(lab.ask(call(|lab, _| lab.n)).wait().unwrap(), 0);
    finish(&system);
}

#[test]
fn s28_a_factory_or_hook_that_fails_is_one_more_failure_and_tried_again() {
    let (system, journal) = (system(2), Journal::default());
    let tries = Arc::new(AtomicU32::new(0));
    let inner = journal.clone();
    let lab = system
        .spawn_with(move || {
            let n = tries.fetch_add(1, Ordering::Relaxed);
            inner.note(format_args!("factory {n}"));
            if n == 1 {
                give_up();
            }
            Lab::named("lab", &inner).on_start(move |_| match n {
                2 => Err(Failure::new("no disk")),
                3 => give_up(),
                _ => Ok(()),
            })
        })
        .unwrap();
    fail(&lab);
    settle(&lab);
    let expected = [
        "factory 0",
        "start lab",
        "before restart lab",
        "drop lab",
        "factory 1",
        "factory 2",
        "restart lab: panicked: on purpose",
        "before restart lab",
        "drop lab",
        "factory 3",
        "restart lab: no disk",
        "before restart lab",
        "drop lab",
        "factory 4",
        "restart lab: panicked: on purpose",
    ];
    assert_eq!(journal.entries(), expected);
    assert_eq!(lab.ask(call(|_, ctx| ctx.incarnation())).wait().unwrap(), 3, "one was not made");
    let restarts = system.inspect(lab.id()).unwrap().restarts;
    let stats = finish(&system);
    assert_eq!((restarts, stats.actors.restarted), (4, 4), "each try counts");
}

#[test]
fn s28_failures_to_start_again_count_against_the_limit() {
    let (system, journal) = (system(2), Journal::default());
    let tries = Arc::new(AtomicU32::new(0));
    let (inner, made) = (journal.clone(), Arc::clone(&tries));
    let lab = system
        .spawn_with(move || {
            if made.fetch_add(1, Ordering::Relaxed) > 0 {
                give_up();
            }
            Lab::named("lab", &inner)
        })
        .unwrap();
    fail(&lab);
    let ended = lab.ended().timeout(PATIENCE).wait().unwrap();
    assert!(matches!(&ended, EndReason::Failed(failure) if failure.is_panic()), "{ended:?}");
    assert_eq!(tries.load(Ordering::Relaxed), 1 + 5, "five restarts within ten seconds");
    assert_eq!(journal.count("stop lab"), 0, "there was no state left to run a hook on");
    finish(&system);
}

#[test]
fn s28_a_supervisor_is_stopped_between_two_tries() {
    let system = system(2);
    let parent = system
        .actor_of(Lab::new())
        .supervise(Supervise::one_for_one().max_restarts(u32::MAX))
        .spawn()
        .unwrap();
    let tries = Arc::new(AtomicU32::new(0));
    let made = Arc::clone(&tries);
    let child = child_of(&parent, Restart::Permanent, move || {
        if made.fetch_add(1, Ordering::Relaxed) > 0 {
            give_up();
        }
        Lab::new()
    });
    fail(&child);
    eventually("many tries", || tries.load(Ordering::Relaxed) > 100);
    parent.stop().timeout(PATIENCE).wait().unwrap();
    assert!(!child.is_alive());
    finish(&system);
}

#[test]
fn s42_a_panic_in_pre_restart_is_counted_and_the_restart_goes_on() {
    #[derive(Message)]
    struct Fail;
    #[derive(Message)]
    #[message(reply = u64)]
    struct Which;
    #[actor(Fail, Which, lifecycle)]
    struct Nervous;
    impl Handler<Fail> for Nervous {
        fn handle(&mut self, _: Fail, _: &mut Context<Self>) {
            give_up();
        }
    }
    impl Handler<Which> for Nervous {
        fn handle(&mut self, _: Which, ctx: &mut Context<Self>) -> u64 {
            ctx.incarnation()
        }
    }
    impl Lifecycle for Nervous {
        fn pre_restart(&mut self, _: &mut Context<Self>, _: &Failure) {
            give_up();
        }
    }
    let system = system(1);
    let nervous = system.spawn_with(|| Nervous).unwrap();
    nervous.tell(Fail).unwrap();
    assert_eq!(nervous.ask(Which).wait().unwrap(), 1);
    let stats = finish(&system);
    assert_eq!((stats.hook_panics, stats.actors.restarted), (1, 1));
}

#[test]
fn s48_a_state_whose_drop_panics_is_contained_at_a_restart() {
    #[derive(Message)]
    struct Fail;
    #[actor(Fail)]
    struct Brittle(bool);
    impl Handler<Fail> for Brittle {
        fn handle(&mut self, _: Fail, _: &mut Context<Self>) {
            give_up();
        }
    }
    impl Drop for Brittle {
        fn drop(&mut self) {
            if self.0 {
                give_up();
            }
        }
    }
    let system = system(1);
    let mut first = true;
    let brittle = system.spawn_with(move || Brittle(std::mem::take(&mut first))).unwrap();
    brittle.tell(Fail).unwrap();
    eventually("the restart", || system.stats().actors.restarted == 1);
    let stats = finish(&system);
    assert_eq!(stats.drop_panics, 1);
}
