//! What an actor does with messages that it cannot handle yet.

use super::{Actor, Context};
use crate::cell::{HOOK, Header, Local, NOTHING};
use crate::message::{Accepts, Kind, Message};

impl<A: Actor> Context<A> {
    /// Puts `message` aside until [`unstash_all`](Self::unstash_all): mostly the current one, for which the actor is not
    /// ready. A restart does the same. What is still aside when the actor ends becomes dead letters.
    ///
    /// The first message that a handler puts aside counts as its own, which stays queued; an ask of the same type goes with
    /// it, and is answered when it is handled at last. Each further one, and one from a hook or a continuation, counts as sent by
    /// this actor. All are accepted, above the capacity of the mailbox if need be. When the handler fails its own message is
    /// lost; what it has put aside is not.
    ///
    /// ```
    /// use zactor::prelude::*;
    ///
    /// #[actor]
    /// struct Writer { open: bool, lines: u64 }
    /// #[handlers]
    /// impl Writer {
    ///     fn write(&mut self, line: String, ctx: &mut Context<Self>) {
    ///         if !self.open {
    ///             return ctx.stash(WriterWrite { line });
    ///         }
    ///         self.lines += 1;
    ///     }
    ///     fn open(&mut self, ctx: &mut Context<Self>) {
    ///         self.open = true;
    ///         ctx.unstash_all();
    ///     }
    ///     fn lines(&self) -> u64 { self.lines }
    /// }
    /// # let system = ActorSystem::start("doc")?;
    /// let writer = system.spawn(Writer { open: false, lines: 0 })?;
    /// writer.write("first".into())?;
    /// writer.open()?;
    /// assert_eq!(writer.lines().wait()?, 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn stash<M: Message<Reply = ()>>(&mut self, message: M)
    where
        A: Accepts<M>,
    {
        let running = self.reference().0.current();
        let in_handler = running != HOOK && running != NOTHING;
        let mut sender = self.sender;
        let answer = if running == A::TAG { self.answer.take() } else { None };
        // An ask that keeps its right to answer is answered, and counted, by this handler.
        let own = in_handler && !self.kept && !self.counted && self.answer.is_none();
        let me = &self.reference().0;
        let kind = match answer {
            Some(answer) => {
                answer.requeue(me.id);
                sender = answer.word();
                Kind::Ask
            }
            None if own => Kind::Tell,
            None => {
                sender = me.id.as_raw();
                Kind::Tell
            }
        };
        Local::with(me.core(), |local| {
            me.stash(local, kind, sender, message);
            if !own {
                me.offer_aside(local);
            }
        });
        if own {
            self.kept = true;
            self.attention = true;
        }
    }

    /// Puts everything that was put aside back, in order, before all that is queued.
    pub fn unstash_all(&mut self) {
        self.reference().0.unstash_all();
        self.attention = true;
    }

    /// The handler is over, and has put its message aside, which is counted.
    #[cold]
    pub(super) fn keep(&mut self, header: &Header, local: &Local) {
        self.kept = false;
        header.keep_aside(local);
    }

    /// The handler's message is lost. What it has put aside is an offer of its own.
    pub(super) fn lose_kept(&mut self, header: &Header, local: &Local) {
        if std::mem::take(&mut self.kept) {
            header.offer_aside(local);
        }
    }
}
