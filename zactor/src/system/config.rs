//! The configuration. Each field stands once, in `settings!`, with its text, default, unit and range:
//! the structs, their defaults, the checks and the tables of `docs/configuration.md` come from there.

use std::ops::RangeInclusive;
use std::time::Duration;

use crate::error::ConfigError;

/// A type that a field can have: how its values are written.
trait Setting: PartialOrd + Sized {
    fn written(&self) -> String;
}

macro_rules! written_as_displayed { ($($kind:ty),*) => { $(
    impl Setting for $kind {
        fn written(&self) -> String {
            self.to_string()
        }
    }
)* } }
written_as_displayed!(u32, usize, bool);

impl Setting for Duration {
    fn written(&self) -> String {
        if *self == Self::MAX { "Duration::MAX".to_string() } else { format!("{self:?}") }
    }
}

/// What is known of a field of `C`.
struct Field<C> {
    #[cfg_attr(not(test), allow(dead_code, reason = "for the table of the documentation"))]
    row: fn() -> String,
    check: fn(&C) -> Result<(), ConfigError>,
}

fn allowed<T: Setting>(range: &RangeInclusive<T>) -> String {
    format!("{}..={}", range.start().written(), range.end().written())
}

fn check<T: Setting>(
    field: &'static str,
    value: &T,
    range: &RangeInclusive<T>,
) -> Result<(), ConfigError> {
    if range.contains(value) {
        Ok(())
    } else {
        Err(ConfigError::invalid(field, value.written(), allowed(range)))
    }
}

