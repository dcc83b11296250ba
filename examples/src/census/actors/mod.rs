//! The actors of a census: started, watched and ended here; each has a file of its own.

use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use zactor::prelude::*;
use zactor::{Latency, SystemStats};

use crate::census::{Counted, Job};
use crate::ui::{Failed, Progress};

mod walker;
mod reader;
pub(crate) mod supply;
mod analyser;
mod counter;
mod reporter;

use counter::Counter;
use reader::{Begin, Reader};
use reporter::{Reporter, Update};
use walker::Walker;

/// How often the queues are looked at.
const LOOK: Duration = Duration::from_millis(2);
/// An answer may take as long as a slow disk does.
const PATIENCE: Duration = Duration::from_secs(3600);

/// A census that goes on.
pub(crate) struct Running {
    system: ActorSystem,
    updates: mpsc::Receiver<Update>,
    deepest: (u64, String),
}

/// What the actor system tells about itself.
pub(crate) struct Machine {
    pub(crate) stats: SystemStats,
    pub(crate) latency: Latency,
    /// The longest queue seen, and whose it was.
    pub(crate) deepest: (u64, String),
}

/// Starts all actors; they run until the reporter has everything.
///
/// Each mailbox has room for what its senders have credit for, and no more.
pub(crate) fn start(job: &Job) -> Result<Running, Failed> {
    let performance =
        PerformanceConfig { worker_threads: job.workers, ..PerformanceConfig::default() };
    let config = SystemConfig {
        performance,
        ask_timeout: PATIENCE,
        latency_sample: 1,
        ..SystemConfig::default()
    };
    let system = ActorSystem::builder("census").config(config).start()?;
    let lanes = system.stats().workers.max(2);
    let (sender, updates) = mpsc::channel();

    let counters = (0..lanes)
        .map(|n| {
            let limit = job.limit.share(lanes as usize);
            system
                .actor_of(Counter::new(limit))
                .name(format!("counter-{n}"))
                .mailbox_capacity(lanes + 1)
                .spawn()
        })
        .collect::<Result<Vec<_>, _>>()?;
    let reporter = system
        .actor_of(Reporter::new(sender, 1 + 2 * lanes, counters.clone()))
        .name("reporter")
        .mailbox_capacity(1 + 3 * lanes)
        .spawn()?;
    let walker = system
        .actor_of(Walker::new(job, reporter.clone()))
        .name("walker")
        .mailbox_capacity(lanes)
        .spawn()?;
    let counters: Arc<[_]> = counters.into();
    for n in 0..lanes {
        let reader = system
            .actor_of(Reader::new(n, job, walker.clone(), reporter.clone(), Arc::clone(&counters)))
            .name(format!("reader-{n}"))
            .mailbox_capacity(1 + reader::BUFFERS)
            .spawn()?;
        reader.tell(Begin)?;
    }
    Ok(Running { system, updates, deepest: (0, "all were empty".into()) })
}

impl Running {
    /// Waits for the result.
    pub(crate) fn wait(&mut self, progress: &Progress) -> Result<Counted, Failed> {
        loop {
            match self.updates.recv_timeout(LOOK) {
                Ok(Update::Progress { bytes, files }) => progress.set(bytes, files),
                Ok(Update::Finished(counted)) => return Ok(*counted),
                Err(RecvTimeoutError::Timeout) => self.look()?,
                Err(RecvTimeoutError::Disconnected) => {
                    return Err("the reporter ended early".into());
                }
            }
        }
    }

    /// Ends the system; its counters are final then.
    pub(crate) fn end(self) -> Result<Machine, Failed> {
        let latency = self.system.stats().latency();
        let stats = self.system.drain_and_shutdown(PATIENCE)?.stats;
        let messages = stats.messages;
        if messages.accepted != messages.handled || messages.rejected > 0 {
            return Err(format!("messages were lost: {messages:?}").into());
        }
        Ok(Machine { stats, latency, deepest: self.deepest })
    }

    fn look(&mut self) -> Result<(), Failed> {
        if self.system.stats().actors.failed > 0 {
            return Err("an actor failed (above is why)".into());
        }
        for actor in self.system.tree() {
            if actor.messages.queued > self.deepest.0 {
                self.deepest =
                    (actor.messages.queued, actor.name.as_deref().unwrap_or("?").to_owned());
            }
        }
        Ok(())
    }
}
