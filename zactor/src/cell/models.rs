//! References, ids and looks; and what models of the upper layers need of a cell.

use crate::actor::ActorRef;
use crate::cell::state::order;
use crate::cell::{Local, WorkerSide};
use crate::message::Kind;
use crate::sync::cell::UnsafeCell;
use crate::system::models::{
    finish, model_within, on_a_thread, order_and_run, run, spawn, system, system_with_ends,
};
use crate::{Message, actor, handlers};

/// What only an actor's owner touches: a model sees here when there are two owners at once, or one who does not see what
/// the last one did.
pub(crate) struct Witness(UnsafeCell<Vec<u32>>);

// SAFETY: a model tells when two threads use it at once.
unsafe impl Send for Witness {}
// SAFETY: as above.
unsafe impl Sync for Witness {}

impl Witness {
    pub(crate) fn new() -> Self {
        Witness(UnsafeCell::new(Vec::new()))
    }

    pub(crate) fn add(&self, value: u32) {
        // SAFETY: see `Sync`.
        self.0.with_mut(|seen| unsafe { &mut *seen }.push(value));
    }

    pub(crate) fn all(&self) -> Vec<u32> {
        // SAFETY: see `Sync`.
        self.0.with(|seen| unsafe { &*seen }.clone())
    }
}

#[actor]
struct Nobody;

#[handlers]
impl Nobody {}

/// An actor that has ended; the reference is the last one.
fn ended(core: &std::sync::Arc<crate::system::Core>) -> ActorRef<Nobody> {
    let reference = spawn(core, Nobody).unwrap();
    Local::with(core, |local| order_and_run(reference.0.cell(), local, order::KILL));
    reference
}

/// The last two references are dropped at once: one of them frees, after all that was done with the other (the cell's
/// atomics tell).
#[test]
fn drop_against_drop_frees_after_both() {
    loom::model(|| {
        let core = system();
        let one = ended(&core);
        let two = one.clone();
        let other = on_a_thread(&core, move |_, _| assert!(!two.is_alive()));
        assert!(!one.is_alive());
        drop(one);
        other.join();
        finish(core);
    });
}

/// The last reference goes, and the next actor takes memory and slot, while somebody looks up the id: he gets the actor
/// that it means, or none.
#[test]
fn resolve_against_the_last_release_finds_it_or_nothing() {
    loom::model(|| {
        let core = system();
        let last = ended(&core);
        let id = last.id();
        let finder = on_a_thread(&core, move |core, _| {
            if let Some(cell) = core.ids.resolve(id) {
                assert!(cell.id == id && !cell.is_alive(), "{id} leads to {}", cell.id);
            }
        });
        drop(last);
        let next = spawn(&core, Nobody).unwrap();
        assert_ne!(next.id(), id);
        finder.join();
        assert!(core.ids.resolve(id).is_none());
        drop(next);
        finish(core);
    });
}

/// Two look up the same id while its actor lives: both find it, and its slot is free again afterwards.
#[test]
fn resolve_against_resolve_finds_it_twice() {
    loom::model(|| {
        let core = system();
        let live = spawn(&core, Nobody).unwrap();
        let id = live.id();
        let other = on_a_thread(&core, move |core, _| core.ids.resolve(id).is_some());
        assert!(core.ids.resolve(id).is_some());
        assert!(other.join());
        drop(live);
        finish(core);
    });
}

#[derive(Message, Debug)]
struct Put;

#[actor(Put)]
struct Keeper;

impl crate::Handler<Put> for Keeper {
    fn handle(&mut self, _: Put, _: &mut crate::Context<Self>) {}
}

/// A worker marks an actor idle and looks once more, while another ends it and drops the last reference: the cell is
/// freed after the look (its atomics tell).
#[test]
fn look_against_the_last_release_is_over_before() {
    model_within(4, || {
        let (core, ends) = system_with_ends(2);
        let to = spawn(&core, Keeper).unwrap();
        let push = |local: &Local| to.0.push(local, Kind::Tell, 0, Put).unwrap().0;
        let task = Local::with(&core, push);
        let mut ends = ends.into_iter().enumerate();
        let mut side = || ends.next().map(|(index, queue)| WorkerSide::new(index, queue)).unwrap();
        let (here, there) = (side(), side());
        let worker = on_a_thread(&core, move |core, local| {
            local.become_worker(there, core.scheduler.looks.of(1));
            let task = to.0.cell().order(order::KILL);
            drop(to);
            run(local, task);
        });
        Local::with(&core, |local| {
            local.become_worker(here, core.scheduler.looks.of(0));
            run(local, task);
        });
        worker.join();
        finish(core);
    });
}

/// A worker marks an actor idle, while somebody sends to it and counts what waits: that is exact as soon as the mark has
/// been seen, though the worker may not have told yet that the room is back.
#[test]
fn queue_against_mark_idle_is_exact() {
    model_within(4, || {
        let (core, mut ends) = system_with_ends(1);
        let to = spawn(&core, Keeper).unwrap();
        let push =
            |to: &ActorRef<Keeper>, local: &Local| to.0.push(local, Kind::Tell, 0, Put).unwrap().0;
        let task = Local::with(&core, |local| push(&to, local));
        let side = WorkerSide::new(0, ends.remove(0));
        let worker = on_a_thread(&core, move |core, local| {
            local.become_worker(side, core.scheduler.looks.of(0));
            run(local, task);
        });
        while !to.0.cell().is_idle() {
            loom::thread::yield_now();
        }
        let task = Local::with(&core, |local| push(&to, local));
        assert!(task.is_some());
        assert_eq!(to.0.cell().queue(), (1, 0));
        worker.join();
        Local::with(&core, |local| run(local, task));
        assert_eq!(to.0.cell().queue(), (0, 0));
        Local::with(&core, |local| order_and_run(to.0.cell(), local, order::KILL));
        drop(to);
        finish(core);
    });
}
