//! How times are distributed, within 3 %: 32 buckets for each doubling.
//!
//! ```text
//! value      0 1 2 .. 63 │ 64-65 66-67 .. 126-127 │ 128-131 .. 252-255 │ ..
//! bucket     0 1 2 .. 63 │ 64    65    .. 95      │ 96      .. 127     │ ..
//! width      1           │ 2                      │ 4                  │ ..
//! ```
//! A [`Histogram`] belongs to one thread, which alone writes; anyone reads, into a [`Merged`].
//!
//! 1. Only one thread calls [`Histogram::record`]. Else counts are lost: it is a load and a store.
//! 2. Each value has one bucket; a bucket's width is at most 1/32 of its lowest value. Else an error is over 3 %.
//!
//! | step                      | order   | pairs with: what becomes visible                                |
//! |---------------------------|---------|-----------------------------------------------------------------|
//! | `record` stores a count   | Relaxed | nothing: each word stands for itself; a reader may see a sample |
//! | `Merged::add` loads it    | Relaxed | in its bucket and not yet in `max` or `sum`, or the reverse     |

use std::fmt;
use std::time::Duration;

use crate::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// A distribution of times. Each percentile is within 3 % of the exact one; `max` is exact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Percentiles {
    /// Half of the samples took at most so long.
    pub p50: Duration,
    /// 95 of 100.
    pub p95: Duration,
    /// 99 of 100.
    pub p99: Duration,
    /// 999 of 1,000.
    pub p999: Duration,
    /// The longest time.
    pub max: Duration,
    /// How many messages were sampled; all else is zero if none was.
    pub samples: u64,
}

impl fmt::Display for Percentiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { p50, p95, p99, p999, max, samples } = self;
        write!(
            f,
            "p50 {p50:?}, p95 {p95:?}, p99 {p99:?}, p99.9 {p999:?}, max {max:?} ({samples} samples)"
        )
    }
}

/// Bits of a value that tell the buckets of one doubling apart.
const BITS: u32 = 5;
const PER_DOUBLING: usize = 1 << BITS;
/// One linear stretch below the first doubling, then a doubling for each bit above it. Models take no samples.
const BUCKETS: usize =
    if cfg!(all(test, loom)) { 1 } else { PER_DOUBLING * (64 - BITS as usize + 1) };

/// The bucket of a value.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "below `BUCKETS`")]
fn bucket(value: u64) -> usize {
    let doubling = (value | (PER_DOUBLING as u64 - 1)).ilog2() - (BITS - 1); // 0 below 32
    let shift = doubling.saturating_sub(1);
    // `value >> shift` is below 32 in the linear stretch and in 32..64 in a doubling.
    ((shift as usize) << BITS) + (value >> shift) as usize
}

/// The value that stands for a bucket: the middle one of those in it.
fn middle(bucket: usize) -> u64 {
    let shift = (bucket / PER_DOUBLING).saturating_sub(1);
    let lowest = ((bucket - shift * PER_DOUBLING) as u64) << shift;
    lowest + (1 << shift >> 1)
}

/// The times that one thread has recorded, in nanoseconds. 15 KiB.
pub(crate) struct Histogram {
    counts: Box<[AtomicU64]>,
    sum: AtomicU64,
    max: AtomicU64,
}

impl Histogram {
    pub(crate) fn new() -> Self {
        Self {
            counts: (0..BUCKETS).map(|_| AtomicU64::new(0)).collect(),
            sum: AtomicU64::new(0),
            max: AtomicU64::new(0),
        }
    }

    /// Counts one value, a few nanoseconds. Only the owner calls it (invariant 1).
    #[inline]
    pub(crate) fn record(&self, nanos: u64) {
        let count = &self.counts[bucket(nanos)];
        count.store(count.load(Relaxed) + 1, Relaxed);
        self.sum.store(self.sum.load(Relaxed).saturating_add(nanos), Relaxed);
        if nanos > self.max.load(Relaxed) {
            self.max.store(nanos, Relaxed);
        }
    }
}

impl fmt::Debug for Histogram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut merged = Merged::new();
        merged.add(self);
        merged.fmt(f)
    }
}

