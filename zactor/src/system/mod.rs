//! Layer 10: the whole. [`ActorSystem`] starts actors, finds them, counts, and ends.
//!
//! `core.rs` is what a system is made of; `builder.rs` and `config` what it is started with; `spawn.rs` how an actor
//! starts; `registry.rs` names; `root.rs` top-level actors; `dead_letters.rs` what nobody will handle; `stats.rs`
//! and `snapshot.rs` what it looks like; `shutdown.rs` its end.

mod around;
mod builder;
mod config;
pub(crate) mod core;
mod dead_letters;
#[cfg(all(test, loom))]
pub(crate) mod models;
mod registry;
mod root;
mod shutdown;
mod snapshot;
mod spawn;
mod threads;
pub(crate) mod stats;
#[cfg(feature = "tokio")]
mod tokio;

pub use builder::SystemBuilder;
pub use config::{PerformanceConfig, SystemConfig};
pub(crate) use core::Core;
pub use dead_letters::{DeadLetter, DeadLetterReason, DeadLetters};
pub use spawn::ActorBuilder;
pub use stats::{
    ActorCounts, ActorInfo, ActorState, Latency, MemoryStats, MessageCounts, ShutdownReport,
    SystemStats, Throughput,
};

pub use crate::cell::Percentiles;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::actor::ActorRef;
use crate::cell::Ref;
use crate::cell::state::order;
use crate::error::SystemError;
use crate::sync::atomic::Ordering;

/// A system of actors: its threads, its memory, its names.
///
/// Clones lead to the same system. When the last one is dropped the system shuts down: outside of its workers the drop
/// waits for that, at most `stop_timeout` of the configuration.
///
/// ```
/// use zactor::prelude::*;
///
/// #[actor]
/// struct Counter { n: u64 }
/// #[handlers]
/// impl Counter {
///     fn add(&mut self, by: u64) { self.n += by; }
///     fn get(&self) -> u64 { self.n }
/// }
///
/// let system = ActorSystem::start("example")?;
/// let counter = system.spawn(Counter { n: 0 })?;
/// counter.add(3)?;
/// assert_eq!(counter.get().wait()?, 3);
/// let report = system.shutdown()?;
/// assert_eq!(report.stats.messages.handled, 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct ActorSystem {
    core: Arc<Core>,
    /// Not a handle of the user's.
    uncounted: bool,
}

impl fmt::Debug for ActorSystem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ActorSystem").field("name", &self.core.name).finish_non_exhaustive()
    }
}

impl Clone for ActorSystem {
    fn clone(&self) -> Self {
        Self::counted(Arc::clone(&self.core))
    }
}

impl Drop for ActorSystem {
    fn drop(&mut self) {
        if self.uncounted || self.core.handles.fetch_sub(1, Ordering::AcqRel) != 1 {
            return;
        }
        let limit = self.core.config.stop_timeout;
        shutdown::begin(&self.core, order::STOP | order::SHUTDOWN, limit, None);
        if !shutdown::must_not_wait(&self.core) {
            // Who stands in a handler past the limit was logged.
            let _ = shutdown::outcome(&self.core, Some(limit));
        }
    }
}

impl ActorSystem {
    fn counted(core: Arc<Core>) -> Self {
        core.handles.fetch_add(1, Ordering::Relaxed);
        ActorSystem { core, uncounted: false }
    }

    /// For contexts: keeps the system's memory, not the system.
    pub(crate) fn uncounted(core: Arc<Core>) -> Self {
        ActorSystem { core, uncounted: true }
    }

    /// Starts a system with the default configuration.
    ///
    /// # Errors
    /// As [`SystemBuilder::start`].
    pub fn start(name: &str) -> Result<Self, SystemError> {
        Self::builder(name).start()
    }

    /// A system with options.
    pub fn builder(name: &str) -> SystemBuilder {
        SystemBuilder::new(name)
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.core.name
    }

    /// The living actor of this name, if it is an `A`.
    #[must_use]
    pub fn lookup<A: 'static>(&self, name: &str) -> Option<ActorRef<A>> {
        let id = self.core.names.find(name)?;
        let cell = self.core.ids.resolve(id)?;
        if cell.is_alive() { Ref::of(cell).map(ActorRef::counted) } else { None }
    }

    /// What nobody will handle.
    #[must_use]
    pub fn dead_letters(&self) -> DeadLetters {
        self.core.dead_letters()
    }

    /// Stops all actors, the youngest first, and joins the threads; waits at most `stop_timeout` of the configuration.
    /// What has not stopped when most of that is over is killed. Further calls get the same result, with a longer limit too:
    /// after [`Stuck`](SystemError::Stuck) the system is given up, and whoever wants to know when such an actor ends waits
    /// for its [`ended`](crate::ActorRef::ended).
    ///
    /// # Errors
    /// [`Stuck`](SystemError::Stuck) names those that stood in a handler to the end. [`WouldBlock`](SystemError::WouldBlock)
    /// on a worker and in a hook: the shutdown has begun there. [`Timeout`](SystemError::Timeout) if a shutdown that began
    /// with a longer limit goes on.
    pub fn shutdown(&self) -> Result<ShutdownReport, SystemError> {
        self.shutdown_within(self.core.config.stop_timeout)
    }

    /// As [`shutdown`](Self::shutdown), with its own limit.
    ///
    /// # Errors
    /// As [`shutdown`](Self::shutdown).
    pub fn shutdown_within(&self, limit: Duration) -> Result<ShutdownReport, SystemError> {
        shutdown::begin(&self.core, order::STOP | order::SHUTDOWN, limit, None);
        shutdown::outcome(&self.core, Some(limit))
    }

    /// As [`shutdown_within`](Self::shutdown_within), but each actor handles what is queued for it first: its children when
    /// it is done, each within its `stop_timeout`. One that is about to start again after a delay does so, and goes on;
    /// one that has failed, and whose supervisor ends before it has decided, is stopped.
    ///
    /// # Errors
    /// As [`shutdown`](Self::shutdown).
    pub fn drain_and_shutdown(&self, limit: Duration) -> Result<ShutdownReport, SystemError> {
        shutdown::begin(&self.core, order::DRAIN | order::SHUTDOWN, limit, None);
        shutdown::outcome(&self.core, Some(limit))
    }

    /// Waits until the system has shut down, whoever began it.
    ///
    /// # Errors
    /// As [`shutdown`](Self::shutdown).
    pub fn wait(&self) -> Result<ShutdownReport, SystemError> {
        shutdown::outcome(&self.core, None)
    }
}
