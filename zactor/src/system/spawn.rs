//! Starting actors: `ActorBuilder`, and the verbs of `ActorSystem` and `Context` that use it.
//!
//! Factory and `pre_start` run on the calling thread, in a catch, before `spawn` returns; messages sent meanwhile wait.
//! Until `pre_start` has succeeded the actor is nobody's but the caller's: whatever fails before leaves nothing behind.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::{ActorSystem, Core};
use crate::actor::{
    Actor, ActorRef, Body, Cause, Context, Phase, Renewal, abandon, begin_end, failure_of,
    failure_of_hook, guarded, log, log_unborn, stop_itself,
};
use crate::cell::{Birth, Cell, CellRef, HOOK, Local, Manner, NOTHING, Pinned, Task, Turn};
use crate::error::{ConfigError, SpawnError};
use crate::mailbox::{Capacity, Overflow};
use crate::message::{ActorId, Priority};
use crate::scheduler::{Dispatcher, run_pinned};
use crate::supervision::{Failure, Given, Restart, Supervise};
use crate::sync::lock;

const BATCHES: std::ops::RangeInclusive<u32> = 1..=65_536;

/// What an actor is made with. Nothing happens before [`spawn`](Self::spawn), which checks everything.
///
/// ```
/// use zactor::prelude::*;
///
/// #[actor]
/// struct Counter { n: u64 }
/// #[handlers]
/// impl Counter {
///     fn add(&mut self, by: u64) { self.n += by; }
/// }
/// # let system = ActorSystem::start("doc")?;
/// let counter = system.actor(|| Counter { n: 0 }).name("counter").mailbox_capacity(16).spawn()?;
/// assert_eq!(counter.name(), Some("counter"));
/// assert_eq!(system.lookup::<Counter>("counter"), Some(counter));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "nothing is started before `spawn`"]
pub struct ActorBuilder<'a, A> {
    place: Place<'a>,
    make: Make<A>,
    settings: Settings,
}

/// Where an actor is to stand.
enum Place<'a> {
    Root(&'a Arc<Core>),
    Under(&'a CellRef),
}

enum Make<A> {
    Value(A),
    Factory(Box<dyn FnMut() -> A + Send>),
}

/// What an actor begins with.
struct First<A> {
    value: A,
    renewal: Option<Box<Renewal<A>>>,
}

impl<A: Actor> Make<A> {
    /// The first incarnation, and what the next ones are made with.
    fn first(self, local: &Local, restart: Restart) -> Result<First<A>, Failure> {
        let mut factory = match self {
            Make::Value(value) => return Ok(First { value, renewal: None }),
            Make::Factory(factory) => factory,
        };
        let made = guarded(&mut factory);
        let value = made.map_err(|payload| failure_of(local, payload))?;
        let renewal = match restart {
            Restart::Temporary => None,
            _ => Some(Box::new(Renewal { factory, restart })),
        };
        Ok(First { value, renewal })
    }
}

#[derive(Default)]
struct Settings {
    name: Option<String>,
    capacity: Option<Capacity>,
    overflow: Option<Overflow>,
    batch: Option<u32>,
    priority: Option<Priority>,
    dispatcher: Option<Dispatcher>,
    restart: Option<Restart>,
    ends_unreferenced: bool,
    given: Given,
}

impl<A> fmt::Debug for ActorBuilder<'_, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ActorBuilder").field("name", &self.settings.name).finish_non_exhaustive()
    }
}

