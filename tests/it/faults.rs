//! A random hierarchy under random faults, S5, S8, S18, S24, S42 and S48 at once: see `zactor_tests::faults`; longer runs by
//! seed: the program `faults`.

use crate::support::scaled;
use zactor_tests::faults::{Plan, run};

#[track_caller]
fn faults(seed: u64, workers: u32) {
    let plan = Plan { seed, workers, actors: 1_000, pokes: scaled(20_000, 300_000) };
    let outcome = run(&plan);
    let actors = &outcome.stats.actors;
    assert!(outcome.faults > u64::from(plan.pokes / 10), "{outcome:?}");
    assert!(actors.restarted > 1_000 && actors.failed > 100, "{actors:?}");
}

#[test]
fn s24_random_faults_on_one_worker_leave_nothing_undone() {
    faults(1, 1);
}

#[test]
fn s24_random_faults_on_two_workers_leave_nothing_undone() {
    faults(2, 2);
}

#[test]
fn s24_random_faults_on_eight_workers_leave_nothing_undone() {
    faults(3, 8);
}
