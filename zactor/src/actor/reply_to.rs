//! `ReplyTo`: the right to answer an ask, as a value that may leave its handler.
//!
//! 1. The right is the answerer's end of the reply slot. It is used up by `send`, by `forward`, or by the drop, which says
//!    that nobody will reply.
//! 2. The message counts as handled when its handler begins, for from then on anybody may answer it, and whoever gets the
//!    answer finds it counted. A failure of the handler takes that back.
//! 3. A handler that fails drops its right while it unwinds: the ask is to learn of the failure, which is not known before
//!    the panic is caught. So the right is left with the thread (`Deferring`), and taken up there.

use std::fmt;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll, Wake, Waker};

use super::lifecycle::drop_guarded;
use super::run::follow;
use super::{Actor, ActorRef, Context, Reply};
use crate::cell::state::order;
use crate::cell::{CellRef, Header, Local, NoAnswer, Token, Told};
use crate::error::SendError;
use crate::message::{Accepts, Kind, Message};
use crate::sync::{Mutex, lock};

/// The right to answer a message, in a [`DeferredHandler`](crate::DeferredHandler): kept, sent to another thread, passed on.
///
/// Dropped, it ends the ask with [`AskError::NoReply`](crate::AskError::NoReply) at once; if the handler fails while it holds
/// it, with [`AskError::Failed`](crate::AskError::Failed). An ask whose right to answer has left the actor outlives that: it
/// ends by its time limit, or by what becomes of this value.
#[must_use = "dropped, it ends the ask with `NoReply`"]
pub struct ReplyTo<R> {
    /// `None` for a tell.
    open: Option<Open<R>>,
    sender: u64,
}

/// An ask that can be answered.
struct Open<R> {
    token: Token<R>,
    /// Who was asked. Keeps the system, and so the slot.
    asked: CellRef,
    tag: u32,
}

impl<R> fmt::Debug for ReplyTo<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReplyTo").field("is_asked", &self.is_asked()).finish_non_exhaustive()
    }
}

impl<R> ReplyTo<R> {
    /// Whether the message was asked: else it was told, and nobody waits for a reply.
    #[must_use]
    pub fn is_asked(&self) -> bool {
        self.open.is_some()
    }
}

impl<R: Send + 'static> ReplyTo<R> {
    /// Replies. If the ask is over (its time is up, or the asker has dropped it) the reply becomes a dead letter; for a tell
    /// it is dropped.
    pub fn send(mut self, reply: R) {
        let Some(open) = self.open.take() else { return };
        let Open { token, asked, tag } = open;
        let core = asked.core();
        Local::with(core, |local| {
            let own = local.deferring.is_of(token.answer());
            if own && local.deferring.has_failed(token.answer()) {
                // A handler that has failed answers nobody; the ask learns of the failure.
                local.deferring.leave(token.into_answer());
                drop_reply(local, reply);
                return;
            }
            let told = if own && asked.state().orders() & order::KILL != 0 {
                drop_reply(local, reply);
                token.into_answer().end(local, core, NoAnswer::Closed)
            } else {
                token.send(local, core, reply)
            };
            follow(core, local, asked.id, asked.message_name(tag), told);
        });
    }

    /// Has another actor answer: `message` goes to it as if the asker had asked it. A tell is forwarded with its sender.
    ///
    /// # Errors
    /// As [`ActorRef::tell`]; the message comes back, and the ask ends with [`Full`](crate::AskError::Full) or
    /// [`Closed`](crate::AskError::Closed).
    pub fn forward<B: Accepts<M>, M: Message<Reply = R>>(
        mut self,
        to: &ActorRef<B>,
        message: M,
    ) -> Result<(), SendError<M>> {
        let Some(open) = self.open.take() else {
            return to.push(Kind::Tell, Some(self.sender), message);
        };
        if !std::ptr::eq(open.asked.core(), to.0.core()) {
            return open.relay(to, message);
        }
        open.token.answer().requeue(to.id());
        match to.push(Kind::Ask, Some(open.token.answer().word()), message) {
            Ok(()) => Ok(()),
            Err(refused) => {
                // Not published, so the right is still ours.
                open.end(refusal(&refused));
                Err(refused)
            }
        }
    }
}