impl<A: Actor> ActorBuilder<'_, A> {
    /// A name, not empty, that no living actor of the system has. Default: none.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.settings.name = Some(name.into());
        self
    }

    /// Messages that the mailbox holds, `1..=2_000_000` (1,000,000 where user addresses have 48 bits). Default: what
    /// `#[actor(mailbox(..))]` says, else `actor_mailbox_capacity` of the configuration.
    pub fn mailbox_capacity(mut self, messages: u32) -> Self {
        self.settings.capacity = Some(Capacity::Messages(messages));
        self
    }

    /// The mailbox has no limit.
    pub fn unbounded(mut self) -> Self {
        self.settings.capacity = Some(Capacity::Unbounded);
        self
    }

    /// What a send to the full mailbox does. Default: what `#[actor(mailbox(overflow = ..))]` says, else
    /// `mailbox_overflow` of the configuration.
    pub fn overflow(mut self, policy: Overflow) -> Self {
        self.settings.overflow = Some(policy);
        self
    }

    /// Most messages that the actor handles in one turn, `1..=65_536`. Default: what `#[actor(batch = ..)]` says, else
    /// `batch_size` of the configuration.
    pub fn batch(mut self, messages: u32) -> Self {
        self.settings.batch = Some(messages);
        self
    }

    /// What goes first among the actors that are ready, on every worker: of eight turns five go to those of high priority,
    /// two to the normal ones, one to those of low priority, and who has nothing to do leaves his turn to the others.
    /// Default: what `#[actor(priority = ..)]` says, else [`Normal`](Priority::Normal).
    pub fn priority(mut self, priority: Priority) -> Self {
        self.settings.priority = Some(priority);
        self
    }

    /// Which threads run the actor. Default: what `#[actor(dispatcher = ..)]` says, else [`Shared`](Dispatcher::Shared). With
    /// [`Pinned`](Dispatcher::Pinned) its priority says nothing.
    pub fn dispatcher(mut self, dispatcher: Dispatcher) -> Self {
        self.settings.dispatcher = Some(dispatcher);
        self
    }

    /// After which ends the actor starts again. Default: [`Transient`](Restart::Transient) for a factory,
    /// [`Temporary`](Restart::Temporary) for a value, which cannot be made again and takes no other.
    pub fn restart(mut self, restart: Restart) -> Self {
        self.settings.restart = Some(restart);
        self
    }

    /// How this actor supervises its children. Default: what `#[actor(supervise(..))]` says, else one for one, 5 restarts
    /// in 10 s, no back-off.
    pub fn supervise(mut self, supervise: Supervise) -> Self {
        self.settings.given.supervise = Some(supervise);
        self
    }

    /// How long the actor and all below it may take to stop when its parent does, or starts again. Past that it is killed;
    /// if it stands in a handler even then, it is cut off. Default: `stop_timeout` of the configuration.
    pub fn stop_timeout(mut self, limit: Duration) -> Self {
        self.settings.given.stop_timeout = Some(limit);
        self
    }

    /// Whether a restart of this actor leaves its children alone. Default: no, they are stopped.
    pub fn keep_children(mut self, keep: bool) -> Self {
        self.settings.given.keep_children = keep;
        self
    }

    /// Whether the actor ends, as [`drain`](ActorRef::drain) ends it, when the last [`ActorRef`] and
    /// [`Recipient`](crate::Recipient) of it is dropped: what was sent before is handled. What the runtime keeps does not
    /// count: weak references, replies, stop handles, timers. A reference that the actor keeps to itself does: then it
    /// does not end so. Default: no, the actor lives until something else ends it.
    ///
    /// ```
    /// use zactor::prelude::*;
    ///
    /// #[actor]
    /// struct Printer { lines: u64 }
    /// #[handlers]
    /// impl Printer {
    ///     fn print(&mut self, line: String) { self.lines += 1; }
    /// }
    /// # let system = ActorSystem::start("doc")?;
    /// let printer = system.actor_of(Printer { lines: 0 }).stop_when_unreferenced(true).spawn()?;
    /// let ended = printer.ended();
    /// printer.print("last words".into())?;
    /// drop(printer);
    /// assert!(matches!(ended.wait()?, EndReason::Drained));
    /// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
    /// ```
    pub fn stop_when_unreferenced(mut self, stop: bool) -> Self {
        self.settings.ends_unreferenced = stop;
        self
    }

    /// Starts the actor: runs its factory and `pre_start` on this thread.
    ///
    /// # Errors
    /// [`Config`](SpawnError::Config) for an option out of its range, [`NameTaken`](SpawnError::NameTaken),
    /// [`Closed`](SpawnError::Closed) when the system or the parent ends, [`Failed`](SpawnError::Failed) when factory or
    /// `pre_start` fail. Nothing of the actor is left then.
    pub fn spawn(self) -> Result<ActorRef<A>, SpawnError> {
        start(self.place, self.settings, self.make)
    }
}

