//! A random hierarchy under random faults: in factories, hooks, handlers, decisions and destructors, with random stops,
//! kills and escalations. Each actor keeps a record of its life; what may never happen panics in the end:
//! two incarnations at once, a handler beside a hook, a hook too many, an ask without an end, a message not accounted for.
//!
//! The plan comes from the seed: which hierarchy, who is sent what, and what each incarnation does with it. The
//! interleaving of threads does not.

use std::panic::resume_unwind;
use std::sync::atomic::{
    AtomicI64, AtomicU32, AtomicU64,
    Ordering::{Relaxed, SeqCst},
};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use zactor::prelude::*;

use crate::ledger::balanced_at_rest;
use crate::rng::Rng;
use crate::watchdog::PATIENCE;

/// What is run.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// What everything follows from, but for the interleaving of threads.
    pub seed: u64,
    /// Threads.
    pub workers: u32,
    /// Actors that live at the beginning, and are kept alive.
    pub actors: u32,
    /// Messages, about half of which end in a fault.
    pub pokes: u32,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The final counters.
    pub stats: zactor::SystemStats,
    /// Faults that were made, of all kinds.
    pub faults: u64,
    /// Actors that were started in all.
    pub lives: u64,
}

/// Of all actors together.
#[derive(Default)]
struct World {
    seed: u64,
    faults: AtomicU64,
    lives: AtomicU64,
    /// States that exist.
    states: AtomicI64,
    /// What may not happen, and did.
    wrong: Mutex<Vec<String>>,
    nodes: Mutex<Vec<ActorRef<Node>>>,
}

impl World {
    fn wrong(&self, what: String) {
        self.wrong.lock().unwrap_or_else(PoisonError::into_inner).push(what);
    }

    /// True: here a fault is due, once in `in_so_many`.
    fn fault(&self, chance: &mut Rng, in_so_many: u32) -> bool {
        let due = chance.one_in(in_so_many);
        if due {
            self.faults.fetch_add(1, Relaxed);
        }
        due
    }

    fn keep(&self, node: ActorRef<Node>) {
        self.nodes.lock().unwrap_or_else(PoisonError::into_inner).push(node);
    }
}

/// The life of one actor.
struct Life {
    world: Arc<World>,
    number: u64,
    incarnations: AtomicU32,
    states: AtomicU32,
    running: AtomicU32,
    stopped: AtomicU32,
}

impl Life {
    /// Runs a handler or hook: alone.
    fn alone<R>(&self, what: &str, f: impl FnOnce() -> R) -> R {
        struct Leave<'a>(&'a Life);
        impl Drop for Leave<'_> {
            fn drop(&mut self) {
                self.0.running.fetch_sub(1, SeqCst);
            }
        }
        if self.running.fetch_add(1, SeqCst) != 0 {
            self.world.wrong(format!("{what} of {} beside another", self.number));
        }
        if self.stopped.load(SeqCst) > 0 && what != "drop" {
            self.world.wrong(format!("{what} of {} after its post_stop", self.number));
        }
        let _leave = Leave(self);
        f()
    }
}

/// A message whose bits say what the handler does.
#[derive(Message)]
struct Poke(u64);

/// As `Poke`, with a reply.
#[derive(Message)]
#[message(reply = u64)]
struct Ask(u64);

#[actor(Poke, Ask, lifecycle, supervisor)]
struct Node {
    life: Arc<Life>,
    chance: Rng,
    depth: u32,
    restarts_begun: u32,
}

fn give_up() -> ! {
    resume_unwind(Box::new("on purpose"))
}

impl Node {
    /// The next incarnation.
    fn make(life: &Arc<Life>, depth: u32) -> Self {
        let incarnation = life.incarnations.fetch_add(1, SeqCst);
        let seed = life.world.seed ^ (life.number << 20) ^ u64::from(incarnation);
        let mut chance = Rng::new(seed);
        if incarnation > 0 && life.world.fault(&mut chance, 20) {
            give_up();
        }
        if life.states.fetch_add(1, SeqCst) != 0 {
            life.world.wrong(format!("two incarnations of {} at once", life.number));
        }
        life.world.states.fetch_add(1, Relaxed);
        Node { life: Arc::clone(life), chance, depth, restarts_begun: 0 }
    }

