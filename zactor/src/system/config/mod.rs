//! The configuration. Each field stands once, in `settings!`, with its text, default, unit and what is allowed.
//!
//! `table.rs` makes of that the structs, the checks and the tables of `docs/configuration.md`; `value.rs` is what may be
//! written for a field; `file.rs`, `environment.rs` and `serde.rs` read and write it (feature `config`).

#[cfg(feature = "config")]
mod environment;
#[cfg(feature = "config")]
mod file;
#[cfg(feature = "config")]
mod serde;
mod table;
mod value;

use std::time::Duration;

use crate::error::ConfigError;
use crate::mailbox::Overflow;
use table::{Allowed, Field, Setting, Settings, check, read, settings};

settings! {
    /// What decides how fast a system runs and how much memory it takes.
    ///
    /// ```
    /// use zactor::PerformanceConfig;
    ///
    /// let one_by_one = PerformanceConfig { batch_size: 1, ..Default::default() };
    /// assert_eq!(one_by_one.actor_mailbox_capacity, 65_536);
    /// ```
    struct PerformanceConfig

    /// Most messages that an actor handles before the next actor has its turn.
    batch_size: u32 = 64, "messages", 1..=65_536;

    /// How often an idle worker searches for work before it parks; with more than 8 workers, whom it
    /// all looks at, so much less often.
    max_spin_cycles: u32 = 1_000, "rounds", 0..=1_000_000;

    /// The unit in which memory for messages and actors is taken; a unit that is idle goes back,
    /// down to what the two pools keep. Rounded up to a whole number of 64 KiB.
    arena_size: usize = 64 << 20, "bytes", 1 << 20..=1 << 40;

    /// Message nodes that are made at start and never given back.
    message_pool_size: u32 = 10_000, "nodes", 0..=16_777_216;

    /// Actor cells that are kept ready in each small size class in use.
    actor_pool_size: u32 = 1_000, "cells", 0..=1_000_000;

    /// Worker threads; 0 means one for each core that this process may use (affinity and cgroup
    /// quota are honoured).
    worker_threads: u32 = 0, "threads", 0..=1_024;

    /// How many actors wait in the run queue of one worker; beyond it half of them go to the queue
    /// that all share.
    worker_queue_capacity: u32 = 4_096, "actors", 2..=1_048_576;

    /// Length of the shared run queue above which `queue_overflows` counts. Nothing is dropped there.
    global_queue_capacity: u32 = 32_768, "actors", 1..=u32::MAX;

    /// Messages that a mailbox holds if its actor says nothing. An `unbounded` mailbox has no limit.
    actor_mailbox_capacity: u32 = 65_536, "messages", 1..=Self::MAX_MAILBOX_CAPACITY;

    /// Whether a message is handled where it lies, so that its memory goes back after the handler;
    /// if not, it is copied out and the memory goes back first.
    enable_zero_copy: bool = true, "switch", [false, true];

    /// Whether an actor handles several messages in a turn; if not, one.
    enable_batching: bool = true, "switch", [false, true];

    /// Whether an idle worker takes actors from others; if not, an actor stays with its worker.
    enable_work_stealing: bool = true, "switch", [false, true];
}

settings! {
    /// The configuration of a system.
    ///
    /// ```
    /// use std::time::Duration;
    /// use zactor::SystemConfig;
    ///
    /// let patient = SystemConfig { ask_timeout: Duration::from_secs(60), ..Default::default() };
    /// assert!(patient.validate().is_ok());
    ///
    /// let hasty = SystemConfig { ask_timeout: Duration::ZERO, ..Default::default() };
    /// let error = hasty.validate().unwrap_err().to_string();
    /// assert_eq!(error, "`ask_timeout` is 0ns, allowed are 1ns..=Duration::MAX");
    /// ```
    struct SystemConfig {
        /// Speed and memory.
        performance: PerformanceConfig
    }

    /// How long an ask waits for its reply if it does not say so itself.
    ask_timeout: Duration = Duration::from_secs(5), "time", Duration::from_nanos(1)..=Duration::MAX;

    /// How long an actor, with all below it, may take to stop before it is killed.
    stop_timeout: Duration = Duration::from_secs(5), "time", Duration::from_nanos(1)..=Duration::MAX;

    /// What a send to a full mailbox does if its actor says nothing.
    mailbox_overflow: Overflow = Overflow::Fail, "policy",
        [Overflow::Fail, Overflow::Block, Overflow::DropNew, Overflow::DropOld];

    /// Dead letters that are logged each second; 0 logs none. All are counted.
    dead_letter_log: u32 = 10, "lines a second", 0..=1_000_000;

    /// Latency is measured for one message in so many; 0 measures none.
    latency_sample: u32 = 128, "messages", 0..=1_000_000;
}

impl PerformanceConfig {
    /// The largest capacity of a bounded mailbox: 2,000,000, and 1,000,000 where user addresses have 48 bits.
    pub const MAX_MAILBOX_CAPACITY: u32 =
        if cfg!(target_arch = "x86_64") { 2_000_000 } else { 1_000_000 };

    /// For throughput: large batches and mailboxes, long searches for work, memory in large units.
    pub fn ultra_fast() -> Self {
        Self {
            batch_size: 128,
            max_spin_cycles: 20_000,
            arena_size: 256 << 20,
            message_pool_size: 100_000,
            actor_mailbox_capacity: 131_072,
            ..Self::default()
        }
    }

    /// For many small systems or little memory: small pools and mailboxes, workers that park early.
    pub fn low_memory() -> Self {
        Self {
            max_spin_cycles: 50,
            arena_size: 1 << 20,
            message_pool_size: 64,
            actor_pool_size: 16,
            worker_queue_capacity: 256,
            actor_mailbox_capacity: 1_024,
            ..Self::default()
        }
    }

    /// Worker threads that a system with this configuration has: [`worker_threads`](Self::worker_threads), or
    /// one for each core that this process may use; at least 1.
    pub fn worker_count(&self) -> usize {
        let most = 1_024;
        match usize::try_from(self.worker_threads) {
            Ok(0) => std::thread::available_parallelism().map_or(1, usize::from).min(most),
            Ok(threads) => threads,
            Err(_) => most,
        }
    }
}

impl SystemConfig {
    /// Checks every field. A system checks its configuration when it starts.
    ///
    /// # Errors
    /// [`ConfigError::Invalid`] names the first field that is out of its range, its value, and what is allowed.
    pub fn validate(&self) -> Result<(), ConfigError> {
        for field in PerformanceConfig::FIELDS {
            (field.check)(&self.performance)?;
        }
        for field in Self::FIELDS {
            (field.check)(self)?;
        }
        Ok(())
    }
}

impl From<PerformanceConfig> for SystemConfig {
    fn from(performance: PerformanceConfig) -> Self {
        Self { performance, ..Self::default() }
    }
}

#[cfg(test)]
mod tests;
