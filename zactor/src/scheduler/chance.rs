//! The system's source of chance: everything random in a system comes from here.

use crate::sync::atomic::{AtomicU64, Ordering};

/// A sequence of numbers, the same for the same seed.
pub(crate) struct Chance(AtomicU64);

/// What two draws are apart in the state, as in SplitMix64.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Chance(AtomicU64::new(seed))
    }

    /// A seed that differs from run to run: where this process lies in memory.
    pub(crate) fn seed() -> u64 {
        let here = Box::new(0_u8);
        (std::ptr::from_ref(&*here) as u64) ^ (u64::from(std::process::id()) << 40)
    }

    fn next(&self) -> u64 {
        let mut z = self.0.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Evenly distributed in `0.0..1.0`.
    #[expect(clippy::cast_precision_loss, reason = "53 bits are what an f64 holds")]
    pub(crate) fn share(&self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[cfg(test)]
#[cfg(not(loom))]
mod tests {
    use super::*;

    #[test]
    fn shares_are_in_range_and_the_same_for_the_same_seed() {
        let [a, b] = [Chance::new(7), Chance::new(7)];
        let mut sum = 0.0;
        for _ in 0..1000 {
            let share = a.share();
            assert!((0.0..1.0).contains(&share));
            assert_eq!(share.to_bits(), b.share().to_bits());
            sum += share;
        }
        assert!((400.0..600.0).contains(&sum), "{sum}");
    }
}
