//! What generated code may name. Not for users: no promise is kept here between versions.

use std::fmt::{self, Debug};
use std::marker::PhantomData;

pub use crate::actor::Protocol;
use crate::actor::{Actor, AsyncHandler, Context, ReplyTo, answer};
use crate::cell;
use crate::mailbox::{Capacity, Overflow};
pub use crate::message::inline::assert_inline;
use crate::message::{Accepts, Message, Priority};
use crate::scheduler::Dispatcher;
use crate::supervision::Supervise;

/// What `#[actor(..)]` says besides the messages.
#[derive(Debug)]
pub struct Options {
    pub(crate) capacity: Option<Capacity>,
    pub(crate) overflow: Option<Overflow>,
    pub(crate) batch: Option<u32>,
    pub(crate) supervise: Option<Supervise>,
    pub(crate) decides: bool,
    pub(crate) priority: Priority,
    pub(crate) dispatcher: Dispatcher,
}

impl Options {
    /// Nothing was said.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "for constants")]
    pub const fn new() -> Self {
        Options {
            capacity: None,
            overflow: None,
            batch: None,
            supervise: None,
            decides: false,
            priority: Priority::Normal,
            dispatcher: Dispatcher::Shared,
        }
    }

    /// `mailbox(capacity = n)`
    #[must_use]
    pub const fn capacity(mut self, messages: u32) -> Self {
        self.capacity = Some(Capacity::Messages(messages));
        self
    }

    /// `mailbox(unbounded)`
    #[must_use]
    pub const fn unbounded(mut self) -> Self {
        self.capacity = Some(Capacity::Unbounded);
        self
    }

    /// `batch = n`
    #[must_use]
    pub const fn batch(mut self, messages: u32) -> Self {
        self.batch = Some(messages);
        self
    }

    /// `mailbox(overflow = block)`
    #[must_use]
    pub const fn overflow(mut self, policy: Overflow) -> Self {
        self.overflow = Some(policy);
        self
    }

    /// `supervise(..)`
    #[must_use]
    pub const fn supervise(mut self, supervise: Supervise) -> Self {
        self.supervise = Some(supervise);
        self
    }

    /// `supervisor`: the actor decides about its children by their failures.
    #[must_use]
    pub const fn supervisor(mut self) -> Self {
        self.decides = true;
        self
    }

    /// `priority = high`
    #[must_use]
    pub const fn priority(mut self, priority: Priority) -> Self {
        self.priority = priority;
        self
    }

    /// `dispatcher = pinned`
    #[must_use]
    pub const fn dispatcher(mut self, dispatcher: Dispatcher) -> Self {
        self.dispatcher = dispatcher;
        self
    }
}

/// A message on its way into a handler of `A`.
pub struct Delivery<'t, A> {
    delivery: cell::Delivery<'t>,
    actor: PhantomData<fn(A)>,
}

impl<A> Debug for Delivery<'_, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delivery").finish_non_exhaustive()
    }
}

impl<'t, A> Delivery<'t, A> {
    #[inline(always)]
    pub(crate) fn new(delivery: cell::Delivery<'t>) -> Self {
        Delivery { delivery, actor: PhantomData }
    }

    /// Which message it is.
    #[inline(always)]
    #[must_use]
    pub fn tag(&self) -> u32 {
        self.delivery.tag()
    }

    /// The message.
    ///
    /// # Panics
    /// If it is another one: the tag says which it is.
    #[inline(always)]
    #[must_use]
    pub fn take<M: Message>(self) -> M
    where
        A: Accepts<M>,
    {
        self.delivery.take::<A, M>()
    }

    /// No message of the protocol has this tag.
    ///
    /// # Panics
    /// Always: senders take their tags from the protocol.
    #[cold]
    pub fn unknown(self) {
        unreachable!("no message has the tag {}", self.tag());
    }
}

/// A message that no handler of `A` will see.
#[derive(Debug)]
pub struct Undelivered<'t, A>(Delivery<'t, A>);

impl<'t, A> Undelivered<'t, A> {
    pub(crate) fn new(delivery: cell::Delivery<'t>) -> Self {
        Undelivered(Delivery::new(delivery))
    }

    /// Which message it is.
    #[must_use]
    pub fn tag(&self) -> u32 {
        self.0.tag()
    }

    /// Drops the message.
    pub fn discard<M: Message>(self)
    where
        A: Accepts<M>,
    {
        // The message of a tick was never made.
        if !self.0.delivery.is_tick() {
            drop(self.0.take::<M>());
        }
    }

    /// No message of the protocol has this tag.
    pub fn unknown(self) {
        self.0.unknown();
    }
}

/// The handler of `M` has returned `reply`: it answers the ask, or is dropped for a tell.
#[inline(always)]
pub fn reply<A: Actor + Accepts<M>, M: Message>(ctx: &mut Context<A>, reply: M::Reply) {
    answer::<A, M>(ctx, reply);
}

/// The right to answer the message of the handler that is about to run.
#[inline]
pub fn reply_to<A: Actor + Accepts<M>, M: Message>(ctx: &mut Context<A>) -> ReplyTo<M::Reply> {
    crate::actor::reply_to::<A, M>(ctx)
}

/// Runs an async handler: up to its end, or to its first wait.
#[inline]
pub fn run_async<A: AsyncHandler<M> + Accepts<M>, M: Message>(
    actor: &mut A,
    message: M,
    ctx: &mut Context<A>,
) {
    crate::actor::begin_async(actor, message, ctx);
}

/// A message that nobody can make: a second one for actors with a single message, so that rustc infers none.
pub struct Never<A>(std::convert::Infallible, PhantomData<fn() -> A>);

impl<A> Debug for Never<A> {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {}
    }
}

impl<A: 'static> Message for Never<A> {
    type Reply = ();
}

/// Shows a payload: by its `Debug`, or else by its name.
#[derive(Debug)]
pub struct Show<'a, T>(pub &'a T);

/// First choice: the payload is `Debug`.
pub trait ViaDebug {
    /// Shows it.
    ///
    /// # Errors
    /// As the formatter.
    fn show(&self, name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result;
}

impl<T: Debug> ViaDebug for Show<'_, T> {
    fn show(&self, _: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Second choice, found one reference further: the name alone.
pub trait ViaName {
    /// Shows it.
    ///
    /// # Errors
    /// As the formatter.
    fn show(&self, name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result;
}

impl<T> ViaName for &Show<'_, T> {
    fn show(&self, name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(name)
    }
}
