//! `ActorRef`: sends to one actor, and ends it.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::sync::Weak;

use super::{Actor, Recipient, Reply, Sending, StopHandle};
use crate::cell::state::order;
use crate::cell::{Batch, CellRef, Local, Ref, refuse};
use crate::error::{BatchError, SendError};
use crate::message::{Accepts, ActorId, Kind, Message};
use crate::scheduler::schedule;
use crate::system::Core;

/// A reference to an actor: what is sent through it is checked against the actor's protocol while compiling.
///
/// It is 8 bytes, may be cloned and sent anywhere, and stays valid when the actor has ended: sends give the message
/// back then. It keeps the actor's memory, not the actor: that lives until it is stopped, fails, or its parent ends, or, if
/// it was started [so](crate::ActorBuilder::stop_when_unreferenced), until nobody has a reference any more.
/// Two references are equal if they lead to the same actor.
pub struct ActorRef<A>(pub(crate) Ref<A>);

const _: () = assert!(size_of::<Option<ActorRef<u8>>>() == 8);

impl<A> Clone for ActorRef<A> {
    fn clone(&self) -> Self {
        ActorRef::counted(self.0.clone())
    }
}

impl<A> Drop for ActorRef<A> {
    #[inline]
    fn drop(&mut self) {
        if self.0.unrefer() {
            end_unreferenced(self.0.cell());
        }
    }
}

/// The last reference of a user goes, to an actor that ends then.
#[cold]
#[inline(never)]
pub(super) fn end_unreferenced(cell: &CellRef) {
    schedule(cell.core(), cell.order_drain(order::DRAIN));
}

impl<A> PartialEq for ActorRef<A> {
    fn eq(&self, other: &Self) -> bool {
        self.id() == other.id()
    }
}

impl<A> Eq for ActorRef<A> {}

impl<A> Hash for ActorRef<A> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.id().hash(state);
    }
}

impl<A> fmt::Debug for ActorRef<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ActorRef({}", self.id())?;
        match self.name() {
            Some(name) => write!(f, ", {name:?})"),
            None => f.write_str(")"),
        }
    }
}

impl<A> From<&ActorRef<A>> for ActorId {
    fn from(reference: &ActorRef<A>) -> Self {
        reference.id()
    }
}

impl<A> ActorRef<A> {
    /// One more for a user.
    pub(crate) fn counted(reference: Ref<A>) -> Self {
        reference.refer();
        ActorRef(reference)
    }

    /// The actor's id.
    #[must_use]
    pub fn id(&self) -> ActorId {
        self.0.id
    }

