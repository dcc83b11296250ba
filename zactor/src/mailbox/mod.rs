//! Layer 5: the rules of a mailbox - how much it holds, when room goes back, what a sender does about a receiver that is
//! far behind. The queue itself is `queue::mpsc`, its two ends stand in the cell.
//!
//! * Room goes back message by message up to a capacity of 1,024, so that a send is refused only when the mailbox is
//!   full; above it batch by batch (one atomic operation for many messages).
//! * Long before the capacity, a sender whose receiver is [`FAR_BEHIND`] ends its turn, and lets as many turns pass as the
//!   receiver needs, at most 64: a queue that stays in the cache costs a fifth of one that has outgrown it.

mod options;

pub use options::Overflow;

use crate::error::ConfigError;
use crate::queue::mpsc::{MAX_CAPACITY, UNBOUNDED};

/// Queued messages at which an actor that sends ends its turn after the current message, so that the receiver gets one.
pub(crate) const FAR_BEHIND: u32 = 64;

/// Up to this capacity room goes back message by message.
const EXACT_UP_TO: u32 = 1_024;

/// How much a mailbox holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Capacity {
    Messages(u32),
    Unbounded,
}

impl Capacity {
    /// What the mailbox's head compares its count with.
    pub(crate) fn limit(self) -> Result<u32, ConfigError> {
        match self {
            Capacity::Messages(n) if (1..=MAX_CAPACITY).contains(&n) => Ok(n),
            Capacity::Messages(n) => Err(ConfigError::invalid(
                "mailbox_capacity",
                n,
                format_args!("1..={MAX_CAPACITY}, or `unbounded`"),
            )),
            Capacity::Unbounded => Ok(UNBOUNDED),
        }
    }
}

#[inline(always)]
pub(crate) fn gives_room_back_at_once(limit: u32) -> bool {
    limit <= EXACT_UP_TO
}