fn refusal<M>(refused: &SendError<M>) -> NoAnswer {
    if matches!(refused, SendError::Full(_)) { NoAnswer::Full } else { NoAnswer::Closed }
}

fn drop_reply<R>(local: &Local, reply: R) {
    if drop_guarded(reply) {
        local.counts.drop_panics.add(1);
    }
}

impl<R> Open<R> {
    fn end(self, why: NoAnswer) {
        let Open { token, asked, tag } = self;
        let core = asked.core();
        Local::with(core, |local| {
            let told = token.into_answer().end(local, core, why);
            follow(core, local, asked.id, asked.message_name(tag), told);
        });
    }
}

impl<R> Drop for ReplyTo<R> {
    fn drop(&mut self) {
        let Some(open) = self.open.take() else { return };
        let core = open.asked.core();
        let has_failed = |local: &Local| local.deferring.has_failed(open.token.answer());
        if Local::with(core, has_failed) {
            let Open { token, asked, .. } = open;
            Local::with(asked.core(), |local| local.deferring.leave(token.into_answer()));
        } else {
            open.end(NoAnswer::NoReply);
        }
    }
}

/// See `ReplyTo`: takes the right out of the context, before the handler runs.
pub(crate) fn reply_to<A: Actor + Accepts<M>, M: Message>(
    ctx: &mut Context<A>,
) -> ReplyTo<M::Reply> {
    let sender = ctx.sender;
    let Some(answer) = ctx.answer.take() else { return ReplyTo { open: None, sender } };
    ctx.counted = true;
    let asked = ctx.reference().0.cell().clone();
    Local::with(asked.core(), |local| {
        asked.count_handled(local);
        local.deferring.begin(&answer);
        answer.depart();
    });
    ReplyTo { open: Some(Open { token: answer.typed::<A, M>(), asked, tag: A::TAG }), sender }
}

/// A handler whose message was counted before has returned. A right that a panic left, which the handler has caught itself,
/// was dropped.
pub(super) fn handler_is_over(header: &Header, local: &Local) {
    if let Some(answer) = local.deferring.end() {
        let core = header.core();
        if let Told::Asker(Some(task)) = answer.end(local, core, NoAnswer::NoReply) {
            core.scheduler.schedule(local, task);
        }
    }
}

/// An ask that was passed on to an actor of another system: asked there, answered here.
struct Relay<R>(Mutex<Relayed<R>>);

struct Relayed<R> {
    /// `None` while somebody looks, and when it is over.
    waiting: Option<(Reply<R>, ReplyTo<R>)>,
    /// It was woken while somebody looked.
    again: bool,
}

impl<R: Send + 'static> Open<R> {
    fn relay<B: Accepts<M>, M: Message<Reply = R>>(
        self,
        to: &ActorRef<B>,
        message: M,
    ) -> Result<(), SendError<M>> {
        match Reply::try_ask(to, message) {
            Ok(there) => {
                let here = ReplyTo { open: Some(self), sender: 0 };
                let waiting = Some((there, here));
                Arc::new(Relay(Mutex::new(Relayed { waiting, again: false }))).look();
                Ok(())
            }
            Err(refused) => {
                self.end(refusal(&refused));
                Err(refused)
            }
        }
    }
}

impl<R: Send + 'static> Relay<R> {
    fn look(self: Arc<Self>) {
        let waker = Waker::from(Arc::clone(&self));
        loop {
            let taken = {
                let mut relayed = lock(&self.0);
                let taken = relayed.waiting.take();
                relayed.again = taken.is_none();
                taken
            };
            let Some((mut there, here)) = taken else { return };
            match std::pin::Pin::new(&mut there).poll(&mut TaskContext::from_waker(&waker)) {
                Poll::Ready(Ok(reply)) => return here.send(reply),
                // Dropped: nobody replies.
                Poll::Ready(Err(_)) => return,
                Poll::Pending => {}
            }
            let mut relayed = lock(&self.0);
            relayed.waiting = Some((there, here));
            if !std::mem::take(&mut relayed.again) {
                return;
            }
        }
    }
}

impl<R: Send + 'static> Wake for Relay<R> {
    fn wake(self: Arc<Self>) {
        self.look();
    }
}
