//! A message while it is queued: the same 64 bytes, with the link where the receiver stood.

use std::mem::MaybeUninit;

use super::payload::BYTES;
use super::{Message, Priority};
use crate::queue::mpsc::Link;
use crate::sync::atomic::AtomicPtr;

/// Where the link stands in a node, and in a cell (whose stub it is).
pub(crate) const LINK_OFFSET: usize = 8;

/// One queued message. Fields are written by the sender before it publishes the node, read by the owner of the
/// mailbox after it popped it; `link` alone is shared, and only the queue touches it.
///
/// `sender` is the sender's id for a tell, the reply slot for an ask (the slot knows the asker), the incarnation that
/// armed the timer for a timer's message (its sender is the actor itself), unused for a marker, whose continuation stands
/// in `data`.
#[repr(C, align(64))]
pub(crate) struct Node {
    pub(crate) sender: u64,
    link: AtomicPtr<Link>,
    pub(crate) timestamp: i64,
    pub(crate) message_type: u32,
    pub(crate) metadata: u32,
    pub(crate) data: [MaybeUninit<u8>; BYTES],
}

#[cfg(not(all(test, loom)))]
const _: () = {
    use std::mem::offset_of;
    assert!(size_of::<Node>() == 64 && align_of::<Node>() == 64);
    assert!(offset_of!(Node, sender) == 0 && offset_of!(Node, link) == LINK_OFFSET);
    assert!(offset_of!(Node, timestamp) == 16 && offset_of!(Node, message_type) == 24);
    assert!(offset_of!(Node, metadata) == 28 && offset_of!(Node, data) == 32);
};

/// What a queued message is: the lowest 4 bits of `metadata`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum Kind {
    Tell = 0,
    Ask = 1,
    /// Sent by a timer of the actor itself.
    Timer = 2,
    /// A continuation: neither counted nor refused.
    Marker = 8,
}

/// A flag of `metadata`: it was admitted above the capacity, and takes no room.
pub(crate) const OVER: u32 = 1 << 4;
/// A flag of `metadata`: a dead letter on its way to a subscriber; it makes no further one.
pub(crate) const LETTER: u32 = 1 << 5;
/// A flag of `metadata`: the tick of a periodic timer, whose message is still to be made; `data` holds a number.
pub(crate) const TICK: u32 = 1 << 6;
/// A flag of `metadata`: its receiver has put it aside.
pub(crate) const STASHED: u32 = 1 << 7;

/// A flag of `metadata`: a marker whose turn comes when all that was queued before it has been taken, in every lane.
pub(crate) const BEHIND: u32 = 1 << 10;

/// How many lanes a mailbox has.
pub(crate) const LANES: usize = 3;
/// Flags of `metadata`: the lane. None is the normal one.
const LANE_HIGH: u32 = 1 << 8;
const LANE_LOW: u32 = 1 << 9;

/// The lane of an `M`, as `metadata` says it.
pub(crate) const fn lane<M: Message>() -> u32 {
    match M::PRIORITY {
        Priority::High => LANE_HIGH,
        Priority::Normal => 0,
        Priority::Low => LANE_LOW,
    }
}

impl Kind {
    const MASK: u32 = 0xf;

    #[inline(always)]
    pub(crate) fn of(metadata: u32) -> Kind {
        match metadata & Self::MASK {
            0 => Kind::Tell,
            1 => Kind::Ask,
            2 => Kind::Timer,
            _ => Kind::Marker,
        }
    }
}

impl Node {
    pub(crate) fn kind(&self) -> Kind {
        Kind::of(self.metadata)
    }

    /// Its lane, the most important first.
    pub(crate) fn lane(&self) -> usize {
        match self.metadata & (LANE_HIGH | LANE_LOW) {
            LANE_HIGH => 0,
            LANE_LOW => 2,
            _ => 1,
        }
    }

    /// It is a marker, or above the capacity: the mailbox's count leaves it out.
    #[inline(always)]
    pub(crate) fn takes_no_room(&self) -> bool {
        self.metadata & (Kind::Marker as u32 | OVER) != 0
    }
}
