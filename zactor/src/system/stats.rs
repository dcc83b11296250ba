//! What a system tells about itself: snapshots, which stay as they are while the system goes on.

use std::sync::Arc;
use std::time::Duration;

use crate::cell::{Merged, Percentiles};
use crate::message::ActorId;

/// The figures of a system at one moment.
///
/// When nothing is under way, `messages` adds up exactly: see [`MessageCounts`].
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct SystemStats {
    /// Actors, by what became of them.
    pub actors: ActorCounts,
    /// Messages of all actors, living and ended.
    pub messages: MessageCounts,
    /// Memory of messages and actors.
    pub memory: MemoryStats,
    /// Messages that did not fit into 32 bytes and were boxed.
    pub boxed_sends: u64,
    /// How often an actor became ready while the shared run queue was over its capacity.
    pub queue_overflows: u64,
    /// How often a worker took work from another one.
    pub steals: u64,
    /// How often a worker found nothing to do and parked.
    pub parks: u64,
    /// Destructors of messages, replies, states and panic payloads, and wakers, that panicked; each was contained.
    pub drop_panics: u64,
    /// Panics in `post_stop` and `pre_restart`; each was contained.
    pub hook_panics: u64,
    /// Replies that came after their ask had ended.
    pub late_replies: u64,
    /// Worker threads.
    pub workers: u32,
    pub(crate) measured: Measured,
}

impl SystemStats {
    /// Messages handled in a second: since the snapshot before this one, and since the start.
    pub fn throughput(&self) -> Throughput {
        self.measured.throughput
    }

    /// Restarts of actors in a second: since the snapshot before this one, and since the start.
    pub fn restart_rate(&self) -> Throughput {
        self.measured.restarts
    }

    /// Mean time from a send to the end of its handler, over the sampled messages; zero without samples.
    pub fn average_latency(&self) -> Duration {
        self.measured.average_latency
    }

    /// How the times of the sampled messages are distributed. One message in
    /// [`latency_sample`](crate::SystemConfig::latency_sample) is sampled.
    pub fn latency(&self) -> Latency {
        self.measured.latency
    }
}

/// What [`SystemStats`] says by methods.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Measured {
    throughput: Throughput,
    restarts: Throughput,
    latency: Latency,
    average_latency: Duration,
}

impl Measured {
    pub(crate) fn new(
        throughput: Throughput,
        restarts: Throughput,
        send_to_end: &Merged,
        handler: &Merged,
    ) -> Self {
        Self {
            throughput,
            restarts,
            latency: Latency {
                send_to_end: send_to_end.percentiles(),
                handler: handler.percentiles(),
            },
            average_latency: send_to_end.mean(),
        }
    }
}

/// Actors, by what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ActorCounts {
    /// Actors that were started.
    pub created: u64,
    /// Actors that live.
    pub live: u64,
    /// Restarts. One whose factory or `post_restart` failed counts, as it does against the limit.
    pub restarted: u64,
    /// Actors that ended in order.
    pub stopped: u64,
    /// Actors that ended by a failure.
    pub failed: u64,
}

/// Messages, by what became of them.
///
/// When nothing is under way, `offered = accepted + rejected`, and
/// `accepted = handled + failed + dead_lettered + evicted + queued`, exactly. A message in its handler counts as
/// accepted and nothing else yet. What an answered ask, a completed
/// stop or a shutdown has ended is counted when its caller returns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct MessageCounts {
    /// Sends that were tried.
    pub offered: u64,
    /// Messages that went into a mailbox, or were dropped by its policy.
    pub accepted: u64,
    /// Messages that came back to their sender.
    pub rejected: u64,
    /// Messages whose handler came to its end.
    pub handled: u64,
    /// Messages whose handler failed.
    pub failed: u64,
    /// Accepted messages that nobody will handle, but for the evicted ones.
    pub dead_lettered: u64,
    /// Messages that newer ones pushed out of a full mailbox.
    pub evicted: u64,
    /// Messages that wait, stashed ones included.
    pub queued: u64,
}

