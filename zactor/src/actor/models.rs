//! Who runs an actor, and how it ends: models on whole cells.

use std::sync::Arc;

use std::task::{Context as TaskContext, Poll, Wake, Waker};

use super::{ActorRef, Context, Handler, Lifecycle};
use crate::cell::models::Witness;
use crate::cell::state::{EndKind, order, parked, token};
use crate::cell::{Birth, Cell, Local, Meta, Next, Ref, Resident, Task, Turn};
use crate::error::{AskError, SendError};
use crate::message::{ActorId, Kind};
use crate::supervision::Failure;
use crate::sync::Parker;
use crate::sync::atomic::{AtomicU32, Ordering::Relaxed};
use crate::system::Core;
use crate::system::models::{
    finish, finish_after, model_within, on_a_thread, order_and_run, run, run_all, spawn,
    spawn_counted, system,
};
use crate::{Message, actor, handlers};

#[derive(Message, Debug)]
struct Put(u32);

#[actor(Put)]
struct Keeper {
    seen: Arc<Witness>,
}

impl Handler<Put> for Keeper {
    fn handle(&mut self, Put(value): Put, _: &mut Context<Self>) {
        self.seen.add(value);
    }
}

impl Keeper {
    fn new() -> (Self, Arc<Witness>) {
        let seen = Arc::new(Witness::new());
        (Keeper { seen: Arc::clone(&seen) }, seen)
    }
}

/// Sends one message, and runs the actor if told to. `Err` is `Closed`.
fn put_and_run(to: &ActorRef<Keeper>, local: &Local, value: u32) -> Result<(), ()> {
    match to.0.push(local, Kind::Tell, 0, Put(value)) {
        Ok(accepted) => {
            run(local, accepted.0);
            Ok(())
        }
        Err(SendError::Full(_)) => panic!("there is room"),
        Err(_) => {
            let drains = to.0.state().orders() & order::DRAIN != 0;
            assert!(drains || !to.is_alive(), "closed, and alive");
            Err(())
        }
    }
}

/// A keeper that has one message and whose task is the caller's.
fn busy_keeper(core: &Arc<Core>) -> (ActorRef<Keeper>, Option<Task>, Arc<Witness>) {
    let (keeper, seen) = Keeper::new();
    let to = spawn(core, keeper).unwrap();
    let task = Local::with(core, |local| to.0.push(local, Kind::Tell, 0, Put(0)).unwrap().0);
    assert!(task.is_some());
    (to, task, seen)
}

/// Two senders to an idle actor: whoever finds it idle runs it, nobody else does.
#[test]
fn tell_against_tell_runs_an_actor_once_at_a_time() {
    loom::model(|| {
        let core = system();
        let (keeper, seen) = Keeper::new();
        let to = spawn(&core, keeper).unwrap();
        let sender = on_a_thread(&core, {
            let to = to.clone();
            move |_, local| put_and_run(&to, local, 1)
        });
        Local::with(&core, |local| assert!(put_and_run(&to, local, 2).is_ok()));
        assert!(sender.join().is_ok());
        assert!(to.0.is_idle() && to.0.queued() == 0);
        let mut all = seen.all();
        all.sort_unstable();
        assert_eq!(all, [1, 2]);
        drop(to);
        assert_eq!(finish(core).handled, 2);
    });
}

/// `orders` meet an owner that goes idle: it ends, by the owner's second look or by whoever gave them.
#[track_caller]
fn order_meets_an_owner_that_goes_idle(orders: u64) {
    model_within(4, move || {
        let core = system();
        let (to, task, _) = busy_keeper(&core);
        let other = on_a_thread(&core, {
            let to = to.clone();
            move |_, local| order_and_run(to.0.cell(), local, orders)
        });
        Local::with(&core, |local| run(local, task));
        other.join();
        assert!(to.0.state().is_ended());
        drop(to);
        let sums = finish(core);
        assert!(orders != order::DRAIN || sums.handled == 1);
    });
}

#[test]
fn stop_against_mark_idle_is_not_lost() {
    order_meets_an_owner_that_goes_idle(order::STOP);
}

#[test]
fn drain_against_mark_idle_is_not_lost() {
    order_meets_an_owner_that_goes_idle(order::DRAIN);
}

