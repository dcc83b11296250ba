//! Children: they end with their parent, in reverse start order, however many and however deep: S40, S41, S50.

use std::sync::mpsc;

use crate::support::*;
use zactor::prelude::*;

/// A parent with three children, each with a child.
fn family(system: &ActorSystem, journal: &Journal) -> (ActorRef<Lab>, Vec<ActorRef<Lab>>) {
    let parent = system.spawn(Lab::named("parent", journal)).unwrap();
    let (give, take) = mpsc::channel();
    let inner = journal.clone();
    parent
        .tell(job(move |_, ctx| {
            for (child, grandchild) in [("a", "aa"), ("b", "bb"), ("c", "cc")] {
                let journal = inner.clone();
                let child = Lab::named(child, &inner).on_start(move |ctx| {
                    ctx.spawn(Lab::named(grandchild, &journal))?;
                    Ok(())
                });
                give.send(ctx.spawn(child).unwrap()).unwrap();
            }
        }))
        .unwrap();
    settle(&parent);
    (parent, take.try_iter().collect())
}

const REVERSE: [&str; 14] = [
    "stop cc",
    "drop cc",
    "stop c",
    "drop c",
    "stop bb",
    "drop bb",
    "stop b",
    "drop b",
    "stop aa",
    "drop aa",
    "stop a",
    "drop a",
    "stop parent",
    "drop parent",
];

#[test]
fn s40_children_stop_before_their_parent_one_by_one_in_reverse_start_order() {
    let ends: [Deed; 4] = [
        |parent| drop(parent.stop()),
        |parent| drop(parent.drain()),
        |parent| parent.tell(job(|_, _| give_up())).unwrap(),
        |_| {},
    ];
    for end in ends {
        let (system, journal) = (system(2), Journal::default());
        let (parent, _children) = family(&system, &journal);
        let before = journal.entries().len();
        end(&parent);
        finish(&system);
        assert_eq!(journal.entries()[before..], REVERSE);
    }
}

#[test]
fn s40_children_end_with_the_reason_that_their_parents_end_gives() {
    let cases: [(Deed, &str); 3] = [
        (|parent| drop(parent.stop().wait().unwrap()), "Stopped"),
        (|parent| drop(parent.kill().wait().unwrap()), "Killed"),
        (|_| {}, "Shutdown"),
    ];
    for (end, reason) in cases {
        let (system, journal) = (system(2), Journal::default());
        let (parent, children) = family(&system, &journal);
        end(&parent);
        finish(&system);
        for child in children {
            assert_eq!(format!("{:?}", child.ended().wait().unwrap()), reason);
        }
    }
}

#[test]
fn s41_no_child_outlives_its_parent() {
    let system = system(2);
    for round in 0..scaled(100, 2_000) {
        let journal = Journal::default();
        let (parent, children) = family(&system, &journal);
        let ended = match round % 3 {
            0 => parent.stop(),
            1 => parent.kill(),
            _ => {
                parent.tell(job(|_, _| give_up())).unwrap();
                parent.ended()
            }
        };
        ended.wait().unwrap();
        assert!(children.iter().all(|child| !child.is_alive()));
        assert_eq!(system.stats().actors.live, 0, "grandchildren are gone as well");
        assert_eq!(journal.entries().iter().filter(|entry| entry.starts_with("drop")).count(), 7);
        assert_eq!(journal.entries().last().unwrap(), "drop parent");
        let hooks = journal.entries().iter().filter(|entry| entry.starts_with("stop")).count();
        assert_eq!(hooks, if round % 3 == 1 { 0 } else { 7 });
    }
    finish(&system);
}

