//! What one measurement gives, and the few ways to take it.

use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

/// One measurement of one workload on one peer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// How many units of the workload were done within `elapsed`.
    pub done: u64,
    /// From the first send to the end of the last handler.
    pub elapsed: Duration,
    /// What the work came to: compared with what the workload expects.
    pub check: u64,
    /// Latency of one unit in nanoseconds, where it was taken.
    pub p50_ns: Option<u64>,
    /// The same, 99th percentile.
    pub p99_ns: Option<u64>,
    /// Memory of one unit in bytes, where that is the question.
    pub bytes: Option<u64>,
}

impl Outcome {
    /// An outcome without latencies and memory.
    pub fn new(done: u64, elapsed: Duration, check: u64) -> Self {
        Self { done, elapsed, check, p50_ns: None, p99_ns: None, bytes: None }
    }

    /// Units per second.
    pub fn rate(&self) -> f64 {
        self.done as f64 / self.elapsed.as_secs_f64()
    }

    /// Adds the percentiles of `latencies`.
    #[must_use]
    pub fn with_latencies(mut self, latencies: &Latencies) -> Self {
        self.p50_ns = latencies.percentile(50.0);
        self.p99_ns = latencies.percentile(99.0);
        self
    }

    /// Adds the bytes of one unit.
    #[must_use]
    pub fn with_bytes(mut self, bytes: Option<u64>) -> Self {
        self.bytes = bytes;
        self
    }
}

/// Runs `round` with a tenth of `count` to warm up, then with `count` under the clock. `round` returns what the work came to.
pub fn timed(count: u64, mut round: impl FnMut(u64) -> u64) -> Outcome {
    round((count / 10).max(1));
    let start = Instant::now();
    let check = round(count);
    Outcome::new(count, start.elapsed(), check)
}

/// Runs `work` once, under the clock: for work that is too large to be done twice. `units` are done.
pub fn timed_once(units: u64, work: impl FnOnce() -> u64) -> Outcome {
    let start = Instant::now();
    let check = work();
    Outcome::new(units, start.elapsed(), check)
}

/// One in how many operations of a fast loop has its latency taken: two clock reads cost about 50 ns.
pub const SAMPLE: u64 = 64;

/// Latencies in nanoseconds, three significant digits.
#[derive(Clone, Debug)]
pub struct Latencies(Histogram<u64>);

impl Latencies {
    /// Takes one latency.
    pub fn record(&mut self, latency: Duration) {
        self.0.saturating_record(u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX));
    }

    /// Does something and takes its latency.
    pub fn timed<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let done = work();
        self.record(start.elapsed());
        done
    }

    /// Asks `count` times, takes each latency, and adds the answers up.
    pub fn sum_timed(&mut self, count: u64, mut ask: impl FnMut(u64) -> u64) -> u64 {
        (0..count).map(|value| self.timed(|| ask(value))).sum()
    }

    /// The percentile, `None` when nothing was recorded.
    pub fn percentile(&self, percent: f64) -> Option<u64> {
        (!self.0.is_empty()).then(|| self.0.value_at_percentile(percent))
    }
}

impl Default for Latencies {
    /// Records from one nanosecond to one minute; what lies outside counts as the nearest of both.
    fn default() -> Self {
        let histogram = Histogram::new_with_bounds(1, 60_000_000_000, 3);
        Self(histogram.expect("the bounds are constants and fit"))
    }
}
