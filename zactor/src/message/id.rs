//! The number of an actor.

use std::fmt;

/// The number of an actor, unique in its system for the system's life: node (16 bits), slot (32),
/// generation (16). A slot whose generations are used up is never used again, so an id never comes to
/// mean another actor.
///
/// ```
/// use zactor::ActorId;
///
/// let id = ActorId::from_raw(0x1_0002);
/// assert_eq!(id.as_raw(), 0x1_0002);
/// assert_ne!(id, ActorId::NONE);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(transparent)]
pub struct ActorId(u64);

impl ActorId {
    /// Nobody: the sender of a message from outside. No actor ever has this id.
    pub const NONE: ActorId = ActorId(0);

    /// The id with this number, as [`as_raw`](Self::as_raw) gave it.
    #[must_use]
    pub const fn from_raw(raw: u64) -> Self {
        ActorId(raw)
    }

    /// The id as a number.
    #[must_use]
    pub const fn as_raw(self) -> u64 {
        self.0
    }

    /// A local actor's id. Generations count from 1, so no id is [`NONE`](Self::NONE).
    pub(crate) const fn local(slot: u32, generation: u16) -> Self {
        ActorId((slot as u64) << 16 | generation as u64)
    }

    pub(crate) const fn node(self) -> u16 {
        (self.0 >> 48) as u16
    }

    #[expect(clippy::cast_possible_truncation, reason = "cuts the field out")]
    pub(crate) const fn slot(self) -> u32 {
        (self.0 >> 16) as u32
    }

    #[expect(clippy::cast_possible_truncation, reason = "cuts the field out")]
    pub(crate) const fn generation(self) -> u16 {
        self.0 as u16
    }
}

impl fmt::Debug for ActorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.slot(), self.generation())?;
        if self.node() == 0 { Ok(()) } else { write!(f, "@{}", self.node()) }
    }
}

impl fmt::Display for ActorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::ActorId;

    #[test]
    fn fields_do_not_touch() {
        let id = ActorId::local(u32::MAX, 1);
        assert_eq!((id.node(), id.slot(), id.generation()), (0, u32::MAX, 1));
        assert_eq!(ActorId::local(0, 1).slot(), 0);
        assert_ne!(ActorId::local(0, 1), ActorId::NONE);
    }
}
