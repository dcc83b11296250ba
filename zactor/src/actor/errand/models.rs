//! Work beside the mailbox, and those who meet there: its waker, and the end of its actor.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};

use crate::actor::suspended::models::{Event, giver};
use crate::actor::{ActorRef, Context, Handler};
use crate::cell::Local;
use crate::cell::state::order;
use crate::message::Kind;
use crate::sync::atomic::{AtomicU32, Ordering::Relaxed};
use crate::sync::lock;
use crate::system::Core;
use crate::system::models::{
    finish_failing, model_within, order_and_run, run, run_all, spawn, system,
};
use crate::{Message, actor};

struct Given(Arc<Event>);

impl Future for Given {
    type Output = ();
    fn poll(self: Pin<&mut Self>, task: &mut TaskContext<'_>) -> Poll<()> {
        *lock(&self.0.waker) = Some(task.waker().clone());
        if self.0.given.load(Relaxed) == 1 { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl Drop for Given {
    fn drop(&mut self) {
        self.0.dropped.fetch_add(1, Relaxed);
    }
}

#[derive(Message)]
struct Begin(Arc<Event>);

#[actor(Begin)]
struct Owner {
    told: Arc<AtomicU32>,
}

impl Handler<Begin> for Owner {
    fn handle(&mut self, Begin(event): Begin, ctx: &mut Context<Self>) {
        ctx.spawn_future(Given(event)).then(|this, out, _| {
            assert!(out.is_ok());
            this.told.fetch_add(1, Relaxed);
        });
    }
}

/// An actor whose work waits, what it waits for, and how often the actor was told.
fn owner(core: &Arc<Core>) -> (ActorRef<Owner>, Arc<Event>, Arc<AtomicU32>) {
    let (event, told) = (Arc::new(Event::default()), Arc::new(AtomicU32::new(0)));
    let to = spawn(core, Owner { told: Arc::clone(&told) }).unwrap();
    let begin = Begin(Arc::clone(&event));
    Local::with(core, |local| {
        run(local, to.0.push(local, Kind::Tell, 0, begin).ok().unwrap().0);
    });
    (to, event, told)
}

/// The waker is called while the first poll returns and the work parks: it is polled again, and its actor told.
#[test]
fn wake_against_park_loses_no_wake() {
    model_within(3, || {
        let core = system();
        let (to, event, told) = owner(&core);
        let giver = giver(&core, &event);
        Local::with(&core, |local| run_all(&core, local));
        giver.join();
        Local::with(&core, |local| run_all(&core, local));
        assert_eq!((told.load(Relaxed), event.dropped.load(Relaxed)), (1, 1));
        lock(&event.waker).take();
        drop(to);
        assert_eq!(finish_failing(core).handled, 1);
    });
}

/// It is called while the actor ends: the work is dropped once, before the actor has ended.
#[test]
fn wake_against_stop_of_the_actor_drops_the_work_once() {
    model_within(2, || {
        let core = system();
        let (to, event, told) = owner(&core);
        Local::with(&core, |local| run_all(&core, local));
        let giver = giver(&core, &event);
        Local::with(&core, |local| order_and_run(to.0.cell(), local, order::STOP));
        if to.0.state().is_ended() {
            assert_eq!(event.dropped.load(Relaxed), 1, "before its actor");
        }
        giver.join();
        Local::with(&core, |local| run_all(&core, local));
        assert!(to.0.state().is_ended());
        assert_eq!(event.dropped.load(Relaxed), 1);
        assert!(told.load(Relaxed) <= 1);
        lock(&event.waker).take();
        drop(to);
        finish_failing(core);
    });
}
