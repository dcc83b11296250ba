//! References: what they weigh, what they keep, whom they reach: S47.

use std::collections::{HashMap, HashSet};
use std::thread;

use crate::support::*;
use zactor::prelude::*;

#[test]
fn references_are_a_pointer_and_compare_by_id() {
    assert_eq!(size_of::<ActorRef<Lab>>(), 8);
    assert_eq!(size_of::<Option<ActorRef<Lab>>>(), 8);
    assert_eq!(size_of::<Recipient<Item>>(), 16);
    assert_eq!(size_of::<ActorId>(), 8);
    fn shared<T: Clone + Send + Sync + 'static>() {}
    shared::<ActorRef<Lab>>();
    shared::<WeakActorRef<Lab>>();
    shared::<Recipient<Item>>();
    shared::<ActorSystem>();

    let system = system(1);
    let (a, b) = (system.spawn(Lab::new()).unwrap(), system.spawn(Lab::new()).unwrap());
    assert_eq!(a, a.clone());
    assert_ne!(a, b);
    let by_ref: HashMap<ActorRef<Lab>, u8> = [(a.clone(), 1), (b.clone(), 2)].into();
    assert_eq!((by_ref[&a], by_ref[&b]), (1, 2));
    assert_eq!(ActorId::from(&a), a.id());
    assert_eq!(ActorId::from_raw(a.id().as_raw()), a.id());
    assert_ne!(a.id(), ActorId::NONE);
    assert!(format!("{a:?}").contains(&a.id().to_string()), "{a:?}");
    finish(&system);
}

#[test]
fn dropping_references_does_not_stop_an_actor() {
    let system = system(1);
    let journal = Journal::default();
    let lab = system.actor_of(Lab::named("lab", &journal)).name("lab").spawn().unwrap();
    let id = lab.id();
    drop(lab);
    settle(&system.lookup::<Lab>("lab").unwrap());
    assert!(system.inspect(id).is_some());
    assert_eq!(journal.entries(), ["start lab"]);
    finish(&system);
}

#[test]
fn a_weak_reference_upgrades_while_the_actor_lives() {
    let system = system(1);
    let lab = system.spawn(Lab::new()).unwrap();
    let weak = lab.downgrade();
    assert_eq!(weak.id(), lab.id());
    assert_eq!(weak.upgrade().unwrap(), lab);
    drop(lab);
    let lab = weak.upgrade().expect("an actor without references lives on");
    lab.stop().wait().unwrap();
    assert!(weak.upgrade().is_none(), "although a strong reference is left");
    drop(lab);
    assert!(weak.upgrade().is_none());
    finish(&system);
}

#[test]
fn a_recipient_tells_and_asks_and_knows_its_actor() {
    let system = system(1);
    let ledger = Ledger::new(2);
    let lab = system.spawn(Lab::new()).unwrap();
    let items: Recipient<Item> = lab.recipient();
    let same: Recipient<Item> = (&lab).into();
    assert_eq!((items.id(), same.id()), (lab.id(), lab.id()));
    items.tell(ledger.item(0, 0)).unwrap();
    assert_eq!(seen(&lab), [0]);
    assert!(items.is_alive());
    lab.stop().wait().unwrap();
    assert!(!items.is_alive());
    assert!(matches!(same.tell(ledger.item(1, 0)), Err(SendError::Closed(_))));
    ledger.check_all();
    finish(&system);
}

#[test]
fn references_outlive_their_system() {
    let system = system(1);
    let lab = system.spawn(Lab::new()).unwrap();
    let (weak, recipient) = (lab.downgrade(), lab.recipient::<Item>());
    finish(&system);
    drop(system);
    let ledger = Ledger::new(2);
    assert!(matches!(lab.tell(ledger.item(0, 0)), Err(SendError::Closed(_))));
    assert!(matches!(recipient.tell(ledger.item(1, 0)), Err(SendError::Closed(_))));
    assert!(matches!(lab.ask(call(|_, _| 0)).wait(), Err(AskError::Closed)));
    assert!(matches!(lab.ended().wait(), Ok(EndReason::Shutdown)));
    assert!(!lab.is_alive() && weak.upgrade().is_none());
    drop((lab, weak, recipient));
    ledger.check_all();
}

#[test]
fn s47_a_stale_reference_never_reaches_another_actor() {
    let system = system(1);
    let mut stale: Vec<(ActorRef<Lab>, WeakActorRef<Lab>)> = Vec::new();
    for round in 0..scaled(500, 5_000) {
        let lab = system.spawn(Lab::new()).unwrap();
        for (old, weak) in stale.iter().rev().take(8) {
            assert!(matches!(
                old.tell(job(|_, _| panic!("a stranger"))),
                Err(SendError::Closed(_))
            ));
            assert!(weak.upgrade().is_none());
            assert_ne!(old.id(), lab.id());
            assert_ne!(old, &lab);
        }
        settle(&lab);
        let weak = lab.downgrade();
        lab.stop().wait().unwrap();
        if round % 2 == 0 {
            stale.push((lab, weak));
        }
    }
    finish(&system);
}

#[test]
fn s47_an_id_is_never_given_twice_and_a_stale_one_finds_nobody() {
    let system = system(1);
    let mut ids = HashSet::new();
    for _ in 0..scaled(20_000, 300_000) {
        let lab = system.spawn(Quiet).unwrap();
        let id = lab.id();
        assert!(ids.insert(id), "{id} was given twice");
        lab.stop().wait().unwrap();
        drop(lab);
        assert!(system.inspect(id).is_none_or(|info| info.id == id));
    }
    finish(&system);
}

#[derive(Message)]
struct Nothing;

#[actor(Nothing)]
struct Quiet;

impl Handler<Nothing> for Quiet {
    fn handle(&mut self, _: Nothing, _: &mut Context<Self>) {}
}

#[test]
fn s47_references_are_cloned_and_dropped_by_many_threads() {
    let system = system(2);
    for _ in 0..scaled(50, 500) {
        let lab = system.spawn(Lab::new()).unwrap();
        let weak = lab.downgrade();
        let id = lab.id();
        thread::scope(|scope| {
            for thread in 0..3 {
                let (lab, weak, system) = (lab.clone(), weak.clone(), &system);
                scope.spawn(move || {
                    for _ in 0..200 {
                        let again = lab.clone();
                        if let Some(strong) = weak.upgrade() {
                            assert_eq!(strong, again);
                        }
                        if let Some(info) = system.inspect(id) {
                            assert_eq!(info.id, id);
                        }
                    }
                    if thread == 0 {
                        lab.stop().wait().unwrap();
                    }
                });
            }
        });
        assert!(weak.upgrade().is_none());
        drop(lab);
    }
    assert_eq!(system.stats().actors.live, 0);
    finish(&system);
}