impl ActorSystem {
    /// Starts an actor from a value.
    ///
    /// # Errors
    /// As [`ActorBuilder::spawn`].
    ///
    /// ```
    /// # use zactor::prelude::*;
    /// # #[actor]
    /// # struct Counter { n: u64 }
    /// # #[handlers]
    /// # impl Counter { fn get(&self) -> u64 { self.n } }
    /// # let system = ActorSystem::start("doc")?;
    /// let counter: ActorRef<Counter> = system.spawn(Counter { n: 7 })?;
    /// assert_eq!(counter.get().wait()?, 7);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn spawn<A: Actor>(&self, actor: A) -> Result<ActorRef<A>, SpawnError> {
        start(Place::Root(&self.core), Settings::default(), Make::Value(actor))
    }

    /// Starts an actor from a factory.
    ///
    /// # Errors
    /// As [`ActorBuilder::spawn`].
    pub fn spawn_with<A: Actor>(
        &self,
        factory: impl FnMut() -> A + Send + 'static,
    ) -> Result<ActorRef<A>, SpawnError> {
        start(Place::Root(&self.core), Settings::default(), Make::Factory(Box::new(factory)))
    }

    /// An actor from a factory, with options.
    pub fn actor<A: Actor, F: FnMut() -> A + Send + 'static>(
        &self,
        factory: F,
    ) -> ActorBuilder<'_, A> {
        let make = Make::Factory(Box::new(factory));
        ActorBuilder { place: Place::Root(&self.core), make, settings: Settings::default() }
    }

    /// An actor from a value, with options.
    pub fn actor_of<A: Actor>(&self, actor: A) -> ActorBuilder<'_, A> {
        let make = Make::Value(actor);
        ActorBuilder { place: Place::Root(&self.core), make, settings: Settings::default() }
    }
}

impl<A: Actor> Context<A> {
    fn place(&self) -> Place<'_> {
        Place::Under(self.reference().0.cell())
    }

    /// Starts a child from a value. It ends when this actor ends.
    ///
    /// # Errors
    /// As [`ActorBuilder::spawn`].
    pub fn spawn<B: Actor>(&mut self, child: B) -> Result<ActorRef<B>, SpawnError> {
        start(self.place(), Settings::default(), Make::Value(child))
    }

    /// Starts a child from a factory. It ends when this actor ends.
    ///
    /// # Errors
    /// As [`ActorBuilder::spawn`].
    pub fn spawn_with<B: Actor>(
        &mut self,
        factory: impl FnMut() -> B + Send + 'static,
    ) -> Result<ActorRef<B>, SpawnError> {
        start(self.place(), Settings::default(), Make::Factory(Box::new(factory)))
    }

    /// A child from a factory, with options.
    pub fn actor<B: Actor, F: FnMut() -> B + Send + 'static>(
        &mut self,
        factory: F,
    ) -> ActorBuilder<'_, B> {
        let make = Make::Factory(Box::new(factory));
        ActorBuilder { place: self.place(), make, settings: Settings::default() }
    }

    /// A child from a value, with options.
    pub fn actor_of<B: Actor>(&mut self, child: B) -> ActorBuilder<'_, B> {
        let make = Make::Value(child);
        ActorBuilder { place: self.place(), make, settings: Settings::default() }
    }
}

