//! Which threads run an actor.

/// Which threads run an actor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Dispatcher {
    /// The system's workers, which all its actors share. The default. A handler must not block there.
    #[default]
    Shared,
    /// A thread of its own, for handlers that block.
    Pinned,
}
