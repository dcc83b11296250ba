//! Which threads run an actor.

/// Which threads run an actor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Dispatcher {
    /// The system's workers, which all its actors share. The default. A handler must not block there.
    #[default]
    Shared,
    /// A thread of its own, for handlers that block: a blocking wait is allowed there, in hooks it is not. A wait that could
    /// never end, for itself or in a cycle of such actors that ask each other, is `WouldDeadlock`. Costs a thread while the
    /// actor lives, and waking that thread for most messages.
    Pinned,
}
