//! Each field changes something that can be observed.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::lines::{keep_lines, lines_of};
use crate::support::*;
use zactor::prelude::*;
use zactor::testing::ManualClock;
use zactor_tests::churn;

/// Which test observes what a field changes, and where it stands.
const OBSERVED: [(&str, &str, &str); 17] = [
    ("batch_size", "s52_a_turn_handles_at_most_a_batch", "scheduler.rs"),
    ("max_spin_cycles", "s54_max_spin_cycles_is_how_long_a_worker_searches", "config/changes.rs"),
    ("arena_size", "s54_arena_size_is_the_unit_of_memory", "config/mod.rs"),
    (
        "message_pool_size",
        "s54_message_pool_size_nodes_are_made_at_start_and_kept",
        "config/mod.rs",
    ),
    (
        "actor_pool_size",
        "s54_actor_pool_size_cells_are_kept_ready_for_a_class_in_use",
        "config/mod.rs",
    ),
    ("worker_threads", "s54_zero_workers_means_those_this_process_may_use", "scheduler.rs"),
    (
        "worker_queue_capacity",
        "s54_run_queues_beyond_their_capacity_overflow_and_lose_nobody",
        "config/mod.rs",
    ),
    (
        "global_queue_capacity",
        "s54_run_queues_beyond_their_capacity_overflow_and_lose_nobody",
        "config/mod.rs",
    ),
    ("actor_mailbox_capacity", "s54_a_mailbox_is_as_the_configuration_says", "config/changes.rs"),
    (
        "enable_zero_copy",
        "s54_with_zero_copy_the_predecessors_node_goes_back_after_the_handler",
        "config/mod.rs",
    ),
    ("enable_batching", "s54_without_batching_a_turn_is_one_message", "scheduler.rs"),
    ("enable_work_stealing", "s54_without_stealing_an_actor_stays_with_its_worker", "scheduler.rs"),
    ("ask_timeout", "s18_the_default_time_limit_is_the_configurations", "ask.rs"),
    (
        "stop_timeout",
        "s38_a_drain_past_its_time_drops_the_future_and_handles_what_was_accepted",
        "suspended/ends.rs",
    ),
    ("mailbox_overflow", "s54_a_mailbox_is_as_the_configuration_says", "config/changes.rs"),
    (
        "dead_letter_log",
        "s17_so_many_dead_letters_as_configured_are_logged_in_a_second",
        "config/changes.rs",
    ),
    ("latency_sample", "latency_is_sampled_as_configured", "stats.rs"),
];

#[test]
fn s54_each_field_is_observed_by_a_test() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let docs = fs::read_to_string(here.join("../docs/configuration.md")).unwrap();
    // Unit tests of the crate hold these tables equal to the fields that there are.
    let rows =
        docs.lines().filter(|line| line.starts_with("| `") && line.matches(" | ").count() == 4);
    let fields: BTreeSet<&str> = rows.map(|row| row.split('`').nth(1).unwrap()).collect();
    let observed: BTreeSet<&str> = OBSERVED.iter().map(|(field, ..)| *field).collect();
    assert_eq!(fields, observed);
    for (field, test, file) in OBSERVED {
        let text = fs::read_to_string(here.join("it").join(file)).unwrap();
        let after = text.split(&format!("#[test]\nfn {test}()")).nth(1);
        assert!(after.is_some(), "{test} of `{field}` is not in {file}");
    }
}

/// How often the worker parked during `asks` asks, one after the other.
fn parks(max_spin_cycles: u32, asks: u32) -> u64 {
    let system = system_with(1, PerformanceConfig { max_spin_cycles, ..Default::default() });
    let lab = system.spawn(Lab::new()).unwrap();
    (0..asks).for_each(|_| settle(&lab));
    finish(&system).parks
}

#[test]
fn s54_max_spin_cycles_is_how_long_a_worker_searches() {
    let (at_once, late) = (parks(0, 200), parks(1_000_000, 200));
    assert!(late < at_once / 2, "{late} with a long search, {at_once} without");
}

