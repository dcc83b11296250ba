//! `SystemBuilder`: what a system is started with.

use std::ops::RangeInclusive;
use std::sync::Arc;

use super::around::Around;
use super::core::Core;
use super::threads::Threads;
use super::{ActorSystem, SystemConfig};
use crate::error::{ConfigError, SystemError};
use crate::scheduler::{self, clock::Clock};
use crate::supervision::Supervise;
use crate::testing::ManualClock;

/// What a system is started with. Nothing happens before [`start`](Self::start), which checks everything.
///
/// ```
/// use zactor::prelude::*;
///
/// let system = ActorSystem::builder("bank").workers(2).start()?;
/// assert_eq!(system.stats().workers, 2);
/// assert!(ActorSystem::builder("bank").workers(5_000).start().is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "nothing is started before `start`"]
#[derive(Debug)]
pub struct SystemBuilder {
    name: String,
    config: SystemConfig,
    workers: Option<u32>,
    clock: Option<ManualClock>,
    stack: Option<usize>,
    supervise: Option<Supervise>,
    around: Option<Around>,
}

/// Bytes that the stack of a worker may have.
const STACKS: RangeInclusive<usize> = 64 << 10..=1 << 40;

impl SystemBuilder {
    pub(super) fn new(name: &str) -> Self {
        SystemBuilder {
            name: name.into(),
            config: SystemConfig::default(),
            workers: None,
            clock: None,
            stack: None,
            supervise: None,
            around: None,
        }
    }

    /// Worker threads, `0..=1024`; 0: one for each core that this process may use. Wins over the configuration.
    pub fn workers(mut self, workers: u32) -> Self {
        self.workers = Some(workers);
        self
    }

    /// The configuration. Default: [`SystemConfig::default`].
    pub fn config(mut self, config: SystemConfig) -> Self {
        self.config = config;
        self
    }

    /// Every time limit of the system follows this clock, which a test moves. Default: the real time.
    pub fn clock(mut self, clock: ManualClock) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Bytes of a worker's stack, 64 KiB to 1 TiB. Default: that of std's threads (2 MiB). Handlers receive messages by
    /// value: one of hundreds of KiB needs room for several of it, whichever message of that actor is handled. (Or put it into a `Box`.)
    pub fn worker_stack(mut self, bytes: usize) -> Self {
        self.stack = Some(bytes);
        self
    }

    /// How top-level actors are supervised. Past its limit the system ends, and [`ActorSystem::wait`] gives
    /// [`Failed`](SystemError::Failed). Default: one for one, 5 restarts in 10 s counted for each actor by itself; past
    /// that the actor ends and the others go on.
    pub fn supervise(mut self, supervise: Supervise) -> Self {
        self.supervise = Some(supervise);
        self
    }

    /// The threads of workers run within this.
    #[cfg_attr(not(feature = "tokio"), allow(dead_code, reason = "features make them"))]
    pub(super) fn within(mut self, around: Around) -> Self {
        self.around = Some(around);
        self
    }

    /// Starts the system and its threads.
    ///
    /// # Errors
    /// [`Config`](SystemError::Config) for a field out of its range or a name that is empty or holds a NUL,
    /// [`Refused`](SystemError::Refused) when the operating system gives no thread or memory.
    pub fn start(self) -> Result<ActorSystem, SystemError> {
        let mut config = self.config;
        // What does not hold is refused even where the builder says otherwise.
        config.validate()?;
        if let Some(workers) = self.workers {
            config.performance.worker_threads = workers;
        }
        if self.name.is_empty() {
            let error = ConfigError::invalid("name", "\"\"", "any name that is not empty");
            return Err(error.into());
        }
        if self.name.contains('\0') {
            // It becomes the name of threads.
            let error = ConfigError::invalid(
                "name",
                format_args!("{:?}", self.name),
                "any name without a NUL",
            );
            return Err(error.into());
        }
        if let Some(bytes) = self.stack.filter(|bytes| !STACKS.contains(bytes)) {
            let allowed = format_args!("{}..={}", STACKS.start(), STACKS.end());
            return Err(ConfigError::invalid("worker_stack", bytes, allowed).into());
        }
        if let Some(supervise) = &self.supervise {
            supervise.check()?;
        }
        let clock = self.clock.map_or_else(Clock::real, Clock::Manual);
        let threads = Threads::new(self.around, self.stack);
        let (core, ends) = Core::new(&self.name, config, clock, self.supervise, threads)?;
        let system = ActorSystem::counted(Arc::clone(&core));
        for (index, end) in ends.into_iter().enumerate() {
            let mine = Arc::clone(&core);
            let work = move || scheduler::run(&mine, index, end);
            let spawned = core.threads.start(format!("{}-{index}", self.name), work);
            match spawned {
                Ok(thread) => core.threads.keep(thread),
                // Dropping the system ends the threads that were made.
                Err(error) => {
                    return Err(SystemError::Refused { what: "a thread", error: Arc::new(error) });
                }
            }
        }
        Ok(system)
    }
}