/// `orders` and a message meet at an idle actor: it ends, and the message was handled, is a dead letter, or came back
/// from an actor that no longer lives.
#[track_caller]
fn order_meets_a_message(orders: u64) {
    model_within(4, move || {
        let core = system();
        let (keeper, seen) = Keeper::new();
        let to = spawn(&core, keeper).unwrap();
        let other = on_a_thread(&core, {
            let to = to.clone();
            move |_, local| order_and_run(to.0.cell(), local, orders)
        });
        let sent = Local::with(&core, |local| put_and_run(&to, local, 1));
        other.join();
        assert!(to.0.state().is_ended());
        drop(to);
        let sums = finish(core);
        assert_eq!(sums.accepted, u64::from(sent.is_ok()));
        assert_eq!(sums.rejected, u64::from(sent.is_err()));
        assert_eq!(sums.handled as usize, seen.all().len());
        assert!(orders != order::DRAIN || sums.dead_lettered == 0);
    });
}

#[test]
fn stop_against_tell_handles_buries_or_refuses() {
    order_meets_a_message(order::STOP);
}

#[test]
fn drain_against_tell_handles_or_refuses() {
    order_meets_a_message(order::DRAIN);
}

#[derive(Message, Debug)]
struct Fall;

/// An actor that fails, and notes its hooks.
#[actor(Put, Fall, lifecycle)]
struct Faller {
    hooks: Arc<Witness>,
}

impl Handler<Put> for Faller {
    fn handle(&mut self, _: Put, _: &mut Context<Self>) {}
}

impl Handler<Fall> for Faller {
    fn handle(&mut self, _: Fall, ctx: &mut Context<Self>) {
        ctx.fail(std::fmt::Error);
    }
}

impl Lifecycle for Faller {
    fn post_stop(&mut self, _: &mut Context<Self>) {
        self.hooks.add(1);
    }
}

/// A failure and a message: as for an order.
#[test]
fn failure_against_tell_buries_or_refuses() {
    model_within(4, || {
        let core = system();
        let hooks = Arc::new(Witness::new());
        let to = spawn(&core, Faller { hooks: Arc::clone(&hooks) }).unwrap();
        let task = Local::with(&core, |local| to.0.push(local, Kind::Tell, 0, Fall).unwrap().0);
        let sender = on_a_thread(&core, {
            let to = to.clone();
            move |_, local| match to.0.push(local, Kind::Tell, 0, Put(1)) {
                Ok(accepted) => assert!(accepted.0.is_none()),
                Err(_) => assert!(!to.is_alive()),
            }
        });
        Local::with(&core, |local| run(local, task));
        sender.join();
        assert!(to.0.state().is_ended());
        assert_eq!(hooks.all(), [1]);
        drop(to);
        assert_eq!(finish_after(core, 1).handled, 0);
    });
}

/// A stop, and a kill that overtakes it or comes too late: one end.
#[test]
fn kill_against_stop_ends_once() {
    loom::model(|| {
        let core = system();
        let hooks = Arc::new(Witness::new());
        let to = spawn(&core, Faller { hooks: Arc::clone(&hooks) }).unwrap();
        let killer = on_a_thread(&core, {
            let to = to.clone();
            move |_, local| order_and_run(to.0.cell(), local, order::KILL)
        });
        Local::with(&core, |local| order_and_run(to.0.cell(), local, order::STOP));
        killer.join();
        assert!(to.0.state().is_ended());
        let stopped = to.0.state().end_kind() == EndKind::Stopped;
        assert_eq!(hooks.all().len(), usize::from(stopped));
        drop(to);
        assert_eq!(finish(core).stopped, 1);
    });
}

/// Two who refer to an actor and say a last word: it ends once both have let go, and has heard both.
#[test]
fn drop_against_drop_ends_an_actor_that_has_heard_both() {
    model_within(2, || {
        let core = system();
        let (keeper, seen) = Keeper::new();
        let to = spawn_counted(&core, keeper).unwrap();
        let other = on_a_thread(&core, {
            let to = to.clone();
            move |_, local| assert!(put_and_run(&to, local, 1).is_ok())
        });
        Local::with(&core, |local| assert!(put_and_run(&to, local, 2).is_ok()));
        drop(to);
        other.join();
        Local::with(&core, |local| run_all(&core, local));
        core.ids.for_each(|cell| panic!("{} has not ended", cell.id));
        let mut all = seen.all();
        all.sort_unstable();
        assert_eq!(all, [1, 2]);
        assert_eq!(finish(core).handled, 2);
    });
}