#[test]
fn s54_a_mailbox_is_as_the_configuration_says() {
    let performance = PerformanceConfig { actor_mailbox_capacity: 2, ..Default::default() };
    for policy in [Overflow::Fail, Overflow::DropNew, Overflow::DropOld, Overflow::Block] {
        let config =
            SystemConfig { performance: performance.clone(), mailbox_overflow: policy, ..quiet() };
        let system = ActorSystem::builder("t").workers(1).config(config).start().unwrap();
        let lab = system.spawn(Lab::new()).unwrap();
        let ledger = Ledger::new(3);
        let held = hold(&lab);
        (0..2).for_each(|id| lab.tell(ledger.item(id, 0)).unwrap());
        let third = if policy == Overflow::Block {
            let waits = lab.send(ledger.item(2, 0)).timeout(Duration::from_millis(1)).wait();
            assert!(matches!(waits, Err(SendError::Timeout(_))), "{waits:?}");
            waits
        } else {
            lab.tell(ledger.item(2, 0))
        };
        let counts = counts_in_handler(&system, &lab);
        let seen = (third.is_ok(), counts.dead_lettered, counts.evicted);
        let expected = match policy {
            Overflow::DropNew => (true, 1, 0),
            Overflow::DropOld => (true, 0, 1),
            _ => (false, 0, 0),
        };
        assert_eq!(seen, expected, "{policy:?}");
        drop(third);
        drop(held);
        lab.drain().wait().unwrap();
        finish(&system);
    }
}

#[test]
fn s54_pools_keep_their_floor_and_no_more() {
    // What is kept is a whole number of chunks of 64 KiB; a thread may hold some of another one.
    let (nodes, cells) = (3 * 1_024, 3 * 512);
    for floor in [0, 5_000] {
        let system = system_with(
            2,
            PerformanceConfig {
                message_pool_size: floor,
                actor_pool_size: floor,
                ..Default::default()
            },
        );
        churn::flood(&system, 50_000, || {
            assert!(system.stats().memory.nodes_in_use > 50_000);
        });
        churn::round(&system, 20_000);
        let floor = u64::from(floor);
        eventually("what is above the floor goes back", || {
            let memory = system.stats().memory;
            (floor..floor + nodes).contains(&memory.nodes_pooled)
                && (floor..floor + cells).contains(&memory.cells_pooled)
        });
        finish(&system);
    }
}

#[actor(mailbox(capacity = 1, overflow = fail))]
struct Choosy;
#[handlers]
impl Choosy {
    fn stand(&mut self, gate: Gate) {
        gate.pass();
    }
}

#[test]
fn s54_what_an_actor_says_itself_goes_before_the_configuration() {
    let config = SystemConfig { mailbox_overflow: Overflow::DropOld, ..quiet() };
    let system = ActorSystem::builder("t").workers(1).config(config).start().unwrap();
    let choosy = system.spawn(Choosy).unwrap();
    let builder = system.actor_of(Choosy).overflow(Overflow::DropNew);
    let told = builder.spawn().unwrap();
    for (actor, accepts) in [(choosy, false), (told, true)] {
        let gate = Gate::new();
        let opens = Opens(gate.clone());
        actor.stand(gate.clone()).unwrap();
        gate.wait_for(1);
        actor.stand(gate.clone()).unwrap();
        assert_eq!(actor.stand(gate.clone()).is_ok(), accepts);
        drop(opens);
        actor.drain().wait().unwrap();
    }
    let counts = finish(&system).messages;
    assert_eq!((counts.rejected, counts.dead_lettered, counts.evicted), (1, 1, 0));
}

#[test]
fn s17_so_many_dead_letters_as_configured_are_logged_in_a_second() {
    process::alone(
        "config::changes::s17_so_many_dead_letters_as_configured_are_logged_in_a_second",
        || {
            keep_lines();
            for most in [0, 1, 3] {
                let clock = ManualClock::new();
                let config = SystemConfig { dead_letter_log: most, ..quiet() };
                let builder = ActorSystem::builder("t").workers(1).config(config);
                let system = builder.clock(clock.clone()).start().unwrap();
                let name = format!("log-{most}");
                let lab = system.actor_of(Lab::new()).name(&name).mailbox_capacity(1);
                let lab = lab.overflow(Overflow::DropNew).spawn().unwrap();
                let held = hold(&lab);
                lab.tell(job(|_, _| {})).unwrap();
                for second in 1..=3 {
                    (0..10).for_each(|_| lab.tell(job(|_, _| {})).unwrap());
                    let lines = lines_of(&name);
                    assert_eq!(lines.len(), second * most as usize, "{lines:?}");
                    clock.advance(Duration::from_secs(1));
                }
                for line in lines_of(&name) {
                    assert!(line.contains("DroppedNew") && line.contains("Do"), "{line}");
                }
                assert_eq!(system.dead_letters().count(), 30, "all are counted");
                drop(held);
                lab.drain().wait().unwrap();
                finish(&system);
            }
        },
    );
}
