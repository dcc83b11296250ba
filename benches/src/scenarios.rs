//! What `instructions` counts: small programs whose course does not depend on chance, and their budgets.
//!
//! One worker, so that no two threads meet in a loop whose length is up to the machine, and no search before it parks.

use std::sync::mpsc;

use zactor::prelude::*;

use crate::actors::players::{Play, Player};
use crate::actors::service::{AskFor, Asker, Asking, Service};
use crate::actors::stream::{Continue, Expect, Item, Produce, Receiver, Sender};
use crate::measure::Latencies;
use crate::workloads::sum_below;

/// One scenario.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// Its name on the command line.
    pub name: &'static str,
    /// Messages of the shorter of its two runs.
    pub count: u64,
    /// Most instructions that one message may cost, its handling included.
    pub budget: u32,
    /// Does so many.
    pub run: fn(u64) -> Result<(), String>,
}

/// All scenarios.
pub const ALL: &[Scenario] = &[
    Scenario { name: "tell_between_actors", count: 20_000, budget: 205, run: tell_between_actors },
    Scenario { name: "tell_from_outside", count: 20_000, budget: 245, run: tell_from_outside },
    Scenario { name: "hop", count: 20_000, budget: 470, run: hop },
    Scenario { name: "ask", count: 10_000, budget: 1_700, run: ask },
    Scenario { name: "spawn_and_stop", count: 2_000, budget: 2_400, run: spawn_and_stop },
];

/// The scenario of that name.
pub fn find(name: &str) -> Option<&'static Scenario> {
    ALL.iter().find(|scenario| scenario.name == name)
}

fn start() -> Result<ActorSystem, String> {
    let performance =
        PerformanceConfig { max_spin_cycles: 1, message_pool_size: 50_000, ..Default::default() };
    let config = SystemConfig { performance, ..Default::default() };
    ActorSystem::builder("count").workers(1).config(config).start().map_err(text)
}

fn text(error: impl ToString) -> String {
    error.to_string()
}

/// Whether the work came to `expected`.
fn holds(result: u64, expected: u64) -> Result<(), String> {
    if result == expected { Ok(()) } else { Err(format!("{result} instead of {expected}")) }
}

/// One actor tells, another adds up, both on one worker.
fn tell_between_actors(count: u64) -> Result<(), String> {
    let system = start()?;
    let (done, sum) = mpsc::channel();
    let to = system.spawn(Receiver::default()).map_err(text)?;
    to.tell(Expect { count, done }).map_err(text)?;
    let sender = system.spawn(Sender::new(to)).map_err(text)?;
    sender.tell(Produce(count)).map_err(text)?;
    holds(sum.recv().map_err(text)?, sum_below(count))
}

/// Keeps the worker in its handler until the other end of the channel is dropped.
#[derive(Message)]
struct Hold {
    held: mpsc::Sender<()>,
    until_gone: mpsc::Receiver<()>,
}

#[actor(Hold)]
struct Holder;

impl Handler<Hold> for Holder {
    fn handle(&mut self, hold: Hold, _: &mut Context<Self>) {
        let _ = hold.held.send(());
        let _ = hold.until_gone.recv();
    }
}

/// A thread outside tells while the only worker is held; then the worker handles all of it.
fn tell_from_outside(count: u64) -> Result<(), String> {
    let system = start()?;
    let (done, sum) = mpsc::channel();
    let to = system.spawn(Receiver::default()).map_err(text)?;
    to.tell(Expect { count, done }).map_err(text)?;
    let (release, until_gone) = mpsc::channel();
    let (held, holds_now) = mpsc::channel();
    system.spawn(Holder).map_err(text)?.tell(Hold { held, until_gone }).map_err(text)?;
    holds_now.recv().map_err(text)?;
    for value in 0..count {
        to.tell(Item::new(value)).map_err(text)?;
    }
    drop(release);
    holds(sum.recv().map_err(text)?, sum_below(count))
}

/// Two actors send one message back and forth.
fn hop(count: u64) -> Result<(), String> {
    let system = start()?;
    let (done, hits) = mpsc::channel();
    let players = [(); 2].map(|()| system.spawn(Player::default()));
    let [one, other] = players;
    let (one, other) = (one.map_err(text)?, other.map_err(text)?);
    one.tell(Play { to: other.clone(), done: done.clone() }).map_err(text)?;
    other.tell(Play { to: one.clone(), done }).map_err(text)?;
    one.tell(Item::new(count)).map_err(text)?;
    holds(hits.recv().map_err(text)? + hits.recv().map_err(text)?, count)
}

/// One actor asks another and goes on when the reply has come.
fn ask(count: u64) -> Result<(), String> {
    let system = start()?;
    let (done, sum) = mpsc::channel();
    let to = system.spawn(Service).map_err(text)?;
    let asker = system.spawn(Asker::new(to)).map_err(text)?;
    let round = Asking { count, latencies: Latencies::default(), done };
    asker.tell(AskFor(Box::new(round))).map_err(text)?;
    holds(sum.recv().map_err(text)?.0, sum_below(count) + count)
}

/// Lives to say that it has stopped.
#[actor(Continue, lifecycle)]
struct Child {
    parent: ActorRef<Parent>,
}

impl Lifecycle for Child {
    fn post_stop(&mut self, _: &mut Context<Self>) {
        let _ = self.parent.tell(Stopped);
    }
}

impl Handler<Continue> for Child {
    fn handle(&mut self, _: Continue, _: &mut Context<Self>) {}
}

#[derive(Message)]
struct Stopped;

#[actor(Continue, Stopped)]
struct Parent {
    left: u64,
    stopped: u64,
    done: mpsc::Sender<u64>,
}

impl Handler<Continue> for Parent {
    fn handle(&mut self, _: Continue, ctx: &mut Context<Self>) {
        let parent = ctx.me();
        if let Ok(child) = ctx.spawn(Child { parent }) {
            drop(child.stop());
        }
    }
}

impl Handler<Stopped> for Parent {
    fn handle(&mut self, _: Stopped, ctx: &mut Context<Self>) {
        self.stopped += 1;
        self.left -= 1;
        if self.left > 0 {
            let _ = ctx.tell_self(Continue);
        } else {
            let _ = self.done.send(self.stopped);
        }
    }
}

/// One actor spawns a child, stops it, and spawns the next when it has heard from `post_stop`.
fn spawn_and_stop(count: u64) -> Result<(), String> {
    let system = start()?;
    let (done, stopped) = mpsc::channel();
    let parent = system.spawn(Parent { left: count, stopped: 0, done }).map_err(text)?;
    parent.tell(Continue).map_err(text)?;
    holds(stopped.recv().map_err(text)?, count)
}
