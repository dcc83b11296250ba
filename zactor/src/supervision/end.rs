//! How an actor ended, and what others learn of it.

use std::fmt;
use std::sync::Arc;

use super::Failure;
use crate::message::ActorId;

/// How an actor ended. A restart is no end.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum EndReason {
    /// Stopped by `stop()`, by its parent, or by itself.
    Stopped,
    /// Stopped by `drain()`, after everything that was accepted before it.
    Drained,
    /// Killed, or a child of one that was killed.
    Killed,
    /// Its system was shut down.
    Shutdown,
    /// It failed and was not started again.
    Failed(Failure),
    /// It had ended before the watch began, or never lived.
    NoSuchActor,
}

impl fmt::Display for EndReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stopped => f.write_str("stopped"),
            Self::Drained => f.write_str("drained"),
            Self::Killed => f.write_str("killed"),
            Self::Shutdown => f.write_str("shut down with its system"),
            Self::Failed(failure) => write!(f, "failed: {failure}"),
            Self::NoSuchActor => f.write_str("no such actor"),
        }
    }
}

/// Tells a watcher that an actor has ended: exactly once for each watch.
///
/// What that actor had sent to the watcher before is handled first.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Terminated {
    /// Who has ended.
    pub id: ActorId,
    /// Its name, if it had one; it is free again.
    pub name: Option<Arc<str>>,
    /// How it ended.
    pub reason: EndReason,
}

/// A child, as its supervisor sees it when it decides about a failure.
#[derive(Clone, Debug)]
pub struct ChildRef {
    pub(crate) id: ActorId,
    pub(crate) name: Option<Arc<str>>,
    pub(crate) restarts: u64,
}

impl ChildRef {
    /// The child's id; it stays the same across restarts.
    pub fn id(&self) -> ActorId {
        self.id
    }

    /// The child's name, if it has one.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// How often the child has been restarted so far; see [`ActorCounts::restarted`](crate::ActorCounts::restarted).
    pub fn restarts(&self) -> u64 {
        self.restarts
    }
}
