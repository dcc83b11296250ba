//! The answerer's end of an ask: of the message that an actor is handling, that it has put off, or that no handler will
//! see. It is used up by what ends the ask.

use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::ptr::NonNull;

use super::ask::{AskPtr, AskSlot, Stored, unpack};
use super::guard::drop_guarded;
use super::local::Local;
use super::task::Task;
use super::value;
use crate::message::{Accepts, ActorId, BYTES, Message};
use crate::queue::oneshot::Answered;
use crate::supervision::Failure;
use crate::sync::atomic::Ordering;
use crate::system::Core;

/// See the module.
#[must_use]
pub(crate) struct Answer {
    slot: AskPtr,
    tag: u32,
}

/// What became of an answer.
#[must_use]
pub(crate) enum Told {
    /// The asker knows. The task is to be scheduled.
    Asker(Option<Task>),
    /// The ask was over before there was a reply: a late one, to this asker (0 from outside).
    Nobody { asker: u64 },
}

impl Answer {
    /// # Safety
    /// `word` is that of a message of kind ask with this tag, and is answered once.
    #[inline(always)]
    pub(super) unsafe fn of(word: u64, tag: u32) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "it was an address")]
        let address = word as usize;
        let slot = std::ptr::with_exposed_provenance_mut::<AskSlot>(address);
        // SAFETY: a slot's address (caller).
        Answer { slot: AskPtr(unsafe { NonNull::new_unchecked(slot) }), tag }
    }

    /// Who asks, 0 from outside.
    pub(crate) fn asker(&self) -> u64 {
        self.slot.asker.load(Ordering::Relaxed)
    }

    /// A handler takes the message up.
    #[inline(always)]
    pub(crate) fn start(&self, coarse_now: u64) {
        self.slot.started.store(coarse_now | 1, Ordering::Relaxed);
    }

    /// The message carries it on, to another actor.
    pub(crate) fn word(&self) -> u64 {
        self.slot.to_word()
    }

    /// It is about to be queued again, for this actor.
    pub(crate) fn requeue(&self, holder: ActorId) {
        self.slot.started.store(0, Ordering::Relaxed);
        self.slot.holder.store(holder.as_raw(), Ordering::Relaxed);
    }

    /// It leaves its handler.
    pub(crate) fn depart(&self) {
        self.slot.holder.store(0, Ordering::Relaxed);
    }

    /// That of an ask by message `M`.
    #[inline(always)]
    pub(crate) fn typed<A: Accepts<M>, M: Message>(self) -> Token<M::Reply> {
        assert!(self.tag == A::TAG, "the tag of an ask is not that of its message");
        Token { answer: self, reply: PhantomData }
    }

    /// Ends the ask without a reply.
    pub(crate) fn end(self, local: &Local, core: &Core, why: NoAnswer) -> Told {
        match self.publish(local, core, Stored::None(why)).0 {
            // Nothing was replied, so nothing comes too late.
            Told::Nobody { .. } => Told::Asker(None),
            told => told,
        }
    }

    fn publish(&self, local: &Local, core: &Core, stored: Stored) -> (Told, Option<Stored>) {
        let asker = self.asker();
        // SAFETY: the answerer's end is consumed by the caller.
        match unsafe { self.slot.slot.answer(stored) } {
            Answered::Delivered { waiter, free } => {
                if free {
                    self.slot.free(local, core);
                }
                (Told::Asker(waiter.and_then(|waiting| waiting.tell(local))), None)
            }
            Answered::Late { value, free } => {
                if free {
                    self.slot.free(local, core);
                }
                (Told::Nobody { asker }, Some(value))
            }
        }
    }
}

/// The answerer's end of an ask whose reply is an `R`.
#[must_use]
pub(crate) struct Token<R> {
    answer: Answer,
    reply: PhantomData<fn(R)>,
}

impl<R> Token<R> {
    /// The end that knows no type.
    pub(crate) fn answer(&self) -> &Answer {
        &self.answer
    }

    pub(crate) fn into_answer(self) -> Answer {
        self.answer
    }

    /// Replies.
    #[inline]
    pub(crate) fn send(self, local: &Local, core: &Core, reply: R) -> Told {
        let mut bytes = [MaybeUninit::uninit(); BYTES];
        value::pack(&mut bytes, reply, |layout| local.alloc(core, layout));
        let (told, late) = self.answer.publish(local, core, Stored::Value(bytes));
        if let Some(Stored::Value(bytes)) = late {
            // Nobody's any more: its destructor does not concern the handler that has returned.
            if drop_guarded(unpack::<R>(&bytes, core)) {
                local.counts.drop_panics.add(1);
            }
        }
        told
    }
}

/// Why an ask ends without a reply.
pub(crate) enum NoAnswer {
    Failed(Failure),
    /// Its message was refused by the actor that it was passed on to, or dropped by the policy of a full mailbox.
    Full,
    Closed,
    /// The right to answer was dropped.
    NoReply,
}
