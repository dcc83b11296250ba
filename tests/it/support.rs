//! An actor that does what a test tells it to, and what is needed to look at it.

use std::fmt::Display;
use std::sync::{Arc, Mutex, PoisonError};

use zactor::prelude::*;
use zactor::{ActorState, MessageCounts, SystemStats};

pub(crate) use zactor_tests::ledger::{Item, Ledger, balanced, balanced_at_rest, balanced_but_for};
pub(crate) use zactor_tests::process;
pub(crate) use zactor_tests::rng::Rng;
pub(crate) use zactor_tests::watchdog::{
    Gate, Opens, PATIENCE, block_on, eventually, let_pass, while_moving,
};

/// Fewer rounds in a debug build.
pub(crate) const fn scaled(debug: u32, release: u32) -> u32 {
    if cfg!(debug_assertions) { debug } else { release }
}

/// Something done to an actor.
pub(crate) type Deed = fn(&ActorRef<Lab>);

pub(crate) fn system(workers: u32) -> ActorSystem {
    ActorSystem::builder("test").workers(workers).config(quiet()).start().unwrap()
}

pub(crate) fn system_with(workers: u32, performance: PerformanceConfig) -> ActorSystem {
    let config = SystemConfig { performance, ..quiet() };
    ActorSystem::builder("test").workers(workers).config(config).start().unwrap()
}

/// The default configuration without lines about dead letters.
pub(crate) fn quiet() -> SystemConfig {
    SystemConfig { dead_letter_log: 0, ..Default::default() }
}

/// Shuts down; the final counters balance and nothing is queued.
#[track_caller]
pub(crate) fn finish(system: &ActorSystem) -> SystemStats {
    let report = system.shutdown().unwrap();
    balanced_at_rest(&report.stats.messages);
    assert_eq!(report.stats.actors.live, 0, "{:?}", report.stats.actors);
    report.stats
}

/// An actor's counters, balanced.
#[track_caller]
pub(crate) fn counts<A: Actor>(system: &ActorSystem, of: &ActorRef<A>) -> MessageCounts {
    let info = system.inspect(of.id()).expect("a reference keeps an actor's counters");
    balanced(&info.messages);
    info.messages
}

/// An actor's counters while its handler stands with one message, which counts as accepted alone.
#[track_caller]
pub(crate) fn counts_in_handler<A: Actor>(system: &ActorSystem, of: &ActorRef<A>) -> MessageCounts {
    let info = system.inspect(of.id()).expect("a reference keeps an actor's counters");
    balanced_but_for(&info.messages, 1);
    info.messages
}

/// What happened, in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Journal(Arc<Mutex<Vec<String>>>);

impl Journal {
    pub(crate) fn note(&self, what: impl Display) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(what.to_string());
    }

    pub(crate) fn entries(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn count(&self, what: &str) -> usize {
        self.entries().iter().filter(|entry| *entry == what).count()
    }
}

type Job = Box<dyn FnOnce(&mut Lab, &mut Context<Lab>) + Send>;
type Question = Box<dyn FnOnce(&mut Lab, &mut Context<Lab>) -> u64 + Send>;
type Start = Box<dyn FnOnce(&mut Context<Lab>) -> Result<(), Failure> + Send>;
type Stop = Box<dyn FnOnce(&mut Context<Lab>) + Send>;

/// Runs in the handler.
#[derive(Message)]
pub(crate) struct Do(pub(crate) Job);

/// Runs in the handler and replies.
#[derive(Message)]
#[message(reply = u64)]
pub(crate) struct Call(pub(crate) Question);

/// Notes its own end, and whether it was handled before.
#[derive(Message)]
pub(crate) struct Noted {
    name: &'static str,
    journal: Journal,
    at_drop: Option<Box<dyn FnOnce() + Send>>,
}

impl Noted {
    pub(crate) fn new(name: &'static str, journal: &Journal) -> Self {
        Self { name, journal: journal.clone(), at_drop: None }
    }

    pub(crate) fn at_drop(mut self, job: impl FnOnce() + Send + 'static) -> Self {
        self.at_drop = Some(Box::new(job));
        self
    }
}

impl Drop for Noted {
    fn drop(&mut self) {
        if let Some(job) = self.at_drop.take() {
            job();
        }
        self.journal.note(format_args!("drop {}", self.name));
    }
}

/// Does as it is told; notes its life in a journal.
#[actor(Do, Call, Item, Noted, lifecycle)]
pub(crate) struct Lab {
    name: &'static str,
    journal: Journal,
    start: Option<Start>,
    stop: Option<Stop>,
    pub(crate) at_drop: Option<Box<dyn FnOnce() + Send>>,
    pub(crate) seen: Vec<u32>,
    pub(crate) n: u64,
}

impl Lab {
    pub(crate) fn new() -> Self {
        Self::named("lab", &Journal::default())
    }

    pub(crate) fn named(name: &'static str, journal: &Journal) -> Self {
        Self {
            name,
            journal: journal.clone(),
            start: None,
            stop: None,
            at_drop: None,
            seen: Vec::new(),
            n: 0,
        }
    }

    pub(crate) fn on_start(
        mut self,
        hook: impl FnOnce(&mut Context<Self>) -> Result<(), Failure> + Send + 'static,
    ) -> Self {
        self.start = Some(Box::new(hook));
        self
    }