    fn builder_options(chance: &mut Rng) -> (Restart, Supervise, bool) {
        let restart = *chance.one_of(&[
            Restart::Permanent,
            Restart::Transient,
            Restart::Transient,
            Restart::Temporary,
        ]);
        let strategies =
            [Supervise::one_for_one(), Supervise::one_for_all(), Supervise::rest_for_one()];
        let strategy = chance.one_of(&strategies).clone();
        let mut supervise = strategy.max_restarts(chance.below(60)).within(Duration::MAX);
        if chance.one_in(4) {
            supervise =
                supervise.backoff(Duration::from_micros(50)..Duration::from_millis(1)).jitter(1.0);
        }
        (restart, supervise, chance.one_in(4))
    }

    fn spawn_child(&mut self, ctx: &mut Context<Self>) {
        let (restart, supervise, keep) = Self::builder_options(&mut self.chance);
        let life = new_life(&self.life.world);
        let depth = self.depth + 1;
        let world = Arc::clone(&self.life.world);
        let child = ctx
            .actor(move || Node::make(&life, depth))
            .restart(restart)
            .supervise(supervise)
            .keep_children(keep)
            .spawn();
        if let Ok(child) = child {
            if self.chance.one_in(2) {
                ctx.watch(&child);
            }
            world.keep(child);
        }
    }

    fn act(&mut self, bits: u64, ctx: &mut Context<Self>) {
        let life = Arc::clone(&self.life);
        life.alone("handler", || match bits % 16 {
            0..=3 => {
                life.world.faults.fetch_add(1, Relaxed);
                give_up();
            }
            4..=6 => {
                life.world.faults.fetch_add(1, Relaxed);
                ctx.fail(Failure::new("by fail"));
            }
            7 if bits & 0x300 == 0 => ctx.stop(),
            8..=9 if self.depth < 12 => self.spawn_child(ctx),
            _ => {}
        });
    }
}

fn new_life(world: &Arc<World>) -> Arc<Life> {
    Arc::new(Life {
        world: Arc::clone(world),
        number: world.lives.fetch_add(1, Relaxed) + 1,
        incarnations: AtomicU32::new(0),
        states: AtomicU32::new(0),
        running: AtomicU32::new(0),
        stopped: AtomicU32::new(0),
    })
}

impl Handler<Poke> for Node {
    fn handle(&mut self, Poke(bits): Poke, ctx: &mut Context<Self>) {
        self.act(bits, ctx);
    }
}

impl Handler<Ask> for Node {
    fn handle(&mut self, Ask(bits): Ask, ctx: &mut Context<Self>) -> u64 {
        self.act(bits, ctx);
        ctx.incarnation()
    }
}

impl Lifecycle for Node {
    fn post_restart(&mut self, _: &mut Context<Self>, _: &Failure) -> Result<(), Failure> {
        let life = Arc::clone(&self.life);
        life.alone("post_restart", || {
            if life.world.fault(&mut self.chance, 20) {
                give_up();
            }
            if life.world.fault(&mut self.chance, 20) {
                return Err(Failure::new("post_restart"));
            }
            Ok(())
        })
    }

    fn pre_restart(&mut self, _: &mut Context<Self>, _: &Failure) {
        let life = Arc::clone(&self.life);
        self.restarts_begun += 1;
        if self.restarts_begun > 1 {
            life.world.wrong(format!("pre_restart of {} twice", life.number));
        }
        life.alone("pre_restart", || {
            if life.world.fault(&mut self.chance, 20) {
                give_up();
            }
        });
    }

    fn post_stop(&mut self, _: &mut Context<Self>) {
        let life = Arc::clone(&self.life);
        life.alone("post_stop", || {
            if life.world.fault(&mut self.chance, 20) {
                give_up();
            }
        });
        // Not reached after a fault: then no second one is counted either.
        if life.stopped.fetch_add(1, SeqCst) > 0 {
            life.world.wrong(format!("post_stop of {} twice", life.number));
        }
    }

