//! How often and how soon a child may start again. Pure: times are nanoseconds of the system's clock,
//! chance is an argument.

use std::collections::VecDeque;
use std::time::Duration;

use super::Supervise;

/// Whether one more restart is within the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum Admitted {
    Yes,
    /// The limit is passed: the supervisor stops its children and fails.
    LimitReached,
}

/// The restarts of the last window, which slides.
#[derive(Debug, Default)]
pub(crate) struct Restarts {
    /// Times of the restarts admitted within the window, oldest first: never more than the limit.
    times: VecDeque<u64>,
    /// How many there were in all, where the window never ends.
    endless: u32,
}

impl Restarts {
    /// Counts a restart at `now`. Two restarts exactly `within` apart are in one window.
    pub(crate) fn admit(&mut self, now: u64, limits: &Supervise) -> Admitted {
        let limit = limits.max_restarts;
        let window = nanos(limits.within);
        if window == u64::MAX {
            // No restart ever leaves this window: a number says as much as the times, in less memory.
            if self.endless >= limit {
                return Admitted::LimitReached;
            }
            self.endless += 1;
            return Admitted::Yes;
        }
        while self.times.front().is_some_and(|&time| now.saturating_sub(time) > window) {
            self.times.pop_front();
        }
        if self.times.len() >= usize::try_from(limit).unwrap_or(usize::MAX) {
            return Admitted::LimitReached;
        }
        self.times.push_back(now);
        Admitted::Yes
    }
}

/// How many restarts in a row a child has behind it, for the length of the next delay.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Backoff {
    attempts: u32,
    /// When the child started last, until it fails: only an incarnation that has begun has a quiet time.
    started: Option<u64>,
}

impl Backoff {
    /// Records that the child has started at `now`: its quiet time begins.
    pub(crate) fn started(&mut self, now: u64) {
        self.started = Some(now);
    }

    /// The delay before the restart after a failure at `now`; zero without a back-off.
    /// `chance` is evenly distributed in `0.0..1.0`.
    pub(crate) fn next(&mut self, now: u64, limits: &Supervise, chance: f64) -> Duration {
        let Some((min, max)) = limits.backoff else { return Duration::ZERO };
        let quiet = nanos(limits.backoff_reset.unwrap_or(max));
        if self.started.take().is_some_and(|started| now.saturating_sub(started) >= quiet) {
            self.attempts = 0;
        }
        let delay = lengthened(doubled(min, max, self.attempts), limits.jitter * chance);
        self.attempts = self.attempts.saturating_add(1);
        delay
    }
}

/// `min * 2^times`, at most `max`.
fn doubled(min: Duration, max: Duration, times: u32) -> Duration {
    if min.as_nanos().leading_zeros() <= times {
        return max; // more bits than there are
    }
    let nanos = min.as_nanos() << times;
    if nanos >= max.as_nanos() {
        return max;
    }
    // Less than `max`, so the seconds fit.
    let seconds = u64::try_from(nanos / 1_000_000_000).unwrap_or(u64::MAX);
    let below = u32::try_from(nanos % 1_000_000_000).unwrap_or(0);
    Duration::new(seconds, below)
}