#[test]
fn s41_a_child_that_ends_alone_leaves_its_parent_and_siblings_alone() {
    let (system, journal) = (system(2), Journal::default());
    let (parent, children) = family(&system, &journal);
    children[1].stop().wait().unwrap();
    let ids: Vec<ActorId> = system.inspect(parent.id()).unwrap().children;
    assert_eq!(ids, [children[0].id(), children[2].id()], "in start order");
    children[2].tell(job(|_, _| give_up())).unwrap();
    children[2].ended().wait().unwrap();
    eventually("the failed child leaves", || {
        system.inspect(parent.id()).unwrap().children == [children[0].id()]
    });
    assert!(parent.is_alive() && children[0].is_alive());
    finish(&system);
}

#[test]
fn s41_a_spawn_while_the_parent_ends_is_refused_or_stopped_with_it() {
    let system = system(2);
    let (parent, _) = family(&system, &Journal::default());
    let (give, take) = mpsc::channel();
    let child = Lab::new().on_stop(move |ctx| {
        give.send(ctx.spawn(Lab::new()).map(|grandchild| grandchild.ended())).unwrap();
    });
    parent.tell(job(move |_, ctx| drop(ctx.spawn(child).unwrap()))).unwrap();
    settle(&parent);
    parent.stop().wait().unwrap();
    match take.recv_timeout(PATIENCE).unwrap() {
        Err(zactor::SpawnError::Closed) => {}
        Ok(ended) => drop(ended.timeout(PATIENCE).wait().unwrap()),
        Err(other) => panic!("{other:?}"),
    }
    assert_eq!(system.stats().actors.live, 0);
    finish(&system);
}

#[derive(Message)]
struct Grow(u32);

/// Spawns a child that does the same, one generation less.
#[actor(Grow)]
struct Link;

impl Handler<Grow> for Link {
    fn handle(&mut self, Grow(left): Grow, ctx: &mut Context<Self>) {
        if left > 0 {
            ctx.spawn(Link).unwrap().tell(Grow(left - 1)).unwrap();
        }
    }
}

#[derive(Message)]
struct Breed(u32);

#[actor(Breed)]
struct Parent;

impl Handler<Breed> for Parent {
    fn handle(&mut self, Breed(children): Breed, ctx: &mut Context<Self>) {
        for _ in 0..children {
            ctx.spawn(Link).unwrap();
        }
    }
}

const SMALL_STACK: usize = 256 * 1024;

fn on_small_stacks() -> ActorSystem {
    let stop_timeout = PATIENCE * 10;
    let config = SystemConfig { stop_timeout, ..quiet() };
    ActorSystem::builder("small")
        .workers(2)
        .config(config)
        .worker_stack(SMALL_STACK)
        .start()
        .unwrap()
}

#[test]
fn s50_a_long_chain_of_children_stops_on_a_small_stack() {
    let length = scaled(20_000, 200_000);
    for kill in [false, true] {
        let system = on_small_stacks();
        let root = system.spawn(Link).unwrap();
        root.tell(Grow(length)).unwrap();
        let live = || system.stats().actors.live;
        while_moving("growing", live, || live() == u64::from(length) + 1);
        let ended = if kill { root.kill() } else { root.stop() };
        while_moving("stopping", live, || live() == 0);
        ended.wait().unwrap();
        // The last reference goes on a small stack, too.
        std::thread::Builder::new()
            .stack_size(SMALL_STACK)
            .spawn(|| drop(root))
            .unwrap()
            .join()
            .unwrap();
        finish(&system);
    }
}

#[test]
fn s50_a_parent_of_many_children_stops_on_a_small_stack() {
    let children = scaled(20_000, 200_000);
    for kill in [false, true] {
        let system = on_small_stacks();
        let parent = system.spawn(Parent).unwrap();
        parent.tell(Breed(children)).unwrap();
        let live = || system.stats().actors.live;
        while_moving("breeding", live, || live() == u64::from(children) + 1);
        let ended = if kill { parent.kill() } else { parent.stop() };
        while_moving("stopping", live, || live() == 0);
        ended.wait().unwrap();
        finish(&system);
    }
}