    fn on_terminated(&mut self, _: &mut Context<Self>, _: Terminated) {
        let life = Arc::clone(&self.life);
        life.alone("on_terminated", || {
            if life.world.fault(&mut self.chance, 50) {
                give_up();
            }
        });
    }
}

impl Supervisor for Node {
    fn on_failure(&mut self, _: &ChildRef, _: &Failure) -> Directive {
        let life = Arc::clone(&self.life);
        life.alone("on_failure", || {
            if life.world.fault(&mut self.chance, 200) {
                give_up();
            }
            match self.chance.below(40) {
                0 => Directive::Stop,
                1 if self.depth > 0 => Directive::Escalate,
                2..=9 => Directive::Resume,
                _ => Directive::Restart,
            }
        })
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let life = Arc::clone(&self.life);
        life.alone("drop", || {
            life.states.fetch_sub(1, SeqCst);
            life.world.states.fetch_sub(1, Relaxed);
            if life.world.fault(&mut self.chance, 20) {
                give_up();
            }
        });
    }
}

/// Starts a top-level node.
fn plant(system: &ActorSystem, world: &Arc<World>, chance: &mut Rng) {
    let (restart, supervise, keep) = Node::builder_options(chance);
    let life = new_life(world);
    let node = system
        .actor(move || Node::make(&life, 0))
        .restart(restart)
        .supervise(supervise)
        .keep_children(keep)
        .spawn();
    if let Ok(node) = node {
        world.keep(node);
    }
}

/// Runs the plan.
///
/// # Panics
/// When something happened that may not.
#[must_use]
pub fn run(plan: &Plan) -> Outcome {
    let config = SystemConfig {
        dead_letter_log: 0,
        ask_timeout: Duration::MAX,
        stop_timeout: PATIENCE,
        ..Default::default()
    };
    let builder = ActorSystem::builder("faults").workers(plan.workers).config(config);
    let system = builder.start().expect("a system");
    let world = Arc::new(World { seed: plan.seed, ..Default::default() });
    let mut chance = Rng::new(plan.seed);
    let mut replies = Vec::new();
    for n in 0..plan.pokes {
        let node = {
            let mut nodes = world.nodes.lock().unwrap_or_else(PoisonError::into_inner);
            if n % 256 == 0 {
                nodes.retain(ActorRef::is_alive);
            }
            if nodes.len() < plan.actors as usize {
                None
            } else {
                Some(chance.one_of(&nodes).clone())
            }
        };
        let Some(node) = node else {
            plant(&system, &world, &mut chance);
            continue;
        };
        let bits = chance.bits();
        match chance.below(100) {
            0 => drop(node.stop()),
            1 => drop(node.kill()),
            2 => drop(node.drain()),
            3..=20 => replies.push(node.ask(Ask(bits))),
            _ => drop(node.tell(Poke(bits))),
        }
        if replies.len() > 1_000 {
            end_all(&mut replies, plan);
        }
    }
    end_all(&mut replies, plan);
    world.nodes.lock().unwrap_or_else(PoisonError::into_inner).clear();
    let report = system.shutdown_within(PATIENCE).unwrap_or_else(|e| panic!("{plan:?}: {e}"));
    balanced_at_rest(&report.stats.messages);
    assert_eq!(report.stats.actors.live, 0, "{plan:?}");
    let wrong = world.wrong.lock().unwrap_or_else(PoisonError::into_inner);
    assert!(wrong.is_empty(), "{plan:?}: {wrong:#?}");
    assert_eq!(world.states.load(Relaxed), 0, "{plan:?}: states are left");
    Outcome {
        stats: report.stats,
        faults: world.faults.load(Relaxed),
        lives: world.lives.load(Relaxed),
    }
}

/// Everything answers, or is gone.
fn end_all(replies: &mut Vec<Reply<u64>>, plan: &Plan) {
    for reply in replies.drain(..) {
        let ended = reply.timeout(PATIENCE).wait();
        assert!(!matches!(ended, Err(AskError::Timeout { .. })), "{plan:?}: {ended:?}");
    }
}
