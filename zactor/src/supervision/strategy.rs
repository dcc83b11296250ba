//! Whom a failure concerns, and what a directive or an end comes to. Pure.

use std::ops::Range;

use super::{Directive, Failure, Restart};

/// Which children are restarted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Strategy {
    OneForOne,
    OneForAll,
    RestForOne,
}

impl Strategy {
    /// The children, by their place in the start order, that a failure of the one at `failed` concerns.
    /// They stop from the last to the first and start from the first to the last.
    pub(crate) fn concerned(self, failed: usize, children: usize) -> Range<usize> {
        match self {
            Self::OneForOne => failed..failed + 1,
            Self::OneForAll => 0..children,
            Self::RestForOne => failed..children,
        }
    }
}

/// How an incarnation came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// `ctx.stop()`.
    Normal,
    /// A panic or `ctx.fail(..)`.
    Failed,
    /// `stop`, `drain`, `kill`, the parent's end, a shutdown.
    Ordered,
}

impl Restart {
    /// Whether an actor of this type starts again after such an end.
    pub(crate) fn follows(self, end: End) -> bool {
        match (self, end) {
            (_, End::Ordered) | (Self::Temporary, _) | (Self::Transient, End::Normal) => false,
            (Self::Permanent, _) | (Self::Transient, End::Failed) => true,
        }
    }
}

impl Directive {
    /// What the directive comes to for a child of this type that failed so.
    pub(crate) fn applied(self, restart: Restart, failure: &Failure) -> Self {
        let wanted = match self {
            // Only an actor that has said itself that it failed may go on with its state.
            Self::Resume if failure.is_panic() || matches!(failure, Failure::RestartLimit) => {
                Self::Restart
            }
            other => other,
        };
        match wanted {
            Self::Restart if !restart.follows(End::Failed) => Self::Stop,
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_strategy_concerns_its_children_for_every_place() {
        for failed in 0..5 {
            assert_eq!(Strategy::OneForOne.concerned(failed, 5), failed..failed + 1);
            assert_eq!(Strategy::OneForAll.concerned(failed, 5), 0..5);
            assert_eq!(Strategy::RestForOne.concerned(failed, 5), failed..5);
        }
    }

    #[test]
    fn nine_ends_and_their_restarts() {
        use {End::*, Restart::*};
        for (restart, normal, failed) in
            [(Permanent, true, true), (Transient, false, true), (Temporary, false, false)]
        {
            assert_eq!(restart.follows(Normal), normal, "{restart:?}");
            assert_eq!(restart.follows(Failed), failed, "{restart:?}");
            assert!(!restart.follows(Ordered), "{restart:?}");
        }
    }

    #[test]
    fn resume_after_a_panic_is_a_restart_and_a_temporary_child_stops() {
        let [panic, error] = [Failure::Panic("x".into()), Failure::new("x")];
        let applied = |d: Directive, r, f| d.applied(r, f);
        assert_eq!(applied(Directive::Resume, Restart::Transient, &error), Directive::Resume);
        assert_eq!(applied(Directive::Resume, Restart::Temporary, &error), Directive::Resume);
        assert_eq!(applied(Directive::Resume, Restart::Transient, &panic), Directive::Restart);
        let limit = Failure::RestartLimit;
        assert_eq!(applied(Directive::Resume, Restart::Transient, &limit), Directive::Restart);
        assert_eq!(applied(Directive::Resume, Restart::Temporary, &panic), Directive::Stop);
        assert_eq!(applied(Directive::Restart, Restart::Temporary, &error), Directive::Stop);
        assert_eq!(applied(Directive::Escalate, Restart::Temporary, &panic), Directive::Escalate);
        assert_eq!(applied(Directive::Stop, Restart::Permanent, &error), Directive::Stop);
    }
}