/// What the options come to.
struct Checked {
    name: Option<Arc<str>>,
    limit: u32,
    manner: Manner,
    batch: u32,
    route: u64,
    pinned: bool,
    restart: Restart,
    ends_unreferenced: bool,
    given: Given,
}

impl Settings {
    fn check<A: Actor>(self, core: &Core, make: &Make<A>) -> Result<Checked, ConfigError> {
        let performance = &core.config.performance;
        let capacity = self.capacity.or(A::OPTIONS.capacity);
        let capacity = capacity.unwrap_or(Capacity::Messages(performance.actor_mailbox_capacity));
        let batch = self.batch.or(A::OPTIONS.batch).unwrap_or(performance.batch_size);
        if !BATCHES.contains(&batch) {
            return Err(ConfigError::invalid("batch", batch, "1..=65536"));
        }
        if self.name.as_deref() == Some("") {
            return Err(ConfigError::invalid("name", "\"\"", "any name that is not empty"));
        }
        let restart = match make {
            Make::Value(_) => Restart::Temporary,
            Make::Factory(_) => self.restart.unwrap_or(Restart::Transient),
        };
        if self.restart.is_some_and(|wanted| wanted != restart) {
            let allowed = "`Temporary` for an actor that is given as a value";
            return Err(ConfigError::invalid(
                "restart",
                format_args!("{:?}", self.restart),
                allowed,
            ));
        }
        let mut given = self.given;
        given.supervise = given.supervise.or(const { A::OPTIONS }.supervise);
        if let Some(supervise) = &given.supervise {
            supervise.check()?;
        }
        let priority = self.priority.unwrap_or(const { A::OPTIONS }.priority);
        let dispatcher = self.dispatcher.unwrap_or(const { A::OPTIONS }.dispatcher);
        Ok(Checked {
            restart,
            ends_unreferenced: self.ends_unreferenced,
            given,
            name: self.name.map(Arc::from),
            limit: capacity.limit()?,
            manner: Manner {
                overflow: self
                    .overflow
                    .or(const { A::OPTIONS }.overflow)
                    .unwrap_or(core.config.mailbox_overflow),
                lanes: A::LANES,
            },
            route: core.scheduler.route(priority, dispatcher),
            pinned: dispatcher == Dispatcher::Pinned,
            batch: if performance.enable_batching { batch } else { 1 },
        })
    }
}

/// A top-level actor in a system of a model.
#[cfg(all(test, loom))]
pub(super) fn top<A: Actor>(core: &Arc<Core>, actor: A) -> Result<ActorRef<A>, SpawnError> {
    start(Place::Root(core), Settings::default(), Make::Value(actor))
}

/// As `top`, of an actor that ends when nobody refers to it.
#[cfg(all(test, loom))]
pub(super) fn top_counted<A: Actor>(core: &Arc<Core>, actor: A) -> Result<ActorRef<A>, SpawnError> {
    let settings = Settings { ends_unreferenced: true, ..Settings::default() };
    start(Place::Root(core), settings, Make::Value(actor))
}

