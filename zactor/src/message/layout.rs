//! `FastMessage`: the 64 bytes of a message, as user code may hold them.

use std::fmt;
use std::mem::{MaybeUninit, offset_of};

use super::ActorId;
use super::payload::BYTES;
use crate::error::PayloadTooLarge;

/// A message of exactly one cache line: who, to whom, when, which, and at most 32 bytes of payload.
///
/// One that user code holds carries raw bytes only, never a typed payload; typed messages are packed and
/// unpacked by the code that `#[actor]` generates.
///
/// ```
/// use zactor::{ActorId, FastMessage};
///
/// let mut message = FastMessage::new(ActorId::NONE, ActorId::from_raw(7), 3);
/// message.set_data(b"hello")?;
/// assert_eq!(message.data_bytes().map(|bytes| &bytes[..5]), Some(&b"hello"[..]));
/// assert!(message.set_data(&[0; 33]).is_err());
/// # Ok::<(), zactor::PayloadTooLarge>(())
/// ```
#[repr(C, align(64))]
#[derive(Clone)]
pub struct FastMessage {
    sender: ActorId,
    receiver: ActorId,
    timestamp: i64,
    message_type: u32,
    metadata: u32,
    data: [MaybeUninit<u8>; BYTES],
}

const _: () = assert!(size_of::<FastMessage>() == 64 && align_of::<FastMessage>() == 64);
const _: () =
    assert!(offset_of!(FastMessage, sender) == 0 && offset_of!(FastMessage, receiver) == 8);
const _: () = assert!(offset_of!(FastMessage, timestamp) == 16);
const _: () = assert!(offset_of!(FastMessage, message_type) == 24);
const _: () =
    assert!(offset_of!(FastMessage, metadata) == 28 && offset_of!(FastMessage, data) == 32);

impl FastMessage {
    /// A message without payload: all 32 bytes are zero.
    #[must_use]
    pub fn new(sender: ActorId, receiver: ActorId, message_type: u32) -> Self {
        FastMessage {
            sender,
            receiver,
            timestamp: 0,
            message_type,
            metadata: 0,
            data: [MaybeUninit::new(0); BYTES],
        }
    }

    /// Who sent it; [`ActorId::NONE`] from outside.
    #[must_use]
    pub fn sender(&self) -> ActorId {
        self.sender
    }

    /// Whom it is for.
    #[must_use]
    pub fn receiver(&self) -> ActorId {
        self.receiver
    }

    /// When it was sent, in nanoseconds since its system started; 0 = not sampled.
    #[must_use]
    pub fn timestamp(&self) -> i64 {
        self.timestamp
    }

    /// The tag of the message in its receiver's protocol.
    #[must_use]
    pub fn message_type(&self) -> u32 {
        self.message_type
    }

    /// Kind (lowest 4 bits; always tell where user code can hold the message) and flags.
    #[must_use]
    pub fn metadata(&self) -> u32 {
        self.metadata
    }

    /// Puts `bytes` at the front of the payload and zeroes the rest.
    ///
    /// # Errors
    /// [`PayloadTooLarge`] over 32 bytes; the payload is unchanged then.
    pub fn set_data(&mut self, bytes: &[u8]) -> Result<(), PayloadTooLarge> {
        if bytes.len() > BYTES {
            return Err(PayloadTooLarge { len: bytes.len() });
        }
        self.data = [MaybeUninit::new(0); BYTES];
        for (to, from) in self.data.iter_mut().zip(bytes) {
            *to = MaybeUninit::new(*from);
        }
        Ok(())
    }

    /// The 32 bytes of payload, `None` if they hold anything but raw bytes.
    #[must_use]
    pub fn data_bytes(&self) -> Option<&[u8]> {
        // SAFETY: `new` and `set_data`, the only writers, initialise all 32 bytes; the length is the array's.
        Some(unsafe { std::slice::from_raw_parts(self.data.as_ptr().cast::<u8>(), BYTES) })
    }
}

impl fmt::Debug for FastMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FastMessage")
            .field("sender", &self.sender)
            .field("receiver", &self.receiver)
            .field("timestamp", &self.timestamp)
            .field("message_type", &self.message_type)
            .field("metadata", &self.metadata)
            .finish_non_exhaustive()
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn shorter_data_leaves_nothing_of_the_longer_behind() {
        let mut message = FastMessage::new(ActorId::NONE, ActorId::NONE, 1);
        message.set_data(&[0xff; 32]).unwrap();
        message.set_data(&[1]).unwrap();
        assert_eq!(message.data_bytes().unwrap()[..2], [1, 0]);
        let refused = message.set_data(&[2; 33]).unwrap_err();
        assert_eq!(refused.len, 33);
        assert_eq!(message.data_bytes().unwrap()[0], 1);
    }
}