    /// The name that it was given.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.0.name().map(|name| &**name)
    }

    /// Whether the actor lives: true until its end begins, false from then on.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.0.is_alive()
    }

    /// Ends the actor after the message that it is handling; what is queued becomes dead letters. The result waits for
    /// the end, and may be dropped. Harmless on an actor that has ended.
    pub fn stop(&self) -> StopHandle {
        schedule(self.0.core(), self.0.cell().order(order::STOP));
        StopHandle::new(self.0.cell().clone())
    }

    /// Closes the mailbox at once and ends the actor when it has handled all that is queued. The result waits for the
    /// end, and may be dropped.
    pub fn drain(&self) -> StopHandle {
        schedule(self.0.core(), self.0.cell().order_drain(order::DRAIN));
        StopHandle::new(self.0.cell().clone())
    }

    /// Ends the actor without handling anything more and without hooks; a handler that runs is not interrupted. The
    /// result waits for the end, and may be dropped.
    pub fn kill(&self) -> StopHandle {
        schedule(self.0.core(), self.0.cell().order(order::KILL));
        StopHandle::new(self.0.cell().clone())
    }

    /// Waits for the actor's end without asking for it.
    pub fn ended(&self) -> StopHandle {
        StopHandle::new(self.0.cell().clone())
    }

    /// A reference that keeps nothing.
    #[must_use]
    pub fn downgrade(&self) -> WeakActorRef<A> {
        WeakActorRef { system: self.0.core().weak(), id: self.id(), actor: PhantomData }
    }

    /// `sender`: `None` is whoever runs on this thread.
    #[inline(always)]
    pub(crate) fn push<M: Message>(
        &self,
        kind: Kind,
        sender: Option<u64>,
        message: M,
    ) -> Result<(), SendError<M>>
    where
        A: Accepts<M>,
    {
        let core = self.0.core();
        let Some(local) = Local::to_send(core) else { return Err(refuse(self.0.cell(), message)) };
        let sender = sender.unwrap_or_else(|| local.current());
        let accepted = match self.0.push(&local, kind, sender, message) {
            Err(SendError::WouldBlock(message)) => return self.push_in_line(kind, sender, message),
            pushed => pushed?,
        };
        if let Some(task) = accepted.0 {
            core.scheduler.schedule(&local, task);
        }
        Ok(())
    }

    /// Waits for room, outside of workers.
    #[cold]
    #[inline(never)]
    fn push_in_line<M: Message>(
        &self,
        kind: Kind,
        sender: u64,
        message: M,
    ) -> Result<(), SendError<M>>
    where
        A: Accepts<M>,
    {
        let line = Local::with(self.0.core(), |local| self.0.stand(local, kind, sender, message));
        Sending::new(line).wait()
    }
}

impl<A: Actor> ActorRef<A> {
    /// Puts `message` into the mailbox and returns at once. `Ok` means accepted by a live actor, not handled.
    ///
    /// Messages of one sender keep their order. One atomic operation; allocates only for an `M` over 32 bytes.
    ///
    /// At the capacity the mailbox's [policy](crate::Overflow) decides. Under [`Block`](crate::Overflow::Block) a call from
    /// a thread outside waits for room, behind those who wait already.
    ///
    /// # Errors
    /// [`Full`](SendError::Full) at the capacity of a mailbox whose policy is [`Fail`](crate::Overflow::Fail),
    /// [`Closed`](SendError::Closed) once the actor has ended; the message comes back.
    ///
    /// ```
    /// # use zactor::prelude::*;
    /// # #[actor]
    /// # struct Counter { n: u64 }
    /// # #[handlers]
    /// # impl Counter { fn add(&mut self, by: u64) { self.n += by; } }
    /// # let system = ActorSystem::start("doc")?;
    /// let counter = system.spawn(Counter { n: 0 })?;
    /// counter.tell(CounterAdd { by: 3 })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn tell<M: Message>(&self, message: M) -> Result<(), SendError<M>>
    where
        A: Accepts<M>,
    {
        self.push(Kind::Tell, None, message)
    }

    /// Sends `message` as soon as there is room, whatever the mailbox's policy. It is sent, or takes its place in the line of
    /// those who wait, by this call; the outcome is awaited, or waited for ([`Sending::wait`], outside of workers). Dropping
    /// it before takes the message back.
    ///
    /// ```
    /// use std::time::Duration;
    /// # use zactor::prelude::*;
    /// # #[actor]
    /// # struct Counter { n: u64 }
    /// # #[handlers]
    /// # impl Counter { fn add(&mut self, by: u64) { self.n += by; } }
    /// # let system = ActorSystem::start("doc")?;
    /// let counter = system.actor_of(Counter { n: 0 }).mailbox_capacity(1).spawn()?;
    /// for by in 0..100 {
    ///     counter.send(CounterAdd { by }).timeout(Duration::from_secs(5)).wait()?;
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn send<M: Message>(&self, message: M) -> Sending<M>
    where
        A: Accepts<M>,
    {
        Sending::begin(self.0.cell(), message, |local, message| {
            self.0.stand(local, Kind::Tell, local.current(), message)
        })
    }

