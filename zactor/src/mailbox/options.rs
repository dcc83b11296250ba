//! What a user says about a mailbox: what happens when it is full.

/// What a send to a full mailbox does.
///
/// `send(message)` waits for room under every policy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Overflow {
    /// It fails with [`SendError::Full`](crate::error::SendError::Full); the message comes back. The default.
    #[default]
    Fail,
    /// It waits for room: a thread outside blocks; in a handler the message is admitted and the sender does
    /// not run again until the mailbox is half empty.
    Block,
    /// It succeeds; the new message becomes a dead letter.
    DropNew,
    /// It succeeds; the oldest message becomes a dead letter.
    DropOld,
}
