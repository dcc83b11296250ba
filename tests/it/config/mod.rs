//! Every field is checked, by name, and changes something that can be observed: S54.
//! `changes.rs` says which test observes which field; `written.rs` is about files and variables.

mod changes;
mod written;

use std::sync::mpsc;

use crate::support::*;
use zactor::prelude::*;
use zactor::{SpawnError, SystemError};

#[test]
fn s54_a_system_does_not_start_with_a_value_out_of_range() {
    type Change = fn(&mut SystemConfig);
    let cases: [(&str, Change); 8] = [
        ("batch_size", |config| config.performance.batch_size = 0),
        ("arena_size", |config| config.performance.arena_size = 1),
        ("worker_threads", |config| config.performance.worker_threads = u32::MAX),
        ("worker_queue_capacity", |config| config.performance.worker_queue_capacity = 0),
        ("global_queue_capacity", |config| config.performance.global_queue_capacity = 0),
        ("actor_mailbox_capacity", |config| config.performance.actor_mailbox_capacity = 0),
        ("ask_timeout", |config| config.ask_timeout = std::time::Duration::ZERO),
        ("stop_timeout", |config| config.stop_timeout = std::time::Duration::ZERO),
    ];
    for (field, change) in cases {
        let mut config = SystemConfig::default();
        change(&mut config);
        let refused = ActorSystem::builder("t").workers(1).config(config).start();
        let error = refused.err().unwrap_or_else(|| panic!("{field} was accepted"));
        let SystemError::Config(error) = error else { panic!("{field}: {error:?}") };
        let text = error.to_string();
        assert!(text.contains(field) && text.contains("allowed"), "{text}");
    }
}

#[test]
fn s54_builders_check_their_values() {
    let refused = ActorSystem::builder("t").workers(100_000).start();
    assert!(matches!(refused, Err(SystemError::Config(_))), "100,000 workers");
    for bytes in [0, 65_535, isize::MAX as usize, usize::MAX] {
        let refused = ActorSystem::builder("t").workers(1).worker_stack(bytes).start();
        assert!(matches!(refused, Err(SystemError::Config(_))), "a stack of {bytes}");
    }
    assert!(
        matches!(ActorSystem::start("a\0b"), Err(SystemError::Config(_))),
        "no name of a thread"
    );
    assert!(matches!(ActorSystem::start(""), Err(SystemError::Config(_))), "no name");
    let system = system(1);
    let refused = system.actor_of(Lab::new()).batch(0).spawn();
    assert!(matches!(refused, Err(SpawnError::Config(_))), "a batch of 0");
    assert_eq!(finish(&system).actors.created, 0);
}

/// Nodes in use as a handler sees it, with its predecessor just handled and nothing behind it.
fn nodes_in_use_in_a_handler(enable_zero_copy: bool) -> u64 {
    let system = system_with(1, PerformanceConfig { enable_zero_copy, ..Default::default() });
    let lab = system.spawn(Lab::new()).unwrap();
    let held = hold(&lab);
    let (give, take) = mpsc::channel();
    lab.tell(job(move |_, ctx| give.send(ctx.system().stats().memory.nodes_in_use).unwrap()))
        .unwrap();
    drop(held);
    let counted = take.recv_timeout(PATIENCE).unwrap();
    finish(&system);
    counted
}

#[test]
fn s54_with_zero_copy_the_predecessors_node_goes_back_after_the_handler() {
    let (lying, copied) = (nodes_in_use_in_a_handler(true), nodes_in_use_in_a_handler(false));
    assert_eq!(lying, copied + 1, "{lying} in place, {copied} copied out");
}

#[test]
fn s54_message_pool_size_nodes_are_made_at_start_and_kept() {
    for floor in [0, 5_000, 50_000] {
        let performance = PerformanceConfig { message_pool_size: floor, ..Default::default() };
        let system = system_with(1, performance);
        let pooled = system.stats().memory.nodes_pooled;
        assert!(pooled >= u64::from(floor), "{pooled} of {floor}");
        assert!(pooled < u64::from(floor) + 5_000, "{pooled} for {floor}");
        finish(&system);
    }
}

#[test]
fn s54_actor_pool_size_cells_are_kept_ready_for_a_class_in_use() {
    for floor in [0, 3_000] {
        let performance = PerformanceConfig { actor_pool_size: floor, ..Default::default() };
        let system = system_with(1, performance);
        let lab = system.spawn(Lab::new()).unwrap();
        let memory = system.stats().memory;
        assert_eq!(memory.cells_in_use, 1);
        assert!(memory.cells_pooled + 1 >= u64::from(floor), "{} of {floor}", memory.cells_pooled);
        lab.stop().wait().unwrap();
        drop(lab);
        eventually("the cell goes back", || system.stats().memory.cells_in_use == 0);
        finish(&system);
    }
}

#[test]
fn s54_arena_size_is_the_unit_of_memory() {
    for size in [1_usize << 20, 64 << 20] {
        let performance = PerformanceConfig {
            arena_size: size,
            message_pool_size: 64,
            actor_pool_size: 16,
            ..Default::default()
        };
        let system = system_with(1, performance);
        let lab = system.actor_of(Lab::new()).unbounded().spawn().unwrap();
        let held = hold(&lab);
        (0..50_000).for_each(|_| lab.tell(job(|_, _| {})).unwrap());
        let arenas = system.stats().memory.arena_bytes;
        assert!(arenas >= 50_000 * 64, "{arenas}");
        assert_eq!(arenas % size as u64, 0, "{arenas} is a multiple of {size}");
        drop(held);
        finish(&system);
    }
}

/// Makes `actors` ready at once from one handler; says how many overflows were counted.
fn overflows(worker_queue_capacity: u32, global_queue_capacity: u32, actors: usize) -> u64 {
    let performance = PerformanceConfig {
        worker_queue_capacity,
        global_queue_capacity,
        enable_work_stealing: true,
        ..Default::default()
    };
    let system = system_with(1, performance);
    let labs: Vec<_> = (0..actors).map(|_| system.spawn(Lab::new()).unwrap()).collect();
    let lab = system.spawn(Lab::new()).unwrap();
    let targets = labs.clone();
    lab.tell(job(move |_, _| {
        targets.iter().for_each(|target| target.tell(job(|lab, _| lab.n += 1)).unwrap());
    }))
    .unwrap();
    labs.iter().for_each(settle);
    let stats = finish(&system);
    assert_eq!(stats.messages.handled, 2 * actors as u64 + 1, "nobody is dropped");
    stats.queue_overflows
}

#[test]
fn s54_run_queues_beyond_their_capacity_overflow_and_lose_nobody() {
    assert_eq!(overflows(4_096, 32_768, 1_000), 0);
    assert!(overflows(16, 32_768, 1_000) > 0, "the worker's queue is small");
    let (large, small) = (overflows(16, 32_768, 1_000), overflows(16, 8, 1_000));
    assert!(small > large, "the shared queue is small: {small} against {large}");
}

#[test]
fn s54_presets_start_and_differ_where_they_say() {
    let ultra = PerformanceConfig::ultra_fast();
    assert_eq!((ultra.actor_mailbox_capacity, ultra.batch_size), (131_072, 128));
    assert!(ultra.max_spin_cycles > PerformanceConfig::default().max_spin_cycles);
    let low = PerformanceConfig::low_memory();
    assert!(low.message_pool_size < PerformanceConfig::default().message_pool_size);
    for preset in [ultra, low] {
        let system = system_with(2, preset);
        settle(&system.spawn(Lab::new()).unwrap());
        finish(&system);
    }
}