/// The struct, its defaults, and `FIELDS`: `/// text` and `name: type = default, unit, range;` for each field.
macro_rules! settings {
    (
        $(#[doc = $about:literal])+
        struct $config:ident $({ $(#[doc = $part_doc:literal])+ $part:ident: $part_kind:ty })?
        $(
            $(#[doc = $doc:literal])+
            $name:ident: $kind:ty = $default:expr, $unit:literal, $range:expr;
        )+
    ) => {
        $(#[doc = $about])+
        #[derive(Clone, Debug, PartialEq)]
        pub struct $config {
            $($(#[doc = $part_doc])+ pub $part: $part_kind,)?
            $(
                $(#[doc = $doc])+
                #[doc = ""]
                #[doc = concat!(
                    "Unit: ", $unit, ". Default: `", stringify!($default),
                    "`. Allowed: `", stringify!($range), "`.",
                )]
                pub $name: $kind,
            )+
        }

        impl Default for $config {
            fn default() -> Self {
                Self { $($part: Default::default(),)? $($name: $default,)+ }
            }
        }

        impl $config {
            const FIELDS: &[Field<Self>] = &[$(Field {
                row: || {
                    let default: $kind = $default;
                    let [text, default] = [[$($doc),+].concat(), default.written()];
                    let [name, unit, allowed] = [stringify!($name), $unit, &allowed::<$kind>(&($range))];
                    format!("| `{name}` | {default} | {unit} | `{allowed}` |{text} |\n")
                },
                check: |config| check::<$kind>(stringify!($name), &config.$name, &($range)),
            }),+];
        }
    };
}

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

    /// How often an idle worker searches for work before it parks.
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
    enable_zero_copy: bool = true, "switch", false..=true;

    /// Whether an actor handles several messages in a turn; if not, one.
    enable_batching: bool = true, "switch", false..=true;

    /// Whether an idle worker takes actors from others; if not, an actor stays with its worker.
    enable_work_stealing: bool = true, "switch", false..=true;
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
mod tests {
    use super::*;

    fn table<C>(fields: &[Field<C>]) -> String {
        let head = "| field | default | unit | allowed | what it does |\n|---|---|---|---|---|\n";
        let rows: String = fields.iter().map(|field| (field.row)()).collect();
        format!("{head}{rows}")
    }

    #[track_caller]
    fn refuses(change: impl FnOnce(&mut SystemConfig), text: &str) {
        let mut config = SystemConfig::default();
        change(&mut config);
        assert_eq!(config.validate().unwrap_err().to_string(), text);
    }

    #[track_caller]
    fn accepts(change: impl FnOnce(&mut SystemConfig)) {
        let mut config = SystemConfig::default();
        change(&mut config);
        assert_eq!(config.validate(), Ok(()));
    }

    #[test]
    fn defaults_and_presets_are_valid() {
        for performance in [
            PerformanceConfig::default(),
            PerformanceConfig::ultra_fast(),
            PerformanceConfig::low_memory(),
        ] {
            assert_eq!(SystemConfig::from(performance).validate(), Ok(()));
        }
    }

    #[test]
    fn each_field_is_checked_at_both_ends() {
        let max = PerformanceConfig::MAX_MAILBOX_CAPACITY;
        refuses(|c| c.performance.batch_size = 0, "`batch_size` is 0, allowed are 1..=65536");
        refuses(
            |c| c.performance.batch_size = 65_537,
            "`batch_size` is 65537, allowed are 1..=65536",
        );
        refuses(
            |c| c.performance.max_spin_cycles = 1_000_001,
            "`max_spin_cycles` is 1000001, allowed are 0..=1000000",
        );
        refuses(
            |c| c.performance.arena_size = 0,
            "`arena_size` is 0, allowed are 1048576..=1099511627776",
        );
        refuses(
            |c| c.performance.message_pool_size = u32::MAX,
            "`message_pool_size` is 4294967295, allowed are 0..=16777216",
        );
        refuses(
            |c| c.performance.actor_pool_size = 1_000_001,
            "`actor_pool_size` is 1000001, allowed are 0..=1000000",
        );
        refuses(
            |c| c.performance.worker_threads = 1_025,
            "`worker_threads` is 1025, allowed are 0..=1024",
        );
        refuses(
            |c| c.performance.worker_queue_capacity = 1,
            "`worker_queue_capacity` is 1, allowed are 2..=1048576",
        );
        refuses(
            |c| c.performance.global_queue_capacity = 0,
            "`global_queue_capacity` is 0, allowed are 1..=4294967295",
        );
        for capacity in [0, max + 1] {
            refuses(
                |c| c.performance.actor_mailbox_capacity = capacity,
                &format!("`actor_mailbox_capacity` is {capacity}, allowed are 1..={max}"),
            );
        }
        refuses(
            |c| c.stop_timeout = Duration::ZERO,
            "`stop_timeout` is 0ns, allowed are 1ns..=Duration::MAX",
        );
        refuses(
            |c| c.ask_timeout = Duration::ZERO,
            "`ask_timeout` is 0ns, allowed are 1ns..=Duration::MAX",
        );
        refuses(
            |c| c.dead_letter_log = 1_000_001,
            "`dead_letter_log` is 1000001, allowed are 0..=1000000",
        );
        refuses(
            |c| c.latency_sample = u32::MAX,
            "`latency_sample` is 4294967295, allowed are 0..=1000000",
        );
        accepts(|c| c.performance.actor_mailbox_capacity = max);
        accepts(|c| c.ask_timeout = Duration::MAX);
        accepts(|c| c.latency_sample = 0);
        accepts(|c| c.performance.message_pool_size = 0);
    }

    #[test]
    fn workers_are_those_asked_for_or_one_for_each_core() {
        let count = |worker_threads| {
            PerformanceConfig { worker_threads, ..Default::default() }.worker_count()
        };
        assert_eq!(count(3), 3);
        assert_eq!(count(0), std::thread::available_parallelism().unwrap().get());
    }

    #[test]
    #[cfg(target_arch = "x86_64")]
    fn documentation_has_the_tables() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/configuration.md");
        let docs = std::fs::read_to_string(path).unwrap();
        for wanted in [table(PerformanceConfig::FIELDS), table(SystemConfig::FIELDS)] {
            assert!(docs.contains(&wanted), "docs/configuration.md should have\n\n{wanted}");
        }
    }
}
