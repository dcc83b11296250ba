//! What time it is: one clock for each system, the real one or one that a test moves; and limits in real time.
//!
//! Nowhere else is the time read.

use std::fmt;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use crate::sync::atomic::{AtomicU64, Ordering};
use crate::sync::{Mutex, lock};

/// A time: nanoseconds since the start of the clock. It ends after 584 years.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Nanos(pub(crate) u64);

impl Nanos {
    /// As a deadline: never.
    pub(crate) const NEVER: Self = Self(u64::MAX);

    /// The time `delay` later; [`NEVER`](Self::NEVER) if that is past the end of time.
    pub(crate) fn after(self, delay: Duration) -> Self {
        let delay = u64::try_from(delay.as_nanos()).unwrap_or(u64::MAX);
        Self(self.0.saturating_add(delay))
    }

    /// How long after `earlier` this is; zero if it is before.
    pub(crate) fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

/// A limit in real time, for what no clock of a test can hurry: threads that are to return.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Until(Option<Instant>);

impl Until {
    /// There is no limit.
    pub(crate) const NEVER: Self = Self(None);

    /// `limit` from now; never, if that is past the end of time.
    pub(crate) fn after(limit: Duration) -> Self {
        Self(Instant::now().checked_add(limit))
    }

    /// What is left, zero once it is over; `None` if it never is.
    pub(crate) fn left(self) -> Option<Duration> {
        self.0.map(|until| until.saturating_duration_since(Instant::now()))
    }

    /// Whether it is over.
    pub(crate) fn is_over(self) -> bool {
        self.left() == Some(Duration::ZERO)
    }
}

/// The clock of a system.
#[derive(Clone, Debug)]
pub(crate) enum Clock {
    Real { start: Instant },
    Manual(ManualClock),
}

/// Called with the new time by whoever moves a manual clock; fires what is due.
pub(crate) type Follower = dyn Fn(Nanos) + Send + Sync;

impl Clock {
    /// The real clock, which begins now.
    pub(crate) fn real() -> Self {
        Self::Real { start: Instant::now() }
    }

    /// The time.
    #[inline]
    pub(crate) fn now(&self) -> Nanos {
        match self {
            Self::Real { start } => Nanos::default().after(start.elapsed()),
            Self::Manual(clock) => clock.nanos(),
        }
    }

    /// Whether time stands still unless a test moves it: a thread must not park until a deadline then.
    pub(crate) fn is_manual(&self) -> bool {
        matches!(self, Self::Manual(_))
    }

    /// Has `follower` called, as long as it lives, each time that the clock is moved, with no lock held.
    /// The real clock moves by itself and calls nobody.
    pub(crate) fn follow(&self, follower: Weak<Follower>) {
        if let Self::Manual(clock) = self {
            let mut followers = lock(&clock.0.followers);
            followers.retain(|known| known.strong_count() > 0);
            followers.push(follower);
        }
    }
}

/// A clock that stands still until a test moves it.
///
/// Given to a system with `builder.clock(clock.clone())`; every timer, time limit, back-off and restart window
/// of that system follows it, and nothing there follows the real time.
///
/// ```
/// use std::time::Duration;
/// use zactor::testing::ManualClock;
///
/// let clock = ManualClock::new();
/// clock.advance(Duration::from_secs(3600));
/// assert_eq!(clock.now(), Duration::from_secs(3600));
/// ```
///
/// A clone is the same clock. Several systems can share one.
#[derive(Clone, Default)]
pub struct ManualClock(Arc<Hands>);

struct Hands {
    now: AtomicU64,
    followers: Mutex<Vec<Weak<Follower>>>,
}

impl Default for Hands {
    fn default() -> Self {
        Self { now: AtomicU64::new(0), followers: Mutex::new(Vec::new()) }
    }
}

impl ManualClock {
    /// A clock that stands at zero.
    pub fn new() -> Self {
        Self::default()
    }

    /// Moves the time on, in one step, and returns when everything that is due has been put into mailboxes, in
    /// the order of the deadlines. It does not wait for the handlers.
    ///
    /// As after a real pause of this length, a periodic timer ticks once, not once for each period. The time
    /// goes no further than 584 years.
    pub fn advance(&self, by: Duration) {
        let mut before = self.nanos();
        let now = loop {
            let after = before.after(by);
            let (from, to) = (before.0, after.0);
            match self.0.now.compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => break after,
                Err(moved) => before = Nanos(moved),
            }
        };
        // Called without the lock: firing may wake code that makes or ends a system with this clock.
        let followers: Vec<_> = lock(&self.0.followers).iter().filter_map(Weak::upgrade).collect();
        for follower in followers {
            follower(now);
        }
    }

    /// The time since the clock was made.
    pub fn now(&self) -> Duration {
        Duration::from_nanos(self.nanos().0)
    }

    fn nanos(&self) -> Nanos {
        Nanos(self.0.now.load(Ordering::Acquire))
    }
}

impl fmt::Debug for ManualClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ManualClock").field(&self.now()).finish()
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn real_clock_begins_at_zero_and_never_goes_back() {
        let clock = Clock::real();
        let mut before = clock.now();
        assert!(before.since(Nanos(0)) < Duration::from_secs(60));
        for _ in 0..10_000 {
            let now = clock.now();
            assert!(now >= before);
            before = now;
        }
    }

    #[test]
    fn deadlines_past_the_end_of_time_are_never() {
        assert_eq!(Until::after(Duration::MAX).left(), None);
        assert!(Until::after(Duration::ZERO).is_over() && !Until::NEVER.is_over());
        assert_eq!(Nanos(5).after(Duration::MAX), Nanos::NEVER);
        assert_eq!(Nanos(u64::MAX - 1).after(Duration::from_nanos(1)), Nanos::NEVER);
        assert_eq!(Nanos(5).after(Duration::from_nanos(2)), Nanos(7));
        assert_eq!(Nanos(5).since(Nanos(7)), Duration::ZERO);
    }

    #[test]
    fn followers_hear_of_each_move_as_long_as_they_live() {
        let clock = ManualClock::new();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let follower: Arc<Follower> = Arc::new({
            let heard = Arc::clone(&heard);
            move |now: Nanos| heard.lock().unwrap().push(now.0)
        });
        Clock::Manual(clock.clone()).follow(Arc::downgrade(&follower));
        clock.advance(Duration::from_nanos(3));
        clock.clone().advance(Duration::MAX);
        drop(follower);
        clock.advance(Duration::from_nanos(1));
        assert_eq!(*heard.lock().unwrap(), [3, u64::MAX]);
        assert_eq!(clock.now(), Duration::from_nanos(u64::MAX));
    }

    #[test]
    fn follower_may_use_the_clock() {
        let clock = Clock::Manual(ManualClock::new());
        let follower: Arc<Follower> = Arc::new({
            let clock = clock.clone();
            move |now| {
                assert_eq!(clock.now(), now);
                clock.follow(Weak::<fn(Nanos)>::new());
            }
        });
        clock.follow(Arc::downgrade(&follower));
        let Clock::Manual(hand) = &clock else { unreachable!() };
        hand.advance(Duration::from_secs(1));
        hand.advance(Duration::from_secs(1));
    }

    #[test]
    fn moves_of_several_threads_add_up() {
        let clock = ManualClock::new();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..1_000).for_each(|_| clock.advance(Duration::from_nanos(1))));
            }
        });
        assert_eq!(clock.now(), Duration::from_nanos(4_000));
    }
}
