//! Restarts and watches, as far as two threads meet in them: models on whole cells.

use std::sync::Arc;

use super::{EndReason, Failure, Terminated};
use crate::actor::{ActorRef, Context, Handler, Lifecycle};
use crate::cell::Local;
use crate::cell::models::Witness;
use crate::cell::state::order;
use crate::message::Kind;
use crate::system::Core;
use crate::system::models::{
    finish, finish_failing, model_within, on_a_thread, order_and_run, run, run_all, spawn, system,
};
use crate::{Message, actor, handlers};

#[derive(Message, Debug)]
struct Put(u32);

/// Fails at `0`, notes what else it gets, and 100 for each restart.
#[actor(Put, lifecycle)]
struct Child {
    seen: Arc<Witness>,
}

impl Handler<Put> for Child {
    fn handle(&mut self, Put(value): Put, ctx: &mut Context<Self>) {
        if value == 0 {
            ctx.fail(Failure::NormalEnd);
        } else {
            self.seen.add(value);
        }
    }
}

impl Lifecycle for Child {
    fn post_restart(&mut self, _: &mut Context<Self>, _: &Failure) -> Result<(), Failure> {
        self.seen.add(100);
        Ok(())
    }
}

/// A parent with one child from a factory, whose reference it lets out.
#[actor(lifecycle)]
struct Parent {
    seen: Arc<Witness>,
    child: Arc<std::sync::Mutex<Option<ActorRef<Child>>>>,
}

#[handlers]
impl Parent {}

impl Lifecycle for Parent {
    fn pre_start(&mut self, ctx: &mut Context<Self>) -> Result<(), Failure> {
        let seen = Arc::clone(&self.seen);
        let child = ctx.spawn_with(move || Child { seen: Arc::clone(&seen) }).unwrap();
        *self.child.lock().unwrap() = Some(child);
        Ok(())
    }
}

fn family(core: &Arc<Core>) -> (ActorRef<Parent>, ActorRef<Child>, Arc<Witness>) {
    let (seen, child) = (Arc::new(Witness::new()), Arc::default());
    let parent = Parent { seen: Arc::clone(&seen), child: Arc::clone(&child) };
    let parent = spawn(core, parent).unwrap();
    let child = child.lock().unwrap().take().unwrap();
    (parent, child, seen)
}

/// A child that fails hands itself over to its supervisor and back, while somebody sends to it: it is restarted once, and
/// the message meets the one or the other incarnation, once.
#[test]
fn tell_against_restart_is_handled_once() {
    model_within(2, || {
        let core = system();
        let (parent, child, seen) = family(&core);
        let sender = on_a_thread(&core, {
            let child = child.clone();
            move |core, local| {
                run(local, child.0.push(local, Kind::Tell, 0, Put(1)).unwrap().0);
                run_all(core, local);
            }
        });
        Local::with(&core, |local| {
            run(local, child.0.push(local, Kind::Tell, 0, Put(0)).unwrap().0);
            run_all(&core, local);
        });
        sender.join();
        Local::with(&core, |local| run_all(&core, local));
        let mut all = seen.all();
        all.sort_unstable();
        assert_eq!(all, [1, 100]);
        assert_eq!(child.0.incarnation(), 1);
        drop((parent, child));
        let sums = finish_failing(core);
        assert_eq!((sums.failed, sums.restarted, sums.handled), (1, 1, 1));
    });
}

/// A child fails while its supervisor is stopped: both end, and nobody waits for a decision that does not come.
#[test]
fn stop_against_a_report_ends_both() {
    model_within(2, || {
        let core = system();
        let (parent, child, _) = family(&core);
        let stopper = on_a_thread(&core, {
            let parent = parent.clone();
            move |core, local| {
                order_and_run(parent.0.cell(), local, order::STOP);
                run_all(core, local);
            }
        });
        Local::with(&core, |local| {
            if let Ok(accepted) = child.0.push(local, Kind::Tell, 0, Put(0)) {
                run(local, accepted.0);
            }
            run_all(&core, local);
        });
        stopper.join();
        Local::with(&core, |local| run_all(&core, local));
        assert!(parent.0.state().is_ended() && child.0.state().is_ended());
        drop((parent, child));
        finish_failing(core);
    });
}

/// Notes each end that it hears of: 1 for one that it had time to watch, 2 for one that was over.
#[actor(lifecycle)]
struct Watcher {
    target: ActorRef<Silent>,
    heard: Arc<Witness>,
}

#[handlers]
impl Watcher {
    fn begin(&mut self, ctx: &mut Context<Self>) {
        let target = self.target.clone();
        ctx.watch(&target);
    }
}

impl Lifecycle for Watcher {
    fn on_terminated(&mut self, _: &mut Context<Self>, who: Terminated) {
        let over = matches!(who.reason, EndReason::NoSuchActor);
        self.heard.add(1 + u32::from(over));
    }
}

#[actor]
struct Silent;

#[handlers]
impl Silent {}

/// A watch and the end of whom it watches: the watcher hears of it once, whoever was first.
#[test]
fn watch_against_death_tells_exactly_once() {
    model_within(2, || {
        let core = system();
        let target = spawn(&core, Silent).unwrap();
        let heard = Arc::new(Witness::new());
        let watcher = Watcher { target: target.clone(), heard: Arc::clone(&heard) };
        let watcher = spawn(&core, watcher).unwrap();
        let stopper = on_a_thread(&core, {
            let target = target.clone();
            move |core, local| {
                order_and_run(target.0.cell(), local, order::STOP);
                run_all(core, local);
            }
        });
        Local::with(&core, |local| {
            run(local, watcher.0.push(local, Kind::Tell, 0, WatcherBegin {}).unwrap().0);
            run_all(&core, local);
        });
        stopper.join();
        Local::with(&core, |local| run_all(&core, local));
        let heard = heard.all();
        assert!(heard == [1] || heard == [2], "{heard:?}");
        Local::with(&core, |local| {
            order_and_run(watcher.0.cell(), local, order::STOP);
            run_all(&core, local);
        });
        drop((target, watcher));
        finish(core);
    });
}