/// Wakes a model's thread.
struct Unpark(Parker);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Whoever waits for the end is told of it, and sees all of it.
#[test]
fn end_against_a_joiner_tells_him() {
    model_within(3, || {
        let core = system();
        let hooks = Arc::new(Witness::new());
        let to = spawn(&core, Faller { hooks: Arc::clone(&hooks) }).unwrap();
        let other = on_a_thread(&core, {
            let to = to.clone();
            move |_, local| order_and_run(to.0.cell(), local, order::STOP)
        });
        let unpark = Arc::new(Unpark(Parker::new()));
        let waker = Waker::from(Arc::clone(&unpark));
        let mut end = Box::pin(to.ended());
        while end.as_mut().poll(&mut TaskContext::from_waker(&waker)).is_pending() {
            unpark.0.park();
        }
        assert_eq!(hooks.all(), [1]);
        other.join();
        drop((to, end));
        finish(core);
    });
}

/// A parent with one child, whose reference it lets out.
#[actor(lifecycle)]
struct Parent {
    hooks: Arc<Witness>,
    child: Arc<std::sync::Mutex<Option<ActorRef<Faller>>>>,
}

#[handlers]
impl Parent {}

impl Lifecycle for Parent {
    fn pre_start(&mut self, ctx: &mut Context<Self>) -> Result<(), Failure> {
        let child = ctx.spawn(Faller { hooks: Arc::clone(&self.hooks) }).unwrap();
        *self.child.lock().unwrap() = Some(child);
        Ok(())
    }

    fn post_stop(&mut self, _: &mut Context<Self>) {
        self.hooks.add(2);
    }
}

fn parent_and_child(core: &Arc<Core>) -> (ActorRef<Parent>, ActorRef<Faller>, Arc<Witness>) {
    let hooks = Arc::new(Witness::new());
    let child = Arc::default();
    let parent = Parent { hooks: Arc::clone(&hooks), child: Arc::clone(&child) };
    let parent = spawn(core, parent).unwrap();
    let child = child.lock().unwrap().take().unwrap();
    (parent, child, hooks)
}

/// A parent that waits for its child goes on when that has ended, whoever ended it, and after it.
#[test]
fn end_of_a_child_against_a_parent_that_waits_lets_it_go_on() {
    model_within(4, || {
        let core = system();
        let (parent, child, hooks) = parent_and_child(&core);
        let other = on_a_thread(&core, move |core, local| {
            order_and_run(child.0.cell(), local, order::STOP);
            run_all(core, local);
        });
        Local::with(&core, |local| {
            order_and_run(parent.0.cell(), local, order::STOP);
            run_all(&core, local);
        });
        other.join();
        assert!(parent.0.state().is_ended());
        assert_eq!(hooks.all(), [1, 2]);
        drop(parent);
        finish(core);
    });
}

/// A kill overtakes a stop that waits for a child: both end, each once.
#[test]
fn kill_against_a_parent_that_waits_reaches_its_child() {
    model_within(3, || {
        let core = system();
        let (parent, child, hooks) = parent_and_child(&core);
        let other = on_a_thread(&core, {
            let parent = parent.clone();
            move |core, local| {
                order_and_run(parent.0.cell(), local, order::KILL);
                run_all(core, local);
            }
        });
        Local::with(&core, |local| {
            order_and_run(parent.0.cell(), local, order::STOP);
            run_all(&core, local);
        });
        other.join();
        assert!(parent.0.state().is_ended() && child.0.state().is_ended());
        assert!([&[][..], &[1], &[1, 2]].contains(&&hooks.all()[..]), "{:?}", hooks.all());
        drop((parent, child));
        finish(core);
    });
}

/// A message that waits in the mailbox of an actor that is killed: its ask ends, once, whoever comes first.
#[test]
fn kill_against_ask_ends_the_ask() {
    model_within(3, || {
        let core = system();
        let to = spawn(&core, Teller).unwrap();
        let killer = on_a_thread(&core, {
            let to = to.clone();
            move |core, local| {
                order_and_run(to.0.cell(), local, order::KILL);
                run_all(core, local);
            }
        });
        let unpark = Arc::new(Unpark(Parker::new()));
        let waker = Waker::from(Arc::clone(&unpark));
        let mut reply = Box::pin(to.ask(Get));
        let answer = loop {
            Local::with(&core, |local| run_all(&core, local));
            match reply.as_mut().poll(&mut TaskContext::from_waker(&waker)) {
                Poll::Ready(answer) => break answer,
                Poll::Pending => unpark.0.park(),
            }
        };
        assert!(matches!(answer, Ok(7) | Err(AskError::Closed)), "{answer:?}");
        killer.join();
        drop((to, reply));
        finish(core);
    });
}

#[derive(Message, Debug)]
#[message(reply = u32)]
struct Get;

#[actor(Get)]
struct Teller;