/// The sum of several histograms, to be read.
pub(crate) struct Merged {
    counts: Box<[u64]>,
    samples: u64,
    sum: u64,
    max: u64,
}

impl Merged {
    pub(crate) fn new() -> Self {
        Self { counts: vec![0; BUCKETS].into_boxed_slice(), samples: 0, sum: 0, max: 0 }
    }

    /// Adds what `histogram` has recorded so far; its owner may go on recording.
    pub(crate) fn add(&mut self, histogram: &Histogram) {
        for (total, count) in self.counts.iter_mut().zip(&histogram.counts) {
            let count = count.load(Relaxed);
            *total += count;
            self.samples += count;
        }
        self.sum = self.sum.saturating_add(histogram.sum.load(Relaxed));
        self.max = self.max.max(histogram.max.load(Relaxed));
    }

    /// Adds what another sum holds.
    pub(crate) fn merge(&mut self, other: &Merged) {
        for (total, count) in self.counts.iter_mut().zip(&other.counts) {
            *total += count;
        }
        self.samples += other.samples;
        self.sum = self.sum.saturating_add(other.sum);
        self.max = self.max.max(other.max);
    }

    /// The value that `share` of the samples do not exceed (nearest rank); 0 without samples.
    pub(crate) fn quantile(&self, share: f64) -> u64 {
        let mut left = rank(self.samples, share);
        for (bucket, &count) in self.counts.iter().enumerate() {
            if count >= left && count > 0 {
                return middle(bucket).min(self.max);
            }
            left -= count.min(left);
        }
        self.max
    }

    pub(crate) fn percentiles(&self) -> Percentiles {
        let quantile = |share| Duration::from_nanos(self.quantile(share));
        Percentiles {
            p50: quantile(0.5),
            p95: quantile(0.95),
            p99: quantile(0.99),
            p999: quantile(0.999),
            max: Duration::from_nanos(self.max),
            samples: self.samples,
        }
    }

    /// The mean; exact until the sum passes 584 years, from then on that of the buckets.
    pub(crate) fn mean(&self) -> Duration {
        if self.samples == 0 {
            return Duration::ZERO;
        }
        let sum = if self.sum < u64::MAX { u128::from(self.sum) } else { self.sum_of_middles() };
        let mean = sum / u128::from(self.samples);
        Duration::from_nanos(u64::try_from(mean).unwrap_or(u64::MAX))
    }

    fn sum_of_middles(&self) -> u128 {
        let parts = self.counts.iter().enumerate();
        parts.map(|(bucket, &count)| u128::from(middle(bucket)) * u128::from(count)).sum()
    }
}

impl fmt::Debug for Merged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.percentiles())
    }
}

