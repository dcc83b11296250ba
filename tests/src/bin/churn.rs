//! What comes and goes leaves no memory behind: `churn [ROUNDS [ACTORS [MESSAGES]]]`.
//!
//! So many rounds of so many actors, all alive at once, that handle a message and end: the allocator's live bytes are the same
//! after each round but the first. Then so many messages in one mailbox: at most 80 bytes each, and none afterwards. Prints
//! what it sees, and fails unless it is so.

use std::cell::Cell;
use std::time::{Duration, Instant};

use zactor::prelude::*;
use zactor_tests::counting::{Counting, live_bytes};
use zactor_tests::{churn, process};

#[global_allocator]
static COUNTING: Counting = Counting;

/// What a worker or two may hold at the moment of a look: records of a few chunks, a block of a run queue.
const MOMENTARY: u64 = 16 * 1024;
/// Resident memory that the C allocator and the pools keep for themselves.
const SLACK: u64 = 8 << 20;
/// Idle memory goes back after a fraction of a second.
const PATIENCE: Duration = Duration::from_secs(30);

/// Looks until `value` is at most `limit`; the lowest that it was.
fn settles(limit: u64, value: impl Fn() -> u64) -> u64 {
    let (begun, mut lowest) = (Instant::now(), u64::MAX);
    while lowest > limit && begun.elapsed() < PATIENCE {
        std::thread::park_timeout(Duration::from_millis(20));
        lowest = lowest.min(value());
    }
    lowest
}

/// The lowest that `value` comes to while idle memory goes back.
fn at_rest(value: impl Fn() -> u64) -> u64 {
    (0..50).fold(u64::MAX, |lowest, _| {
        std::thread::park_timeout(Duration::from_millis(20));
        lowest.min(value())
    })
}

fn arguments() -> Option<[u64; 3]> {
    let mut all = [10, 1_000_000, 10_000_000];
    for (at, text) in std::env::args().skip(1).enumerate() {
        *all.get_mut(at)? = text.parse().ok()?;
    }
    Some(all)
}

fn main() {
    let Some([rounds, actors, messages]) = arguments() else {
        eprintln!("churn [ROUNDS [ACTORS [MESSAGES]]]: whole numbers");
        std::process::exit(2);
    };
    let actors = u32::try_from(actors).unwrap_or(u32::MAX);
    let system = ActorSystem::builder("churn").workers(2).start().expect("a system");

    let mut second = None;
    for round in 1..=rounds {
        churn::round(&system, actors);
        let live = match second {
            None => at_rest(live_bytes),
            Some(second) => settles(second + MOMENTARY, live_bytes),
        };
        println!("round {round} of {actors} actors: {live} bytes live");
        if round >= 2 {
            let second = *second.get_or_insert(live);
            assert!(live <= second + MOMENTARY, "it grows");
        }
    }

    let before = at_rest(process::resident);
    let each = Cell::new(0);
    churn::flood(&system, messages, || {
        each.set((process::resident() - before) / messages.max(1));
    });
    println!("{messages} messages in a mailbox: {} bytes each", each.get());
    assert!(each.get() <= 80, "more than 80 bytes each");
    let after = settles(before + SLACK, process::resident);
    println!("handled: {after} bytes resident, {before} before");
    assert!(after <= before + SLACK, "memory does not go back");
    system.shutdown().expect("nothing is stuck");
}