fn start<A: Actor>(
    place: Place<'_>,
    settings: Settings,
    make: Make<A>,
) -> Result<ActorRef<A>, SpawnError> {
    let (core, parent) = match place {
        Place::Root(core) => (Arc::clone(core), None),
        Place::Under(parent) => (parent.core().me(), Some(parent)),
    };
    let checked = settings.check::<A>(&core, &make)?;
    if core.life.is_closing() || parent.is_some_and(|parent| !parent.is_alive()) {
        return Err(SpawnError::Closed);
    }
    // One that was cut off starts nobody.
    if Local::to_send(&core).is_none() {
        return Err(SpawnError::Closed);
    }
    Local::with(&core, |local| {
        let First { value, renewal } = make.first(local, checked.restart).map_err(|failure| {
            log_unborn::<A>(checked.name.as_deref(), &failure);
            SpawnError::Failed(failure)
        })?;
        let Some(slot) = local.slot(&core) else {
            let error = ConfigError::invalid("actors", "2^32", "fewer that live at once");
            return Err(SpawnError::Config(error));
        };
        let birth = |counted| Birth {
            core: counted,
            id: core.ids.id_of(slot),
            limit: checked.limit,
            batch: checked.batch,
            sequence: core.next_sequence(),
            parent: parent.map_or(ActorId::NONE, |parent| parent.id),
            route: checked.route,
            ends_unreferenced: checked.ends_unreferenced,
        };
        let body = Body { value: Some(value), renewal, phase: Phase::Live };
        let (reference, task) = Cell::create(&core, local, birth, body);
        reference.set_manner(checked.manner);
        let mut intake = None;
        let turn = task.begin::<Body<A>>(local, &mut intake);
        let joined = match parent {
            Some(parent) => lock(&parent.rare().family).add(reference.cell()),
            None => core.root.join(reference.cell()),
        };
        if !joined {
            abandon(turn);
            return Err(SpawnError::Closed);
        }
        if let Some(name) = checked.name {
            if !core.names.take(&name, reference.id) {
                let failure = Failure::NormalEnd;
                hand_on(&core, local, begin_end(turn, Cause::StartFailed(failure)));
                return Err(SpawnError::NameTaken);
            }
            // Set once: the cell is new.
            let _ = reference.rare().name.set(name);
        }
        if !checked.given.is_default() {
            // Set once: as above.
            let _ = reference.rare().given.set(Box::new(checked.given));
        }
        first_hook(&core, local, turn, checked.pinned)?;
        Ok(ActorRef(reference))
    })
}

/// Starts the thread of this actor, which is about to begin: it ends with the actor.
fn own_thread(core: &Core, cell: &CellRef) -> std::io::Result<()> {
    let pinned = Pinned::new();
    // Set once: the cell is new.
    let _ = cell.rare().pinned.set(Arc::clone(&pinned));
    core.scheduler.add_pinned(&pinned);
    let name = format!("{}-pinned", core.name);
    let (mine, threads) = (core.me(), &core.threads);
    threads.keep(threads.start(name, move || run_pinned(&mine, &pinned))?);
    Ok(())
}

/// Starts its thread, if it has one of its own, runs `pre_start` and lets the actor go.
fn first_hook<A: Actor>(
    core: &Core,
    local: &Local,
    mut turn: Turn<'_, Body<A>>,
    pinned: bool,
) -> Result<(), SpawnError> {
    if pinned && let Err(error) = own_thread(core, &turn.cell()) {
        let failure = Failure::from(error);
        hand_on(core, local, begin_end(turn, Cause::StartFailed(failure.clone())));
        return Err(SpawnError::Failed(failure));
    }
    let mut ctx = Context::new(turn.here());
    let cell = turn.cell();
    cell.set_current(HOOK);
    let started = match turn.resident().value.as_mut() {
        Some(value) => local.run_as(&cell, || guarded(|| value.pre_start(&mut ctx))),
        None => Ok(Ok(())),
    };
    cell.set_current(NOTHING);
    if let Some(failure) = failure_of_hook(local, &mut ctx, started) {
        log(&cell, HOOK, &failure, "actor failed to start");
        let end = || begin_end(turn, Cause::StartFailed(failure.clone()));
        hand_on(core, local, local.run_as(&cell, end));
        return Err(SpawnError::Failed(failure));
    }
    local.counts.created.add(1);
    if ctx.wants_attention() {
        turn.intake.look_in_front();
    }
    if ctx.is_stopping() {
        hand_on(core, local, local.run_as(&cell, || stop_itself(turn)));
    } else if let Some(turn) = turn.mark_idle() {
        core.scheduler.schedule(local, turn.again());
    }
    Ok(())
}

fn hand_on(core: &Core, local: &Local, task: Option<Task>) {
    if let Some(task) = task {
        core.scheduler.schedule(local, task);
    }
}
