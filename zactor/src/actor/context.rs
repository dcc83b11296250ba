//! What a handler may do.

use std::cell::OnceCell;
use std::fmt;
use std::mem::ManuallyDrop;

use super::{Actor, ActorRef};
use crate::cell::{Answer, Family, Local, Ref};
use crate::error::SendError;
use crate::message::{Accepts, ActorId, Kind, Message};
use crate::supervision::Failure;
use crate::sync::lock;
use crate::system::ActorSystem;

/// The running actor, as its handler sees it.
///
/// ```
/// use zactor::prelude::*;
///
/// #[derive(Message)]
/// struct Count(u32);
///
/// #[actor(Count)]
/// struct Countdown;
///
/// impl Handler<Count> for Countdown {
///     fn handle(&mut self, Count(n): Count, ctx: &mut Context<Self>) {
///         if n == 0 {
///             ctx.stop();
///         } else {
///             ctx.tell_self(Count(n - 1)).ok();
///         }
///     }
/// }
/// # let system = ActorSystem::start("doc")?;
/// let countdown = system.spawn(Countdown)?;
/// countdown.tell(Count(10))?;
/// countdown.ended().wait()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Context<A> {
    me: ManuallyDrop<ActorRef<A>>,
    /// Made when it is asked for.
    system: OnceCell<ActorSystem>,
    /// The sender's id.
    pub(super) sender: u64,
    /// The ask that the message is, until it is answered.
    pub(super) answer: Option<Answer>,
    pub(super) failure: Option<Failure>,
    /// The handler wants the turn's attention: it has failed or stops, or has put messages aside or back.
    pub(super) attention: bool,
    pub(super) stopping: bool,
    /// The message counts as handled already: its ask was answered, or can be from now on.
    pub(super) counted: bool,
    /// The message was put aside, and stays queued.
    pub(super) kept: bool,
}

impl<A> fmt::Debug for Context<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").field("id", &self.me.id()).finish_non_exhaustive()
    }
}

impl<A> Context<A> {
    pub(crate) fn new(me: ManuallyDrop<Ref<A>>) -> Self {
        Context {
            me: ManuallyDrop::new(ActorRef(ManuallyDrop::into_inner(me))),
            system: OnceCell::new(),
            sender: 0,
            answer: None,
            failure: None,
            attention: false,
            stopping: false,
            counted: false,
            kept: false,
        }
    }

    /// The turn is over. Mostly there is nothing to drop, and then nothing is called.
    #[inline(always)]
    pub(super) fn put_away(self) {
        if self.system.get().is_none() && self.answer.is_none() && self.failure.is_none() {
            std::mem::forget(self);
        }
    }

    /// The actor, and the context of its handler's future: what this one knows of the message goes over.
    #[inline]
    pub(super) fn lend(&mut self) -> (&Ref<A>, impl FnOnce(ManuallyDrop<Ref<A>>) -> Self + use<A>) {
        let sender = self.sender;
        let (system, answer) = (std::mem::take(&mut self.system), self.answer.take());
        (&self.me.0, move |me| Context { system, sender, answer, ..Context::new(me) })
    }

    /// The next message is a tell of `sender`.
    #[inline(always)]
    pub(super) fn begin_tell(&mut self, sender: u64) {
        self.sender = sender;
    }

    /// The next message is an ask.
    #[inline(always)]
    pub(super) fn begin_ask(&mut self, answer: Answer) {
        self.sender = answer.asker();
        self.answer = Some(answer);
    }

    /// What `fail` has left.
    pub(crate) fn take_failure(&mut self) -> Option<Failure> {
        self.failure.take()
    }

    pub(crate) fn wants_attention(&self) -> bool {
        self.attention
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping
    }

    pub(crate) fn reference(&self) -> &ActorRef<A> {
        &self.me
    }

    /// A reference to this actor.
    #[must_use]
    pub fn me(&self) -> ActorRef<A> {
        ActorRef::clone(&self.me)
    }

    /// This actor's id.
    #[must_use]
    pub fn id(&self) -> ActorId {
        self.me.id()
    }

    /// The system that this actor lives in.
    #[must_use]
    pub fn system(&self) -> &ActorSystem {
        self.system.get_or_init(|| ActorSystem::uncounted(self.me.0.core().me()))
    }

    /// Who sent the current message; `None` when it came from outside.
    #[must_use]
    pub fn sender(&self) -> Option<ActorId> {
        (self.sender != 0).then_some(ActorId::from_raw(self.sender))
    }

    /// How many incarnations of this actor there were before this one: 0 for the first.
    #[must_use]
    pub fn incarnation(&self) -> u64 {
        self.me.0.incarnation()
    }

    /// The children that live, in the order of their start.
    #[must_use]
    pub fn children(&self) -> Vec<ActorId> {
        let family = self.me.0.rare_if_made().map(|rare| lock(&rare.family));
        family
            .as_deref()
            .map(Family::members)
            .unwrap_or_default()
            .iter()
            .filter(|child| child.is_alive())
            .map(|child| child.id)
            .collect()
    }

    /// Stops this actor after the current message; what is queued becomes dead letters. A
    /// [`Permanent`](crate::Restart::Permanent) actor starts again instead, and keeps what is queued.
    pub fn stop(&mut self) {
        self.stopping = true;
        self.attention = true;
    }

    /// Fails this actor with `error` when the handler returns: its supervisor decides what follows. Its reply is dropped, an ask ends with
    /// [`AskError::Failed`](crate::AskError::Failed). A second call counts for nothing; a panic after it wins.
    pub fn fail(&mut self, error: impl Into<Failure>) {
        if self.failure.is_none() {
            self.failure = Some(error.into());
            Local::with(self.me.0.core(), |local| local.deferring.fail());
        }
        self.attention = true;
    }
}

impl<A: Actor> Context<A> {
    /// Sends `message` to this actor itself, behind what is queued.
    ///
    /// # Errors
    /// As [`ActorRef::tell`].
    pub fn tell_self<M: Message>(&mut self, message: M) -> Result<(), SendError<M>>
    where
        A: Accepts<M>,
    {
        self.me.tell(message)
    }

    /// Sends `message` on to another actor; for that one the sender is who sent the current message.
    ///
    /// # Errors
    /// As [`ActorRef::tell`].
    pub fn forward<B: Accepts<M>, M: Message>(
        &mut self,
        to: &ActorRef<B>,
        message: M,
    ) -> Result<(), SendError<M>> {
        to.push(Kind::Tell, Some(self.sender), message)
    }
}
