//! Supervisors and their children: whom a failure concerns, how often, how soon, and who decides: S31 to S37.

mod backoff;
mod deadlines;
mod directives;
mod groups;
mod limits;
mod log;
mod root;

use std::sync::mpsc;

use crate::support::*;
use zactor::prelude::*;

type Decide = Box<dyn FnMut(&ChildRef, &Failure) -> Directive + Send>;
type Work = Box<dyn FnOnce(&mut Context<Boss>) + Send>;

/// Runs in the handler.
#[derive(Message)]
struct Order(Work);

/// Decides as it is told; notes its own life in a journal.
#[actor(Order, lifecycle, supervisor)]
struct Boss {
    journal: Journal,
    decide: Decide,
}

impl Handler<Order> for Boss {
    fn handle(&mut self, Order(work): Order, ctx: &mut Context<Self>) {
        work(ctx);
    }
}

impl Lifecycle for Boss {
    fn pre_start(&mut self, _: &mut Context<Self>) -> Result<(), Failure> {
        self.journal.note("start boss");
        Ok(())
    }

    fn pre_restart(&mut self, _: &mut Context<Self>, _: &Failure) {
        self.journal.note("before restart boss");
    }

    fn post_restart(&mut self, _: &mut Context<Self>, cause: &Failure) -> Result<(), Failure> {
        self.journal.note(format_args!("restart boss: {cause}"));
        Ok(())
    }

    fn post_stop(&mut self, _: &mut Context<Self>) {
        self.journal.note("stop boss");
    }
}

impl Supervisor for Boss {
    fn on_failure(&mut self, child: &ChildRef, failure: &Failure) -> Directive {
        (self.decide)(child, failure)
    }
}

impl Boss {
    fn new(
        journal: &Journal,
        decide: impl FnMut(&ChildRef, &Failure) -> Directive + Send + 'static,
    ) -> Self {
        Boss { journal: journal.clone(), decide: Box::new(decide) }
    }
}

/// Five places in the start order.
const NAMES: [&str; 5] = ["a", "b", "c", "d", "e"];

/// A child of `boss` from a factory.
fn hire(
    boss: &ActorRef<Boss>,
    restart: Restart,
    make: impl FnMut() -> Lab + Send + 'static,
) -> ActorRef<Lab> {
    let (give, take) = mpsc::channel();
    let work: Work = Box::new(move |ctx| {
        give.send(ctx.actor(make).restart(restart).spawn().unwrap()).unwrap();
    });
    boss.tell(Order(work)).unwrap();
    take.recv_timeout(PATIENCE).unwrap()
}

/// Five children that restart.
fn hire_five(boss: &ActorRef<Boss>, journal: &Journal) -> [ActorRef<Lab>; 5] {
    NAMES.map(|name| {
        let journal = journal.clone();
        hire(boss, Restart::Transient, move || Lab::named(name, &journal))
    })
}

/// A boss under the root that restarts what fails.
fn boss(system: &ActorSystem, journal: &Journal, supervise: Supervise) -> ActorRef<Boss> {
    let journal = journal.clone();
    system
        .actor(move || Boss::new(&journal, |_, _| Directive::Restart))
        .supervise(supervise)
        .spawn()
        .unwrap()
}

fn fail(lab: &ActorRef<Lab>) {
    lab.tell(job(|_, _| give_up())).unwrap();
}

/// Waits until `journal` has `count` entries that begin with `what`.
#[track_caller]
fn wait_for(journal: &Journal, count: usize, what: &str) {
    eventually(what, || {
        journal.entries().iter().filter(|entry| entry.starts_with(what)).count() >= count
    });
}