    /// Sends a message chosen at run time: a variant of the enum that `#[actor]` made.
    ///
    /// # Errors
    /// As [`tell`](Self::tell).
    pub fn tell_any(&self, message: A::Message) -> Result<(), SendError<A::Message>> {
        A::send_any(self, message)
    }

    /// Sends many messages, up to 64 with one publication. Says how many.
    ///
    /// # Errors
    /// [`BatchError`] when one did not get in: those before it did, it comes back with those after it that had been
    /// taken from `messages` (at most 63); the iterator keeps the others (pass it `by_ref()`). A full mailbox refuses under
    /// [`Fail`](crate::Overflow::Fail) alone; else its policy decides about each message that does not fit.
    pub fn tell_batch<M: Message>(
        &self,
        messages: impl IntoIterator<Item = M>,
    ) -> Result<usize, BatchError<M>>
    where
        A: Accepts<M>,
    {
        let core = self.0.core();
        let mut messages = messages.into_iter().fuse();
        let mut accepted = 0;
        loop {
            let batch = match Local::to_send(core) {
                Some(local) => self.0.push_chain(&local, &mut messages),
                None => Batch::refused(self.0.cell(), &mut messages),
            };
            accepted += batch.accepted;
            schedule(core, batch.task);
            match batch.refused {
                Some((SendError::WouldBlock(first), rest)) => {
                    accepted += self.wait_for_all(accepted, first, rest)?;
                }
                Some((error, rest)) => return Err(BatchError { accepted, error, rest }),
                None if batch.accepted == 0 => return Ok(accepted),
                None => {}
            }
        }
    }

    /// What is left of a batch stands in line, one after the other. Says how many.
    fn wait_for_all<M: Message>(
        &self,
        accepted: usize,
        first: M,
        rest: Vec<M>,
    ) -> Result<usize, BatchError<M>>
    where
        A: Accepts<M>,
    {
        let mut sent = 0;
        let mut rest = rest.into_iter();
        let mut next = Some(first);
        while let Some(message) = next {
            if let Err(error) = self.send(message).wait() {
                return Err(BatchError { accepted: accepted + sent, error, rest: rest.collect() });
            }
            sent += 1;
            next = rest.next();
        }
        Ok(sent)
    }

    /// Sends `message` and promises its reply. It is sent by this call; the reply is awaited, waited for
    /// ([`Reply::wait`], outside of workers), or dropped.
    ///
    /// Ends with an error after `ask_timeout` of the configuration, or after [`Reply::timeout`].
    pub fn ask<M: Message>(&self, message: M) -> Reply<M::Reply>
    where
        A: Accepts<M>,
    {
        Reply::ask(self, message)
    }

    /// A reference that knows this actor by one message.
    #[must_use]
    pub fn recipient<M: Message>(&self) -> Recipient<M>
    where
        A: Accepts<M>,
    {
        Recipient::counted(self.0.port())
    }
}

/// A reference that does not keep the actor's memory.
pub struct WeakActorRef<A> {
    system: Weak<Core>,
    id: ActorId,
    actor: PhantomData<fn(A)>,
}

impl<A> Clone for WeakActorRef<A> {
    fn clone(&self) -> Self {
        WeakActorRef { system: self.system.clone(), id: self.id, actor: PhantomData }
    }
}

impl<A> fmt::Debug for WeakActorRef<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WeakActorRef({})", self.id)
    }
}

impl<A> WeakActorRef<A> {
    /// The actor's id.
    #[must_use]
    pub fn id(&self) -> ActorId {
        self.id
    }
}

impl<A: 'static> WeakActorRef<A> {
    /// The reference, while the actor lives.
    #[must_use]
    pub fn upgrade(&self) -> Option<ActorRef<A>> {
        let core = self.system.upgrade()?;
        let cell = core.ids.resolve(self.id)?;
        if cell.is_alive() { Ref::of(cell).map(ActorRef::counted) } else { None }
    }
}
