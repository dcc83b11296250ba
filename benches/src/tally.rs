//! What the thread outside holds of actors that only count: a shared tally that it can wait for.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

/// Between two looks. Short beside a measurement, long enough to leave the cores to those who are measured.
const LOOK: Duration = Duration::from_micros(50);

/// A sum, and how many have added to it.
#[derive(Clone, Debug, Default)]
pub struct Tally(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    sum: AtomicU64,
    times: AtomicU64,
}

impl Tally {
    /// Counts once.
    pub fn count(&self) {
        self.0.times.fetch_add(1, Ordering::Release);
    }

    /// Adds `value` and counts once.
    pub fn add(&self, value: u64) {
        self.0.sum.fetch_add(value, Ordering::Relaxed);
        self.count();
    }

    /// How often it was counted.
    pub fn times(&self) -> u64 {
        self.0.times.load(Ordering::Acquire)
    }

    /// Blocks until it was counted `times` times, and returns the sum.
    pub fn wait_for(&self, times: u64) -> u64 {
        while self.times() < times {
            thread::sleep(LOOK);
        }
        self.0.sum.load(Ordering::Relaxed)
    }
}
