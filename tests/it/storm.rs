//! The storm, S1, S3, S5, S6, S16 and S22 at once: see `zactor_tests::storm`; longer runs by seed: `swarm`.

use crate::support::scaled;
use zactor_tests::storm::{Plan, run};

#[track_caller]
fn storm(seed: u64, workers: u32) {
    let outcome = run(&Plan::new(seed, workers, scaled(200_000, 10_000_000)));
    let messages = &outcome.stats.messages;
    assert!(outcome.targets > 100, "few targets ended: {outcome:?}");
    assert!(
        messages.dead_lettered > 0 && messages.failed > 0 && messages.rejected > 0,
        "{messages:?}"
    );
}

#[test]
fn s05_a_storm_on_one_worker_is_accounted_for() {
    storm(1, 1);
}

#[test]
fn s05_a_storm_on_two_workers_is_accounted_for() {
    storm(2, 2);
}

#[test]
fn s05_a_storm_on_eight_workers_is_accounted_for() {
    storm(3, 8);
}
