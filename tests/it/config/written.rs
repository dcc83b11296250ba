//! What files and variables of the environment say: taken over, or refused with place, field, value and what is allowed.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use crate::support::*;
use zactor::ConfigError;
use zactor::prelude::*;

/// Every field, at a value that is not its default.
const FULL: &str = r#"
ask_timeout = "250ms"
stop_timeout = "max"
mailbox_overflow = "drop_old"
dead_letter_log = 0
latency_sample = 7

[performance]
batch_size = 8
max_spin_cycles = 0
arena_size = 0x10_0000
message_pool_size = 100
actor_pool_size = 10
worker_threads = 2
worker_queue_capacity = 64
global_queue_capacity = 1_000
actor_mailbox_capacity = 50
enable_zero_copy = false
enable_batching = false
enable_work_stealing = false
"#;

fn full() -> SystemConfig {
    SystemConfig {
        performance: PerformanceConfig {
            batch_size: 8,
            max_spin_cycles: 0,
            arena_size: 1 << 20,
            message_pool_size: 100,
            actor_pool_size: 10,
            worker_threads: 2,
            worker_queue_capacity: 64,
            global_queue_capacity: 1_000,
            actor_mailbox_capacity: 50,
            enable_zero_copy: false,
            enable_batching: false,
            enable_work_stealing: false,
        },
        ask_timeout: Duration::from_millis(250),
        stop_timeout: Duration::MAX,
        mailbox_overflow: Overflow::DropOld,
        dead_letter_log: 0,
        latency_sample: 7,
    }
}

fn from_toml(text: &str) -> Result<SystemConfig, ConfigError> {
    SystemConfig::default().with_toml(text)
}

#[track_caller]
fn refuses(text: &str, expected: &str) {
    assert_eq!(from_toml(text).unwrap_err().to_string(), expected);
}

/// A file of its own, gone with the value.
struct File(PathBuf);

