//! The storm: threads and actors send to a field of actors that are stopped, drained, killed and made to panic meanwhile.
//! Afterwards every message is accounted for, one by one and in the counters of each actor and of the system.

use std::ops::AddAssign;
use std::panic;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, Once, RwLock, TryLockError, TryLockResult};
use std::thread;
use std::time::{Duration, Instant};

use zactor::MessageCounts;
use zactor::prelude::*;

use crate::ledger::{Item, Ledger, balanced_at_rest};
use crate::rng::Rng;
use crate::watchdog::while_moving;

/// What a storm does; the same plan makes the same choices.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Seed of all choices.
    pub seed: u64,
    /// Worker threads of the system.
    pub workers: u32,
    /// Senders that are threads outside.
    pub threads: u32,
    /// Senders that are actors.
    pub senders: u32,
    /// Actors that receive, at any time.
    pub targets: u32,
    /// Messages in all.
    pub sends: u32,
    /// One in so many sends is followed by a stop, drain or kill of its target.
    pub ends: u32,
    /// One in so many messages makes its handler panic; 0: none.
    pub faults: u32,
}

impl Plan {
    /// Eight senders, half of them actors, and 64 targets.
    #[must_use]
    pub fn new(seed: u64, workers: u32, sends: u32) -> Self {
        let ends = (sends / 400).max(50);
        Self { seed, workers, threads: 4, senders: 4, targets: 64, sends, ends, faults: ends }
    }
}

/// What a storm did.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The system's counters at the end.
    pub stats: zactor::SystemStats,
    /// Targets that were made.
    pub targets: usize,
    /// From the first send until the last target had ended.
    pub time: Duration,
}

/// Payload of the panics that a storm throws.
struct Fault;

/// Keeps the panic hook quiet about a storm's own panics.
fn quiet_faults() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !info.payload().is::<Fault>() {
                before(info);
            }
        }));
    });
}

struct Field {
    plan: Plan,
    ledger: Arc<Ledger>,
    slots: Vec<RwLock<ActorRef<Target>>>,
    all: Mutex<Vec<ActorRef<Target>>>,
    disorder: Arc<AtomicU64>,
    unoffered: AtomicU64,
    sent: AtomicU64,
}

#[actor(Item)]
struct Target {
    last: Vec<Option<u32>>,
    disorder: Arc<AtomicU64>,
    faults: u32,
}

impl Target {
    fn new(plan: &Plan, disorder: &Arc<AtomicU64>) -> Self {
        let senders = (plan.threads + plan.senders) as usize;
        Self { last: vec![None; senders], disorder: Arc::clone(disorder), faults: plan.faults }
    }
}

impl Handler<Item> for Target {
    fn handle(&mut self, item: Item, _: &mut Context<Self>) {
        item.handle();
        let last = &mut self.last[item.from as usize];
        if last.is_some_and(|last| last >= item.id) {
            self.disorder.fetch_add(1, Relaxed);
        }
        *last = Some(item.id);
        if self.faults > 0 && Rng::new(u64::from(item.id)).one_in(self.faults) {
            panic::panic_any(Fault);
        }
    }
}

/// One sender's share of the messages, a step at a time.
struct Course {
    field: Arc<Field>,
    from: u32,
    next: u32,
    end: u32,
    rng: Rng,
}

impl Course {
    fn new(field: &Arc<Field>, from: u32) -> Self {
        let plan = &field.plan;
        let share = plan.sends / (plan.threads + plan.senders);
        let rng = Rng::new(plan.seed ^ (u64::from(from) << 32));
        Self { field: Arc::clone(field), from, next: from * share, end: (from + 1) * share, rng }
    }

    /// Sends one message, or a few at once; now and then ends the target. False when the share is sent.
    fn step(&mut self, system: &ActorSystem) -> bool {
        let field = Arc::clone(&self.field);
        let slot = self.rng.one_of(&field.slots);
        let target = free(|| slot.try_read()).clone();
        let before = self.next;
        if self.rng.one_in(16) {
            self.batch(&target);
        } else {
            let item = field.ledger.item(self.next, self.from);
            self.next += 1;
            if let Err(refused) = target.tell(item) {
                refused.into_inner().give_back();
            }
        }
        field.sent.fetch_add(u64::from(self.next - before), Relaxed);
        if self.rng.one_in(field.plan.ends) {
            self.end(&target);
        }
        if !target.is_alive() {
            let mut slot = free(|| slot.try_write());
            if !slot.is_alive() {
                *slot = field.plant(system);
            }
        }
        self.next < self.end
    }

    fn batch(&mut self, target: &ActorRef<Target>) {
        let (ledger, from) = (Arc::clone(&self.field.ledger), self.from);
        let size = (1 + self.rng.below(100)).min(self.end - self.next);
        let mut items = (self.next..self.next + size).map(|id| ledger.item(id, from));
        self.next += size;
        if let Err(refused) = target.tell_batch(items.by_ref()) {
            refused.error.into_inner().give_back();
            let mut unoffered = 0;
            for item in refused.rest.into_iter().chain(items) {
                item.give_back();
                unoffered += 1;
            }
            self.field.unoffered.fetch_add(unoffered, Relaxed);
        }
    }

    fn end(&mut self, target: &ActorRef<Target>) {
        drop(match self.rng.below(3) {
            0 => target.stop(),
            1 => target.drain(),
            _ => target.kill(),
        });
    }
}

impl Field {
    fn plant(&self, system: &ActorSystem) -> ActorRef<Target> {
        let target = Target::new(&self.plan, &self.disorder);
        let target = system.spawn(target).expect("the system runs");
        free(|| self.all.try_lock()).push(target.clone());
        target
    }
}

