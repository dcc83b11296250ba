//! What a user says about children: which restart, how often, how soon.

use std::ops::Range;
use std::time::Duration;

use super::strategy::Strategy;
use crate::error::ConfigError;

/// What a supervisor decides about a child that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Directive {
    /// Start a new incarnation. For a [`Temporary`](Restart::Temporary) child this is a stop.
    Restart,
    /// Stop the child for good.
    Stop,
    /// Go on with the state as it is; after a panic, or past the limit of restarts, this is a restart.
    Resume,
    /// Fail with the child's failure, and let the next supervisor decide.
    Escalate,
}

/// After which ends an actor starts again.
///
/// An order from outside - `stop`, `drain`, `kill`, the parent's own end, a shutdown - is final for all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Restart {
    /// After every end of its own, a normal one (`ctx.stop()`) included.
    Permanent,
    /// After a failure. The default of an actor that is made by a factory.
    Transient,
    /// Never. The default, and the only choice, of an actor that is given as a value.
    Temporary,
}

/// How a supervisor treats its children when one of them fails.
///
/// ```
/// use std::time::Duration;
/// use zactor::Supervise;
///
/// let children = Supervise::rest_for_one()
///     .max_restarts(10)
///     .within(Duration::from_secs(60))
///     .backoff(Duration::from_millis(50)..Duration::from_secs(5))
///     .jitter(0.2);
/// ```
/// Values are checked where the supervisor is spawned.
#[derive(Clone, Debug, PartialEq)]
#[must_use = "give it to an actor or to the system"]
pub struct Supervise {
    pub(crate) strategy: Strategy,
    pub(crate) max_restarts: u32,
    pub(crate) within: Duration,
    /// Shortest and longest delay before a restart.
    pub(crate) backoff: Option<(Duration, Duration)>,
    pub(crate) jitter: f64,
    pub(crate) backoff_reset: Option<Duration>,
}

impl Supervise {
    const fn new(strategy: Strategy) -> Self {
        Self {
            strategy,
            max_restarts: 5,
            within: Duration::from_secs(10),
            backoff: None,
            jitter: 0.0,
            backoff_reset: None,
        }
    }

    /// Only the child that failed is restarted. What an actor does that says nothing.
    pub const fn one_for_one() -> Self {
        Self::new(Strategy::OneForOne)
    }

    /// All children stop in reverse start order, then start in start order.
    pub const fn one_for_all() -> Self {
        Self::new(Strategy::OneForAll)
    }

    /// The child that failed and those that were started after it stop in reverse start order, then
    /// start in start order.
    pub const fn rest_for_one() -> Self {
        Self::new(Strategy::RestForOne)
    }

    /// Most restarts within the window of [`within`](Self::within). Default: 5; 0 never restarts.
    ///
    /// One more stops all children and fails the supervisor with
    /// [`RestartLimit`](super::Failure::RestartLimit).
    pub const fn max_restarts(mut self, restarts: u32) -> Self {
        self.max_restarts = restarts;
        self
    }

    /// The sliding window in which restarts are counted, above 0. Default: 10 s.
    pub const fn within(mut self, window: Duration) -> Self {
        self.within = window;
        self
    }

    /// Delay before a restart: the start of the range, doubled with each restart up to its end. Default: none.
    ///
    /// The start is above 0 and at most the end. Messages queue meanwhile; a stop is immediate.
    pub const fn backoff(mut self, delays: Range<Duration>) -> Self {
        self.backoff = Some((delays.start, delays.end));
        self
    }

    /// Lengthens each delay by a random share of up to `share` of it, `0.0..=1.0`. Default: 0.
    pub const fn jitter(mut self, share: f64) -> Self {
        self.jitter = share;
        self
    }

    /// Time without a failure after which delays begin at the shortest again, above 0. Default: the longest delay.
    pub const fn backoff_reset(mut self, quiet: Duration) -> Self {
        self.backoff_reset = Some(quiet);
        self
    }

    /// Whether all values are in their ranges; called before anything starts.
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        let above_zero = |field, value: Duration| match value {
            Duration::ZERO => Err(ConfigError::invalid(field, "0 ns", "1 ns and more")),
            _ => Ok(()),
        };
        above_zero("supervise.within", self.within)?;
        above_zero("supervise.backoff_reset", self.backoff_reset.unwrap_or(Duration::MAX))?;
        if let Some((min, max)) = self.backoff {
            above_zero("supervise.backoff", min)?;
            if min > max {
                return Err(ConfigError::invalid(
                    "supervise.backoff",
                    format_args!("{min:?}..{max:?}"),
                    "ranges that do not end before they start",
                ));
            }
        }
        if !(0.0..=1.0).contains(&self.jitter) {
            return Err(ConfigError::invalid("supervise.jitter", self.jitter, "0.0..=1.0"));
        }
        Ok(())
    }
}

/// What an actor was started with, where that is not the default.
#[derive(Clone, Debug, Default)]
pub(crate) struct Given {
    pub(crate) supervise: Option<Supervise>,
    /// How long its children may take to stop when it stops.
    pub(crate) stop_timeout: Option<Duration>,
    /// A restart leaves its children alone.
    pub(crate) keep_children: bool,
}

impl Given {
    pub(crate) fn is_default(&self) -> bool {
        self.supervise.is_none() && self.stop_timeout.is_none() && !self.keep_children
    }
}

impl Default for Supervise {
    /// [`one_for_one`](Self::one_for_one), 5 restarts in 10 s, no back-off.
    fn default() -> Self {
        Self::one_for_one()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[track_caller]
    fn refuses(supervise: &Supervise, text: &str) {
        assert_eq!(supervise.check().unwrap_err().to_string(), text);
    }

    #[test]
    fn values_outside_their_ranges_are_refused() {
        let base = Supervise::default;
        refuses(
            &base().within(Duration::ZERO),
            "`supervise.within` is 0 ns, allowed are 1 ns and more",
        );
        refuses(
            &base().backoff(5 * MS..2 * MS),
            "`supervise.backoff` is 5ms..2ms, allowed are ranges that do not end before they start",
        );
        refuses(
            &base().backoff(Duration::ZERO..MS),
            "`supervise.backoff` is 0 ns, allowed are 1 ns and more",
        );
        refuses(
            &base().backoff_reset(Duration::ZERO),
            "`supervise.backoff_reset` is 0 ns, allowed are 1 ns and more",
        );
        for share in [-0.1, 1.1, f64::NAN, f64::INFINITY] {
            assert!(base().jitter(share).check().is_err(), "{share}");
        }
    }

    #[test]
    fn values_at_the_ends_of_their_ranges_are_accepted() {
        let base = Supervise::default;
        for supervise in [
            base(),
            base().max_restarts(0).within(Duration::MAX),
            base().max_restarts(u32::MAX).within(Duration::from_nanos(1)),
            base().backoff(MS..MS).jitter(1.0),
            base().backoff(MS..Duration::MAX).backoff_reset(Duration::MAX).jitter(0.0),
        ] {
            assert_eq!(supervise.check(), Ok(()), "{supervise:?}");
        }
    }

    #[test]
    fn options_are_made_while_compiling() {
        const CHILDREN: Supervise =
            Supervise::one_for_all().max_restarts(1).backoff(MS..MS).jitter(0.5);
        assert_eq!(CHILDREN.strategy, Strategy::OneForAll);
    }
}