/// Memory of messages and actors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct MemoryStats {
    /// Address space taken from the operating system; what is idle of it takes no memory.
    pub arena_bytes: u64,
    /// Message nodes that hold a message.
    pub nodes_in_use: u64,
    /// Message nodes that are ready for one.
    pub nodes_pooled: u64,
    /// Cells that hold an actor.
    pub cells_in_use: u64,
    /// Cells that are ready for one.
    pub cells_pooled: u64,
}

/// How many in a second: messages handled, or actors restarted.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Throughput {
    /// Since the snapshot before.
    pub recent: f64,
    /// Since the system started.
    pub since_start: f64,
}

/// How long sampled messages took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Latency {
    /// From the send to the end of the handler.
    pub send_to_end: Percentiles,
    /// The handler alone.
    pub handler: Percentiles,
}

/// Makes rates of what successive snapshots have counted.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    counted: u64,
    at: u64,
    recent: f64,
}

impl Meter {
    /// The rates at `now`, in nanoseconds since the start, when there were `count` in all.
    /// A snapshot at the time of the one before it repeats that one's recent rate.
    pub(crate) fn measure(&mut self, count: u64, now: u64) -> Throughput {
        if now > self.at {
            self.recent = rate(count.saturating_sub(self.counted), now - self.at);
            (self.counted, self.at) = (count, now);
        }
        Throughput { recent: self.recent, since_start: rate(count, now) }
    }
}

/// Per second; 0 when no time has passed.
#[expect(clippy::cast_precision_loss, reason = "a rate needs no more than 52 bits")]
fn rate(count: u64, nanos: u64) -> f64 {
    if nanos == 0 { 0.0 } else { count as f64 * 1e9 / nanos as f64 }
}

/// One actor at one moment.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ActorInfo {
    /// Its id.
    pub id: ActorId,
    /// What it is doing.
    pub state: ActorState,
    /// Its name, if it has one.
    pub name: Option<Arc<str>>,
    /// The name of its Rust type.
    pub type_name: &'static str,
    /// Its parent; none for an actor that was spawned by the system.
    pub parent: Option<ActorId>,
    /// Its children in start order.
    pub children: Vec<ActorId>,
    /// How often it was restarted; see [`ActorCounts::restarted`].
    pub restarts: u64,
    /// How many watch it.
    pub watchers: usize,
    /// Its messages.
    pub messages: MessageCounts,
}

/// What an actor is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ActorState {
    /// It waits for a message.
    Idle,
    /// It has work and waits for a worker.
    Scheduled,
    /// A worker runs it.
    Running,
    /// It has work, but waits: for a future of its own, or for room in another mailbox.
    Suspended,
    /// It failed and waits for its next start.
    BackingOff,
    /// It was told to stop, or ends: finishes its last message, waits for its children, or runs its last hook.
    Stopping,
    /// It has ended.
    Stopped,
}

/// What a shutdown leaves behind.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ShutdownReport {
    /// The final figures, exact.
    pub stats: SystemStats,
    /// Actors that stood in a handler past every deadline and were cut off.
    pub stuck: Vec<ActorId>,
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    #[test]
    fn rates_are_since_the_snapshot_before_and_since_the_start() {
        let mut meter = Meter::default();
        assert_eq!(meter.measure(0, 0), Throughput::default());
        assert_eq!(meter.measure(100, SECOND), Throughput { recent: 100.0, since_start: 100.0 });
        assert_eq!(
            meter.measure(400, 2 * SECOND),
            Throughput { recent: 300.0, since_start: 200.0 }
        );
        assert_eq!(meter.measure(400, 4 * SECOND), Throughput { recent: 0.0, since_start: 100.0 });
    }

    #[test]
    fn snapshot_at_the_same_time_keeps_the_rate_and_loses_no_message() {
        let mut meter = Meter::default();
        let _ = meter.measure(100, SECOND);
        assert_eq!(meter.measure(150, SECOND).recent, 100.0);
        assert_eq!(meter.measure(200, 2 * SECOND).recent, 100.0);
    }
}