/// What `try_it` guards, once it is free. ThreadSanitizer sees only what std inlines here: a lock that is free when it is taken.
fn free<G>(try_it: impl Fn() -> TryLockResult<G>) -> G {
    loop {
        match try_it() {
            Ok(guard) => return guard,
            Err(TryLockError::Poisoned(poisoned)) => return poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => thread::yield_now(),
        }
    }
}

#[derive(Message)]
struct Pump;

#[actor(Pump)]
struct Sender(Course);

impl Handler<Pump> for Sender {
    fn handle(&mut self, _: Pump, ctx: &mut Context<Self>) {
        let system = ctx.system().clone();
        for _ in 0..100 {
            if !self.0.step(&system) {
                return ctx.stop();
            }
        }
        ctx.tell_self(Pump).expect("its mailbox has room");
    }
}

/// Runs `plan` and checks all of it.
///
/// # Panics
/// When a message is lost, doubled or out of order, a destructor does not run once, or a counter is off by one.
#[must_use]
pub fn run(plan: &Plan) -> Outcome {
    quiet_faults();
    let (system, field) = lay_out(plan);
    let start = Instant::now();
    let senders: Vec<ActorRef<Sender>> = (plan.threads..plan.threads + plan.senders)
        .map(|from| system.spawn(Sender(Course::new(&field, from))).expect("the system runs"))
        .collect();
    for sender in &senders {
        sender.tell(Pump).expect("an empty mailbox");
    }
    let threads: Vec<_> = (0..plan.threads)
        .map(|from| {
            let (mut course, system) = (Course::new(&field, from), system.clone());
            thread::spawn(move || while course.step(&system) {})
        })
        .collect();
    for thread in threads {
        thread.join().expect("a sender");
    }
    let progress = || field.sent.load(Relaxed) + field.ledger.drops();
    while_moving("senders", progress, || senders.iter().all(|sender| !sender.is_alive()));

    let targets = free(|| field.all.try_lock()).clone();
    for target in &targets {
        drop(target.drain());
    }
    while_moving("targets", progress, || targets.iter().all(|target| !target.is_alive()));
    for ended in targets.iter().map(ActorRef::ended).chain(senders.iter().map(ActorRef::ended)) {
        ended.wait().expect("it has ended");
    }
    let time = start.elapsed();
    check(&system, &field, &targets, &senders);
    let report = system.shutdown().expect("nothing is stuck");
    balanced_at_rest(&report.stats.messages);
    Outcome { stats: report.stats, targets: targets.len(), time }
}

fn lay_out(plan: &Plan) -> (ActorSystem, Arc<Field>) {
    let config = SystemConfig {
        dead_letter_log: 0,
        performance: PerformanceConfig { actor_mailbox_capacity: 4096, ..Default::default() },
        ..Default::default()
    };
    let system = ActorSystem::builder("storm").workers(plan.workers).config(config);
    let system = system.start().expect("the configuration is right");
    let mut field = Field {
        plan: plan.clone(),
        ledger: Ledger::new(plan.sends as usize),
        slots: Vec::new(),
        all: Mutex::default(),
        disorder: Arc::default(),
        unoffered: AtomicU64::new(0),
        sent: AtomicU64::new(0),
    };
    field.slots = (0..plan.targets).map(|_| RwLock::new(field.plant(&system))).collect();
    (system, Arc::new(field))
}

fn check(
    system: &ActorSystem,
    field: &Field,
    targets: &[ActorRef<Target>],
    senders: &[ActorRef<Sender>],
) {
    let (ledger, plan) = (&field.ledger, &field.plan);
    let sends = plan.sends / (plan.threads + plan.senders) * (plan.threads + plan.senders);
    ledger.check(0..sends as usize);
    assert_eq!(field.disorder.load(Relaxed), 0, "messages of one sender were handled out of order");

    let mut sum = Sum::default();
    for target in targets {
        sum += of(system, target.id());
    }
    let unoffered = field.unoffered.load(Relaxed);
    assert_eq!(sum.0.offered, u64::from(sends) - unoffered, "offered to the targets");
    assert_eq!(sum.0.rejected, ledger.returned() - unoffered, "rejected by the targets");
    assert_eq!(sum.0.handled + sum.0.failed, ledger.handled(), "handled or failed");
    for sender in senders {
        sum += of(system, sender.id());
    }
    let stats = system.stats();
    assert_eq!(sum.0, stats.messages, "the actors' counters add up to the system's");
    assert_eq!(stats.actors.created, (targets.len() + senders.len()) as u64);
    assert_eq!(stats.actors.live, 0);
    assert_eq!(system.dead_letters().count(), stats.messages.dead_lettered);
}

fn of(system: &ActorSystem, id: ActorId) -> MessageCounts {
    let info = system.inspect(id).expect("a reference keeps the counters of an ended actor");
    balanced_at_rest(&info.messages);
    info.messages
}

/// Counters of several actors.
#[derive(Default)]
struct Sum(MessageCounts);

impl AddAssign<MessageCounts> for Sum {
    fn add_assign(&mut self, one: MessageCounts) {
        self.0.offered += one.offered;
        self.0.accepted += one.accepted;
        self.0.rejected += one.rejected;
        self.0.handled += one.handled;
        self.0.failed += one.failed;
        self.0.dead_lettered += one.dead_lettered;
        self.0.evicted += one.evicted;
        self.0.queued += one.queued;
    }
}
