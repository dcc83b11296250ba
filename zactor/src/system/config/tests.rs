//! Defaults, presets and ranges; the tables of the documentation.

use super::*;

fn table<C: 'static>(fields: &[Field<C>]) -> String {
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
    refuses(|c| c.performance.batch_size = 65_537, "`batch_size` is 65537, allowed are 1..=65536");
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
    let count =
        |worker_threads| PerformanceConfig { worker_threads, ..Default::default() }.worker_count();
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