/// The place, from 1 on, of the sample at `share` in order.
#[expect(clippy::cast_possible_truncation, reason = "a share of `samples`")]
#[expect(clippy::cast_sign_loss, reason = "shares are not negative")]
#[expect(
    clippy::cast_precision_loss,
    reason = "a place among more than 2^52 samples needs no last digit"
)]
fn rank(samples: u64, share: f64) -> u64 {
    ((samples as f64 * share).ceil() as u64).clamp(1, samples.max(1))
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn random(state: &mut u64) -> u64 {
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        *state
    }

    /// Makes a value of evenly distributed ones in `0.0..1.0`.
    type Distribution = fn(&mut dyn FnMut() -> f64) -> f64;

    #[expect(clippy::cast_possible_truncation, reason = "saturates")]
    fn nanos(value: f64) -> u64 {
        value as u64
    }

    fn merged(values: &[u64]) -> Merged {
        let histogram = Histogram::new();
        values.iter().for_each(|&value| histogram.record(value));
        let mut merged = Merged::new();
        merged.add(&histogram);
        merged
    }

    #[test]
    fn buckets_follow_one_another_without_a_gap() {
        assert_eq!(bucket(u64::MAX), BUCKETS - 1);
        let mut edges: Vec<u64> = (0..64).map(|bit| 1 << bit).collect();
        edges.extend((0..64).map(|bit| u64::MAX >> bit));
        edges.extend(0..5_000);
        edges.sort_unstable();
        edges.dedup();
        for pair in edges.windows(2) {
            assert!(bucket(pair[0]) <= bucket(pair[1]), "{pair:?}");
            if pair[1] - pair[0] == 1 {
                assert!(bucket(pair[1]) - bucket(pair[0]) <= 1, "{pair:?}");
            }
        }
    }

    #[test]
    fn middle_of_a_bucket_is_in_it_and_within_three_percent_of_all_in_it() {
        for number in 0..BUCKETS {
            assert_eq!(bucket(middle(number)), number);
        }
        let mut state = 1;
        for _ in 0..100_000 {
            let value = random(&mut state) >> (random(&mut state) % 64);
            let error = middle(bucket(value)).abs_diff(value) as f64;
            assert!(error <= 0.03 * value as f64, "{value}");
        }
    }

    #[test]
    fn percentiles_are_within_three_percent_of_the_exact_ones() {
        let mut state = 0x9e37_79b9_7f4a_7c15;
        let mut uniform = || (random(&mut state) >> 11) as f64 / (1_u64 << 53) as f64;
        let distributions: [(&str, Distribution); 6] = [
            ("uniform", |u| u() * 1e6),
            ("exponential", |u| -u().max(1e-12).ln() * 50_000.0),
            ("pareto", |u| 1_000.0 / u().max(1e-9).powf(0.9)),
            ("log-normal", |u| (9.0 + 2.0 * ((0..12).map(|_| u()).sum::<f64>() - 6.0)).exp()),
            ("two peaks", |u| if u() < 0.97 { 80.0 + u() * 10.0 } else { 3e9 + u() * 1e9 }),
            ("constant", |_| 1_234_567.0),
        ];
        for (name, draw) in distributions {
            let mut values: Vec<u64> = (0..50_000).map(|_| nanos(draw(&mut uniform))).collect();
            let merged = merged(&values);
            values.sort_unstable();
            for share in [10, 2_500, 5_000, 9_000, 9_500, 9_900, 9_990, 9_999, 10_000] {
                let exact = values[(values.len() * share).div_ceil(10_000) - 1];
                let error = merged.quantile(share as f64 / 1e4).abs_diff(exact) as f64;
                assert!(error <= 0.03 * exact as f64, "{name} {share}: {exact}, off by {error}");
            }
            assert_eq!(merged.max, values[values.len() - 1], "{name}");
            let mean = values.iter().sum::<u64>() / values.len() as u64;
            assert_eq!(merged.mean(), Duration::from_nanos(mean), "{name}");
        }
    }

    #[test]
    fn several_histograms_are_read_as_one() {
        let [low, high] = [Histogram::new(), Histogram::new()];
        (1..=50).for_each(|value| low.record(value));
        (51..=60).for_each(|value| high.record(value));
        let mut both = Merged::new();
        both.add(&low);
        both.add(&high);
        let percentiles = both.percentiles();
        assert_eq!(percentiles.samples, 60);
        assert_eq!(percentiles.p50, Duration::from_nanos(30));
        assert_eq!(percentiles.p95, Duration::from_nanos(57));
        assert_eq!(percentiles.max, Duration::from_nanos(60));
    }

    #[test]
    fn nothing_recorded_is_zero() {
        let merged = merged(&[]);
        assert_eq!(merged.percentiles(), Percentiles::default());
        assert_eq!(merged.mean(), Duration::ZERO);
    }

    #[test]
    fn longest_times_saturate_the_sum_and_keep_the_mean() {
        let merged = merged(&[u64::MAX, u64::MAX, u64::MAX]);
        assert_eq!(merged.quantile(0.5).leading_zeros(), 0);
        let mean = merged.mean().as_nanos() as f64;
        assert!((mean / u64::MAX as f64 - 1.0).abs() < 0.03);
    }

    #[test]
    fn reader_beside_the_writer_sees_counts_that_only_grow() {
        let histogram = Histogram::new();
        std::thread::scope(|scope| {
            let writer = scope.spawn(|| (0..200_000).for_each(|value| histogram.record(value)));
            let mut before = 0;
            while !writer.is_finished() {
                let mut merged = Merged::new();
                merged.add(&histogram);
                assert!(merged.samples >= before);
                before = merged.samples;
            }
        });
        let mut merged = Merged::new();
        merged.add(&histogram);
        assert_eq!(merged.samples, 200_000);
    }
}