/// `delay * (1 + share)`, saturating.
fn lengthened(delay: Duration, share: f64) -> Duration {
    let more = Duration::try_from_secs_f64(delay.as_secs_f64() * share).unwrap_or(Duration::MAX);
    delay.saturating_add(more)
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;
    const MS: Duration = Duration::from_millis(1);

    fn limits(restarts: u32, within: Duration) -> Supervise {
        Supervise::one_for_one().max_restarts(restarts).within(within)
    }

    #[test]
    fn one_more_than_the_limit_within_the_window_trips() {
        let limits = limits(5, Duration::from_secs(10));
        let mut restarts = Restarts::default();
        for second in 0..5 {
            assert_eq!(restarts.admit(second * SECOND, &limits), Admitted::Yes);
        }
        assert_eq!(restarts.admit(10 * SECOND, &limits), Admitted::LimitReached);
    }

    #[test]
    fn window_slides() {
        let limits = limits(2, Duration::from_secs(10));
        let mut restarts = Restarts::default();
        assert_eq!(restarts.admit(0, &limits), Admitted::Yes);
        assert_eq!(restarts.admit(9 * SECOND, &limits), Admitted::Yes);
        assert_eq!(restarts.admit(10 * SECOND, &limits), Admitted::LimitReached);
        assert_eq!(restarts.admit(10 * SECOND + 1, &limits), Admitted::Yes);
        assert_eq!(restarts.admit(11 * SECOND, &limits), Admitted::LimitReached);
        assert_eq!(restarts.admit(20 * SECOND, &limits), Admitted::Yes);
    }

    #[test]
    fn zero_never_restarts() {
        for window in [Duration::from_nanos(1), Duration::MAX] {
            assert_eq!(Restarts::default().admit(7, &limits(0, window)), Admitted::LimitReached);
        }
    }

    #[test]
    fn endless_window_counts_exactly_and_keeps_no_times() {
        let limits = limits(1000, Duration::MAX);
        let mut restarts = Restarts::default();
        for n in 0..1000 {
            assert_eq!(restarts.admit(n << 50, &limits), Admitted::Yes);
        }
        assert_eq!(restarts.admit(u64::MAX, &limits), Admitted::LimitReached);
        assert!(restarts.times.is_empty());
    }

    #[test]
    fn random_restarts_agree_with_a_count_over_the_whole_history() {
        let mut random = 0x9e37_79b9_7f4a_7c15_u64;
        for case in 0..200_u32 {
            let limits = limits(case % 7, Duration::from_nanos(u64::from(case) * 13 + 1));
            let window = nanos(limits.within);
            let (mut restarts, mut history, mut now) = (Restarts::default(), Vec::new(), 0);
            for _ in 0..200 {
                random ^= random << 13;
                random ^= random >> 7;
                random ^= random << 17;
                now += random % 1000;
                let recent = history.iter().filter(|&&t| now - t <= window).count();
                let expected = recent < limits.max_restarts as usize;
                assert_eq!(restarts.admit(now, &limits) == Admitted::Yes, expected);
                if expected {
                    history.push(now);
                }
            }
        }
    }

    #[test]
    fn delays_double_up_to_the_longest() {
        let limits = Supervise::default().backoff(50 * MS..5000 * MS);
        let mut backoff = Backoff::default();
        backoff.started(1);
        let delays: Vec<_> = (0..9).map(|_| backoff.next(1, &limits, 0.9).as_millis()).collect();
        assert_eq!(delays, [50, 100, 200, 400, 800, 1600, 3200, 5000, 5000]);
    }

    #[test]
    fn quiet_time_brings_the_shortest_delay_back() {
        let limits = Supervise::default().backoff(MS..8 * MS).backoff_reset(Duration::from_secs(1));
        let mut backoff = Backoff::default();
        for expected in [1, 2, 4] {
            backoff.started(SECOND);
            assert_eq!(backoff.next(2 * SECOND - 1, &limits, 0.0), expected * MS);
        }
        backoff.started(SECOND);
        assert_eq!(backoff.next(2 * SECOND, &limits, 0.0), MS);
    }

    #[test]
    fn tries_that_do_not_start_are_no_quiet_time() {
        let limits = Supervise::default().backoff(MS..8 * MS).backoff_reset(Duration::from_secs(1));
        let mut backoff = Backoff::default();
        for (second, delays) in [(10, [1, 2, 4, 8, 8]), (1000, [1, 2, 4, 8, 8])] {
            // It lived long; then a try to start again fails every other second.
            for (n, expected) in (0..).zip(delays) {
                assert_eq!(backoff.next((second + 2 * n) * SECOND, &limits, 0.0), expected * MS);
            }
            backoff.started((second + 10) * SECOND);
        }
    }

    #[test]
    fn delay_saturates_for_every_attempt_and_length() {
        for (min, max) in [
            (Duration::from_nanos(1), Duration::MAX),
            (Duration::MAX, Duration::MAX),
            (Duration::from_secs(1), Duration::from_secs(1)),
        ] {
            let mut last = Duration::ZERO;
            for times in (0..200).chain([u32::MAX]) {
                let delay = doubled(min, max, times);
                assert!(delay >= last && delay >= min && delay <= max, "{min:?} {times}");
                last = delay;
            }
            assert_eq!(last, max);
        }
        assert_eq!(lengthened(Duration::MAX, 1.0), Duration::MAX);
        assert_eq!(lengthened(100 * MS, 0.5), 150 * MS);
        assert_eq!(lengthened(Duration::ZERO, 1.0), Duration::ZERO);
    }
}