    pub(crate) fn on_stop(
        mut self,
        hook: impl FnOnce(&mut Context<Self>) + Send + 'static,
    ) -> Self {
        self.stop = Some(Box::new(hook));
        self
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        if let Some(job) = self.at_drop.take() {
            job();
        }
        self.journal.note(format_args!("drop {}", self.name));
    }
}

impl Lifecycle for Lab {
    fn pre_start(&mut self, ctx: &mut Context<Self>) -> Result<(), Failure> {
        self.journal.note(format_args!("start {}", self.name));
        self.start.take().map_or(Ok(()), |hook| hook(ctx))
    }

    fn on_terminated(&mut self, _: &mut Context<Self>, who: Terminated) {
        self.journal.note(format_args!("{} hears of {}: {}", self.name, who.id, who.reason));
    }

    fn pre_restart(&mut self, _: &mut Context<Self>, _: &Failure) {
        self.journal.note(format_args!("before restart {}", self.name));
    }

    fn post_restart(&mut self, ctx: &mut Context<Self>, cause: &Failure) -> Result<(), Failure> {
        self.journal.note(format_args!("restart {}: {cause}", self.name));
        self.start.take().map_or(Ok(()), |hook| hook(ctx))
    }

    fn post_stop(&mut self, ctx: &mut Context<Self>) {
        self.journal.note(format_args!("stop {}", self.name));
        if let Some(hook) = self.stop.take() {
            hook(ctx);
        }
    }
}

impl Handler<Do> for Lab {
    fn handle(&mut self, Do(job): Do, ctx: &mut Context<Self>) {
        job(self, ctx);
    }
}

impl Handler<Call> for Lab {
    fn handle(&mut self, Call(question): Call, ctx: &mut Context<Self>) -> u64 {
        question(self, ctx)
    }
}

impl Handler<Item> for Lab {
    fn handle(&mut self, item: Item, _: &mut Context<Self>) {
        item.handle();
        self.seen.push(item.id);
    }
}

impl Handler<Noted> for Lab {
    fn handle(&mut self, noted: Noted, _: &mut Context<Self>) {
        self.journal.note(format_args!("handle {}", noted.name));
    }
}

pub(crate) fn job(job: impl FnOnce(&mut Lab, &mut Context<Lab>) + Send + 'static) -> Do {
    Do(Box::new(job))
}

pub(crate) fn call(job: impl FnOnce(&mut Lab, &mut Context<Lab>) -> u64 + Send + 'static) -> Call {
    Call(Box::new(job))
}

/// Keeps `lab` in a handler until the result is dropped or opened; returns once it stands there.
pub(crate) fn hold(lab: &ActorRef<Lab>) -> Opens {
    let gate = Gate::new();
    let door = gate.clone();
    lab.tell(job(move |_, _| door.pass())).unwrap();
    gate.wait_for(1);
    Opens(gate)
}

/// Returns when everything sent to `lab` before, from this thread, has been handled.
#[track_caller]
pub(crate) fn settle(lab: &ActorRef<Lab>) {
    lab.ask(call(|_, _| 0)).timeout(PATIENCE).wait().unwrap();
}

/// Returns once the order to stop has reached `lab`: by its parent's end, or the system's.
#[track_caller]
pub(crate) fn told_to_stop(system: &ActorSystem, lab: &ActorRef<Lab>) {
    let state = || system.inspect(lab.id()).map(|info| info.state);
    eventually("it was told to stop", || state() == Some(ActorState::Stopping));
}

/// What `lab` has seen so far.
pub(crate) fn seen(lab: &ActorRef<Lab>) -> Vec<u32> {
    let out = Arc::new(Mutex::new(Vec::new()));
    let copy = Arc::clone(&out);
    let asked = lab.ask(call(move |lab, _| {
        copy.lock().unwrap().clone_from(&lab.seen);
        0
    }));
    asked.timeout(PATIENCE).wait().unwrap();
    Arc::into_inner(out).unwrap().into_inner().unwrap()
}

/// Subscribes to the dead letters and keeps them.
#[actor(DeadLetter)]
pub(crate) struct Collector(Arc<Mutex<Vec<DeadLetter>>>);

impl Handler<DeadLetter> for Collector {
    fn handle(&mut self, letter: DeadLetter, _: &mut Context<Self>) {
        self.0.lock().unwrap().push(letter);
    }
}

impl Collector {
    pub(crate) fn new(kept: &Arc<Mutex<Vec<DeadLetter>>>) -> Self {
        Self(Arc::clone(kept))
    }
}

pub(crate) struct Letters(Arc<Mutex<Vec<DeadLetter>>>);

impl Letters {
    pub(crate) fn of(system: &ActorSystem) -> Self {
        let kept = Arc::default();
        let collector = system.actor_of(Collector::new(&kept)).unbounded().spawn().unwrap();
        system.dead_letters().subscribe(collector.recipient());
        Self(kept)
    }

    /// The letters, once there are `count`.
    #[track_caller]
    pub(crate) fn wait_for(&self, count: usize) -> Vec<DeadLetter> {
        eventually("dead letters", || self.0.lock().unwrap().len() >= count);
        self.0.lock().unwrap().clone()
    }
}

/// Panics, but without a line in the output: the hook is not called.
pub(crate) fn give_up() -> ! {
    std::panic::resume_unwind(Box::new("on purpose"))
}