impl File {
    fn new(name: &str, text: &str) -> Self {
        let name = format!("zactor-{}-{name}.toml", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::write(&path, text).unwrap();
        Self(path)
    }
}

impl Drop for File {
    fn drop(&mut self) {
        fs::remove_file(&self.0).unwrap();
    }
}

#[test]
fn s54_every_field_is_read_from_toml_and_the_system_starts_with_it() {
    let config = from_toml(FULL).unwrap();
    assert_eq!(config, full());
    let system = ActorSystem::builder("t").config(config).start().unwrap();
    assert_eq!(system.stats().workers, 2);
    finish(&system);
}

#[test]
fn s54_what_a_file_does_not_say_stays() {
    let before = SystemConfig::from(PerformanceConfig::low_memory());
    assert_eq!(before.clone().with_toml("").unwrap(), before);
    let text = "performance.batch_size = 9 # the rest stays";
    let after = before.clone().with_toml(text).unwrap();
    let performance = PerformanceConfig { batch_size: 9, ..before.performance.clone() };
    assert_eq!(after, SystemConfig { performance, ..before });
}

#[test]
fn s54_a_mistake_in_a_file_names_file_line_field_value_and_what_is_allowed() {
    let file = File::new("mistake", "ask_timeout = \"1s\"\n\n[performance]\nbatch_size = 70_000\n");
    let path = file.0.display();
    let refused = SystemConfig::default().with_file(&file.0).unwrap_err();
    assert_eq!(
        refused.to_string(),
        format!("{path}:4: `performance.batch_size` is 70_000, allowed are 1..=65536")
    );
    assert!(matches!(refused, ConfigError::Written { .. }));
    let good = File::new("good", FULL);
    assert_eq!(SystemConfig::default().with_file(&good.0).unwrap(), full());
}

#[test]
fn s54_a_value_of_the_wrong_type_or_out_of_range_is_refused() {
    let times = "1ns..=Duration::MAX (written as \"250ms\": a whole number and ns, us, ms, s, min \
                 or h; \"max\" is no limit)";
    for value in ["5", "\"5\"", "\"soon\"", "\"0s\"", "true"] {
        refuses(
            &format!("ask_timeout = {value}"),
            &format!("line 1: `ask_timeout` is {value}, allowed are {times}"),
        );
    }
    for value in ["\"7\"", "1.5", "-1", "true", "5_000_000_000", "[1]", "1979-05-27"] {
        refuses(
            &format!("latency_sample = {value}"),
            &format!("line 1: `latency_sample` is {value}, allowed are 0..=1000000"),
        );
    }
    for value in ["1", "\"true\""] {
        refuses(
            &format!("[performance]\nenable_batching = {value}"),
            &format!("line 2: `performance.enable_batching` is {value}, allowed are false, true"),
        );
    }
    for value in ["\"drop\"", "\"Fail\"", "1"] {
        refuses(
            &format!("\nmailbox_overflow = {value}"),
            &format!(
                "line 2: `mailbox_overflow` is {value}, allowed are fail, block, drop_new, drop_old"
            ),
        );
    }
}

#[test]
fn s54_what_is_no_field_is_refused_with_those_that_are() {
    refuses(
        "batch_size = 1",
        "line 1: `batch_size` (which is 1) is no field, allowed are `ask_timeout`, `stop_timeout`, \
         `mailbox_overflow`, `dead_letter_log`, `latency_sample`, and the table `performance`",
    );
    refuses(
        "[network]\nport = 1",
        "line 1: `network` (which is a table) is no field, allowed are `ask_timeout`, \
         `stop_timeout`, `mailbox_overflow`, `dead_letter_log`, `latency_sample`, and the table \
         `performance`",
    );
    let refused = from_toml("[performance]\nbatch_sise = 1").unwrap_err().to_string();
    assert!(
        refused.starts_with(
            "line 2: `performance.batch_sise` (which is 1) is no field, allowed are `batch_size`, "
        ),
        "{refused}"
    );
}

#[test]
fn s54_of_several_mistakes_the_first_in_the_file_is_told() {
    let text = "stop_timeout = 1\nask_timeout = 1\nnothing = 1\n[performance]\nbatch_size = 0";
    assert!(from_toml(text).unwrap_err().to_string().starts_with("line 1: `stop_timeout` is 1,"));
}

#[test]
fn s54_what_is_no_toml_or_no_file_is_unreadable() {
    for (text, line) in [("a = 1\nb =", 2), ("ask_timeout = 5s", 1), ("[performance\n", 1)] {
        let refused = from_toml(text).unwrap_err();
        assert!(matches!(refused, ConfigError::Unreadable { .. }), "{refused:?}");
        assert!(refused.to_string().starts_with(&format!("line {line}: ")), "{refused}");
    }
    let doubled = from_toml("latency_sample = 1\nlatency_sample = 2").unwrap_err();
    assert!(doubled.to_string().starts_with("line 2: "), "{doubled}");
    let missing = SystemConfig::default().with_file("/nowhere/zactor.toml").unwrap_err();
    assert!(missing.to_string().starts_with("/nowhere/zactor.toml: "), "{missing}");
}

#[test]
fn s54_every_field_is_read_from_the_environment() {
    let variables = [
        ("BANK_ASK_TIMEOUT", "250ms"),
        ("BANK_STOP_TIMEOUT", "max"),
        ("BANK_MAILBOX_OVERFLOW", "drop_old"),
        ("BANK_DEAD_LETTER_LOG", "0"),
        ("BANK_LATENCY_SAMPLE", " 7 "),
        ("BANK_BATCH_SIZE", "8"),
        ("BANK_MAX_SPIN_CYCLES", "0"),
        ("BANK_ARENA_SIZE", "1048576"),
        ("BANK_MESSAGE_POOL_SIZE", "100"),
        ("BANK_ACTOR_POOL_SIZE", "10"),
        ("BANK_WORKER_THREADS", "2"),
        ("BANK_WORKER_QUEUE_CAPACITY", "64"),
        ("BANK_GLOBAL_QUEUE_CAPACITY", "1000"),
        ("BANK_ACTOR_MAILBOX_CAPACITY", "50"),
        ("BANK_ENABLE_ZERO_COPY", "false"),
        ("BANK_ENABLE_BATCHING", "false"),
        ("BANK_ENABLE_WORK_STEALING", "false"),
        ("BANKER_BATCH_SIZE", "of another program"),
    ];
    let test = "config::written::s54_every_field_is_read_from_the_environment";
    process::alone_with(test, &variables, || {
        assert_eq!(SystemConfig::default().with_env("BANK").unwrap(), full());
        let none = SystemConfig::default().with_env("NOBODY").unwrap();
        assert_eq!(none, SystemConfig::default());
    });
}

#[test]
fn s54_the_environment_goes_before_the_file() {
    let test = "config::written::s54_the_environment_goes_before_the_file";
    process::alone_with(test, &[("BANK_BATCH_SIZE", "9"), ("BANK_ASK_TIMEOUT", "")], || {
        let config = SystemConfig::default().with_toml(FULL).unwrap().with_env("BANK").unwrap();
        let performance = PerformanceConfig { batch_size: 9, ..full().performance };
        assert_eq!(config, SystemConfig { performance, ..full() }, "an empty one says nothing");
    });
}

#[test]
fn s54_a_mistake_in_the_environment_names_variable_field_value_and_what_is_allowed() {
    let test = "config::written::\
                s54_a_mistake_in_the_environment_names_variable_field_value_and_what_is_allowed";
    let variables = [
        ("A_BATCH_SIZE", "0"),
        ("B_ENABLE_BATCHING", "yes"),
        ("C_BATCH_SISE", "1"),
        ("D_MAILBOX_OVERFLOW", "drop"),
    ];
    process::alone_with(test, &variables, || {
        let refused = |prefix| SystemConfig::default().with_env(prefix).unwrap_err().to_string();
        assert_eq!(refused("A"), "A_BATCH_SIZE: `batch_size` is \"0\", allowed are 1..=65536");
        assert_eq!(
            refused("B"),
            "B_ENABLE_BATCHING: `enable_batching` is \"yes\", allowed are false, true"
        );
        let unknown = "C_BATCH_SISE: `BATCH_SISE` (which is \"1\") is no field, allowed are ";
        assert!(refused("C").starts_with(unknown), "{}", refused("C"));
        assert!(refused("C").contains("`ASK_TIMEOUT`") && refused("C").contains("`BATCH_SIZE`"));
        assert!(refused("D").ends_with("allowed are fail, block, drop_new, drop_old"));
        assert_eq!(refused(""), "`prefix` is \"\", allowed are any prefix that is not empty");
    });
}

/// A configuration of the user's own.
#[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
struct Program {
    port: u16,
    actors: SystemConfig,
}

#[test]
fn s54_a_configuration_stands_in_one_of_the_users_own() {
    let program = Program { port: 80, actors: full() };
    let text = toml::to_string(&program).unwrap();
    assert!(text.contains("stop_timeout = \"max\"") && text.contains("batch_size = 8"), "{text}");
    assert_eq!(toml::from_str::<Program>(&text).unwrap(), program);
    let short = "port = 80\n[actors.performance]\nbatch_size = 9";
    let program: Program = toml::from_str(short).unwrap();
    assert_eq!(program.actors.performance.batch_size, 9);
    assert_eq!(program.actors.ask_timeout, SystemConfig::default().ask_timeout);

    for (line, expected) in [
        ("batch_size = 0", "`batch_size` is 0, allowed are 1..=65536"),
        ("batch_size = \"x\"", "`batch_size` is \"x\", allowed are 1..=65536"),
        ("batch_sise = 1", "`batch_sise` is no field, allowed are `batch_size`, `max_spin_cycles`"),
    ] {
        let text = format!("port = 80\n[actors.performance]\n{line}");
        let refused = toml::from_str::<Program>(&text).unwrap_err().to_string();
        assert!(refused.contains("line 3") && refused.contains(expected), "{refused}");
    }
}
