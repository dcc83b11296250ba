//! `Recipient`: a reference known by one message.

use std::fmt;

use super::actor_ref::{ActorRef, end_unreferenced};
use super::{Actor, Reply, Sending};
use crate::cell::{Local, Port, refuse};
use crate::error::SendError;
use crate::message::{Accepts, ActorId, Kind, Message};
use crate::scheduler::schedule;

/// A reference to any actor that accepts `M`: pointer and tag, 16 bytes, no table of functions.
///
/// ```
/// use zactor::prelude::*;
///
/// #[actor]
/// struct Counter { n: u64 }
///
/// #[handlers]
/// impl Counter {
///     fn add(&mut self, by: u64) { self.n += by; }
/// }
/// # let system = ActorSystem::start("doc")?;
/// let counter = system.spawn(Counter { n: 0 })?;
/// let adds: Recipient<CounterAdd> = counter.recipient();
/// adds.tell(CounterAdd { by: 1 })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Recipient<M>(pub(crate) Port<M>);

const _: () = assert!(size_of::<Recipient<u8>>() == 16);

impl<M> Clone for Recipient<M> {
    fn clone(&self) -> Self {
        Recipient::counted(self.0.clone())
    }
}

impl<M> Drop for Recipient<M> {
    #[inline]
    fn drop(&mut self) {
        if self.0.cell().unrefer() {
            end_unreferenced(self.0.cell());
        }
    }
}

impl<M> Recipient<M> {
    /// One more for a user.
    pub(super) fn counted(port: Port<M>) -> Self {
        port.cell().refer();
        Recipient(port)
    }
}

impl<M: Message> fmt::Debug for Recipient<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Recipient({}, {})", self.id(), self.0.cell().message_name(self.0.tag()))
    }
}

impl<A: Actor + Accepts<M>, M: Message> From<&ActorRef<A>> for Recipient<M> {
    fn from(reference: &ActorRef<A>) -> Self {
        reference.recipient()
    }
}

impl<M: Message> Recipient<M> {
    /// The actor's id.
    #[must_use]
    pub fn id(&self) -> ActorId {
        self.0.cell().id
    }

    /// Whether the actor lives.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.0.cell().is_alive()
    }

    /// Puts `message` into the mailbox and returns at once; see [`ActorRef::tell`].
    ///
    /// # Errors
    /// As [`ActorRef::tell`].
    #[inline]
    pub fn tell(&self, message: M) -> Result<(), SendError<M>> {
        let core = self.0.cell().core();
        let Some(local) = Local::to_send(core) else { return Err(refuse(self.0.cell(), message)) };
        let accepted = match self.0.push(&local, Kind::Tell, local.current(), message) {
            Err(SendError::WouldBlock(message)) => return self.send(message).wait(),
            pushed => pushed?,
        };
        if let Some(task) = accepted.0 {
            core.scheduler.schedule(&local, task);
        }
        Ok(())
    }

    /// Sends `message` as soon as there is room; see [`ActorRef::send`].
    pub fn send(&self, message: M) -> Sending<M> {
        Sending::begin(self.0.cell(), message, |local, message| {
            self.0.stand(local, Kind::Tell, local.current(), message)
        })
    }

    /// As [`tell`](Self::tell), of a dead letter.
    pub(crate) fn tell_letter(&self, letter: M) -> Result<(), SendError<M>> {
        let core = self.0.cell().core();
        let accepted = Local::with(core, |local| self.0.push_letter(local, letter))?;
        schedule(core, accepted.0);
        Ok(())
    }

    /// Sends `message` and promises its reply; see [`ActorRef::ask`].
    pub fn ask(&self, message: M) -> Reply<M::Reply> {
        Reply::ask_port(&self.0, message)
    }
}