impl Handler<Get> for Teller {
    fn handle(&mut self, _: Get, _: &mut Context<Self>) -> u32 {
        7
    }
}

/// What parks in the models: it looks whenever it is let on, and ends by a kill.
struct Waits {
    looks: Arc<Witness>,
    given: Arc<AtomicU32>,
}

impl Resident for Waits {
    type Value = Keeper;
    type Context = ();

    fn resume(held: crate::cell::Held<'_, Self>) -> Option<Task> {
        let (turn, ()) = held.cancel();
        Self::run(turn)
    }

    const META: &'static Meta = &Meta {
        errand: false,
        type_name: || "Waits",
        type_id: std::any::TypeId::of::<Keeper>,
        messages: &["Put"],
        layout: Cell::<Self>::LAYOUT,
        discard: |delivery| drop(delivery.take::<Keeper, Put>()),
        decides: false,
        ends_unreferenced: false,
    };

    fn run(mut turn: Turn<'_, Self>) -> Option<Task> {
        loop {
            let orders = turn.header().state().orders();
            let (waits, intake) = turn.split();
            waits.looks.add(waits.given.load(Relaxed));
            while let Next::Message(delivery) = Turn::<Self>::next(intake) {
                waits.looks.add(delivery.take::<Keeper, Put>().0);
            }
            if orders & order::KILL != 0 {
                turn.header().state().claim_terminal(EndKind::Killed);
                turn.header().close();
                assert!(turn.mark_ended());
                turn.header().state().end();
                turn.release();
                return None;
            }
            turn = turn.park(parked::CHILDREN, orders)?;
        }
    }
}

fn waits(core: &Arc<Core>, local: &Local) -> (Ref<Keeper>, Task, Arc<Witness>, Arc<AtomicU32>) {
    let (looks, given) = (Arc::new(Witness::new()), Arc::new(AtomicU32::new(0)));
    let slot = local.slot(core).unwrap();
    let birth = |counted| Birth {
        core: counted,
        id: core.ids.id_of(slot),
        limit: 4,
        batch: 4,
        sequence: 0,
        parent: ActorId::NONE,
        route: 0,
        ends_unreferenced: false,
    };
    let resident = Waits { looks: Arc::clone(&looks), given: Arc::clone(&given) };
    let (reference, task) = Cell::create(core, local, birth, resident);
    (reference, task, looks, given)
}

/// An actor that parks, and two who let it go on: it runs once at a time, and looks once more after each of them. A
/// message to it schedules nobody, and is there when it looks.
#[test]
fn token_and_tell_against_park_loses_no_look() {
    model_within(3, || {
        let core = system();
        let (cell, task, looks, given) = Local::with(&core, |local| waits(&core, local));
        let waker = on_a_thread(&core, {
            let (cell, given) = (cell.clone(), Arc::clone(&given));
            move |_, local| {
                given.fetch_add(1, Relaxed);
                run(local, cell.cell().wake(token::CHILDREN));
            }
        });
        let sender = on_a_thread(&core, {
            let (cell, given) = (cell.clone(), Arc::clone(&given));
            move |_, local| {
                assert!(cell.push(local, Kind::Tell, 0, Put(7)).unwrap().0.is_none());
                given.fetch_add(1, Relaxed);
                run(local, cell.cell().wake(token::CHILDREN));
            }
        });
        Local::with(&core, |local| run(local, Some(task)));
        waker.join();
        sender.join();
        assert!(cell.state().is_parked());
        let looks = looks.all();
        assert!(looks.ends_with(&[2]) || looks.ends_with(&[2, 7]), "{looks:?}");
        assert_eq!(looks.iter().filter(|look| **look == 7).count(), 1, "{looks:?}");
        Local::with(&core, |local| run(local, cell.cell().order(order::KILL)));
        assert!(cell.state().is_ended());
        drop(cell);
        assert_eq!(Arc::strong_count(&core), 1);
    });
}

/// As above, with an order.
#[test]
fn token_against_order_against_park_loses_no_order() {
    model_within(3, || {
        let core = system();
        let (cell, task, ..) = Local::with(&core, |local| waits(&core, local));
        let waker = on_a_thread(&core, {
            let cell = cell.clone();
            move |_, local| run(local, cell.cell().wake(token::CHILDREN))
        });
        let owner = on_a_thread(&core, move |_, local| run(local, Some(task)));
        Local::with(&core, |local| run(local, cell.cell().order(order::KILL)));
        waker.join();
        owner.join();
        assert!(cell.state().is_ended());
        drop(cell);
        assert_eq!(Arc::strong_count(&core), 1);
    });
}
