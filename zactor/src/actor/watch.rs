//! Death watch, as an actor uses it.

use super::restart::hand_on;
use super::{Actor, Context, ending};
use crate::cell::{CellRef, Header, Local, Ref, Task, Watcher, run_behind, without_waiting};
use crate::message::ActorId;
use crate::scheduler::schedule;
use crate::supervision::{EndReason, Terminated};

impl<A: Actor> Context<A> {
    /// Has [`on_terminated`](crate::Lifecycle::on_terminated) called once when the actor `who` has ended: behind what it sent
    /// to this actor before. At once if it has ended already, or never lived. A restart is no end, neither of the one nor
    /// of the other. Watching twice is one watch.
    ///
    /// ```
    /// use zactor::prelude::*;
    ///
    /// #[actor]
    /// struct Worker;
    /// #[handlers]
    /// impl Worker {}
    ///
    /// #[actor(lifecycle)]
    /// struct Foreman { worker: ActorRef<Worker>, ended: bool }
    /// #[handlers]
    /// impl Foreman {
    ///     fn has_ended(&self) -> bool { self.ended }
    /// }
    /// impl Lifecycle for Foreman {
    ///     fn pre_start(&mut self, ctx: &mut Context<Self>) -> Result<(), Failure> {
    ///         ctx.watch(&self.worker);
    ///         Ok(())
    ///     }
    ///     fn on_terminated(&mut self, _ctx: &mut Context<Self>, who: Terminated) {
    ///         assert_eq!(who.id, self.worker.id());
    ///         self.ended = true;
    ///     }
    /// }
    /// # let system = ActorSystem::start("doc")?;
    /// let worker = system.spawn(Worker)?;
    /// let foreman = system.spawn(Foreman { worker: worker.clone(), ended: false })?;
    /// worker.stop().wait()?;
    /// assert!(foreman.has_ended().wait()?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn watch(&mut self, who: impl Into<ActorId>) {
        let who = who.into();
        let me = &self.reference().0;
        let core = me.core();
        let Some(number) = me.begin_watch(who) else { return };
        let watcher = Watcher { number, tell: tell::<A> };
        if core.ids.resolve(who).is_some_and(|target| target.add_watcher(me.id, watcher)) {
            return;
        }
        let ended = Terminated { id: who, name: None, reason: EndReason::NoSuchActor };
        schedule(
            core,
            Local::with(core, |local| tell::<A>(me.cell().clone(), local, number, ended)),
        );
    }

    /// This actor does not want to hear of the end of `who` any more: after this call
    /// [`on_terminated`](crate::Lifecycle::on_terminated) is not called for it, even if the word is in the mailbox.
    pub fn unwatch(&mut self, who: impl Into<ActorId>) {
        let who = who.into();
        let me = &self.reference().0;
        if me.end_watch(who, None)
            && let Some(target) = me.core().ids.resolve(who)
        {
            target.remove_watcher(me.id);
        }
    }
}

/// Puts the word into the mailbox of a watcher, which is an `A`.
fn tell<A: Actor>(watcher: CellRef, local: &Local, number: u64, ended: Terminated) -> Option<Task> {
    let watcher = Ref::<A>::of(watcher)?;
    run_behind(&watcher, local, move |this: &mut A, ctx: &mut Context<A>| {
        if ctx.reference().0.end_watch(ended.id, Some(number)) {
            without_waiting(|| this.on_terminated(ctx, ended));
        }
    })
}

/// The actor has ended, all but the mark: its watchers are told, and its own watches go.
pub(super) fn end(header: &Header, local: &Local) {
    let core = header.core();
    let watchers = header.take_watchers();
    if !watchers.is_empty() {
        let (name, reason) = (header.name().cloned(), ending::reason(header));
        for (id, watcher) in watchers {
            let Some(cell) = core.ids.resolve(id) else { continue };
            let ended = Terminated { id: header.id, name: name.clone(), reason: reason.clone() };
            hand_on(core, local, (watcher.tell)(cell, local, watcher.number, ended));
        }
    }
    for target in header.take_watches() {
        if let Some(target) = core.ids.resolve(target) {
            target.remove_watcher(header.id);
        }
    }
}
