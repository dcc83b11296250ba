//! What goes first.

/// What goes first: of an actor, among those that are ready; of a message, in its mailbox.
///
/// A weight, not an order: each class with work gets at least one turn in eight.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Priority {
    /// Before the others.
    High,
    /// The default.
    #[default]
    Normal,
    /// After the others.
    Low,
}
