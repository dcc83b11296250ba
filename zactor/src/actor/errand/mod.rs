//! Work beside the mailbox: a future or a stream that an actor has begun, and that runs on the workers meanwhile.
//!
//! 1. An errand is a cell of its own, in the family of its actor, and no actor: it has no mailbox to speak of, and no list
//!    shows it. It runs, parks and is woken as the handler of an async message is, with the cell as its waker.
//! 2. It ends with its incarnation (S26): whoever ends or restarts an actor stops its errands as it stops children, also
//!    if a restart keeps those, and waits for them. So what the work holds is dropped before the state is.
//! 3. Whatever the actor is to hear goes through its mailbox, as a continuation of the incarnation that began the errand,
//!    or as a message.
//! 4. What it sends has a sender of its own, so that a full receiver mutes the errand, not its actor.

#[cfg(all(test, loom))]
mod models;

use std::any::TypeId;
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll, ready};

use futures_core::Stream;

use super::ending::leave_family;
use super::lifecycle::{failure_of, guarded, log};
use super::restart::drop_counted;
use super::{Actor, ActorRef, Context, Sending};
use crate::cell::state::{EndKind, order, parked, token};
use crate::cell::{
    Birth, Cell, HOOK, Held, Local, Meta, NOTHING, Resident, Task, Turn, run_later, with_waker,
};
use crate::message::{Accepts, Kind, Message, Priority};
use crate::scheduler::{Dispatcher, schedule};
use crate::supervision::Failure;
use crate::sync::lock;

/// Messages of a stream that go in before others get the worker.
const AT_ONCE: u32 = 64;

/// What an errand does.
trait Work: Send + 'static {
    fn poll(&mut self, task: &mut TaskContext<'_>) -> Poll<()>;
    /// The last poll has panicked.
    fn fail(&mut self, failure: Failure);
}

/// See the module.
struct Errand<W>(Option<W>);

impl<W: Work> Resident for Errand<W> {
    type Value = ();
    type Context = ();
    const META: &'static Meta = &Meta {
        type_name: std::any::type_name::<W>,
        type_id: TypeId::of::<Self>,
        messages: &[],
        layout: Cell::<Self>::LAYOUT,
        discard: |_| {},
        decides: false,
        errand: true,
        ends_unreferenced: false,
    };

    fn run(turn: Turn<'_, Self>) -> Option<Task> {
        go_on(turn)
    }

    fn resume(_: Held<'_, Self>) -> Option<Task> {
        unreachable!("no handler holds an errand")
    }
}

/// One turn: up to the work's next wait.
fn go_on<W: Work>(mut turn: Turn<'_, Errand<W>>) -> Option<Task> {
    let orders = turn.header().state().orders();
    if orders & (order::STOP | order::KILL) != 0 {
        end(turn);
        return None;
    }
    if orders & order::MUTED != 0 {
        return turn.park_muted(orders).map(Turn::again);
    }
    turn.header().state().resume(token::SUSPENDED);
    match poll(&mut turn) {
        Poll::Pending => turn.park(parked::SUSPENDED, orders).map(Turn::again),
        Poll::Ready(()) => {
            end(turn);
            None
        }
    }
}

fn poll<W: Work>(turn: &mut Turn<'_, Errand<W>>) -> Poll<()> {
    let (cell, local) = (turn.cell(), turn.local());
    let Some(work) = turn.resident().0.as_mut() else { return Poll::Ready(()) };
    cell.set_current(HOOK);
    let polled =
        guarded(|| with_waker(&cell, |waker| work.poll(&mut TaskContext::from_waker(waker))));
    let polled = polled.unwrap_or_else(|payload| {
        let failure = failure_of(local, payload);
        log(&cell, HOOK, &failure, "work beside the mailbox failed");
        drop_counted(local, guarded(|| work.fail(failure)));
        Poll::Ready(())
    });
    cell.set_current(NOTHING);
    polled
}

/// The work is dropped, and whoever waits for that is told.
fn end<W: Work>(turn: Turn<'_, Errand<W>>) {
    let turn = drop_work(turn);
    leave_family(turn.header().core(), turn.local(), &turn.cell());
    turn.release();
}

fn drop_work<W: Work>(mut turn: Turn<'_, Errand<W>>) -> Turn<'_, Errand<W>> {
    let local = turn.local();
    let work = turn.resident().0.take();
    turn.header().set_current(HOOK);
    drop_counted(local, work);
    turn.header().set_current(NOTHING);
    turn.header().state().claim_terminal(EndKind::Stopped);
    turn.header().close();
    // Nobody has a reference to send with, so nothing is queued.
    let _ = turn.mark_ended();
    turn.header().state().end();
    turn
}

/// Begins an errand of this actor. One that ends takes none: the work is dropped.
fn begin<A: Actor, W: Work>(ctx: &Context<A>, work: W) {
    let me = ctx.reference().0.cell();
    let core = me.core().me();
    Local::with(&core, |local| {
        let Some(slot) = local.slot(&core) else {
            tracing::error!(actor = %me.id, "no id is left for work beside the mailbox");
            return drop_counted(local, work);
        };
        let birth = |counted| Birth {
            core: counted,
            id: core.ids.id_of(slot),
            limit: 1,
            batch: 1,
            sequence: core.next_sequence(),
            parent: me.id,
            route: core.scheduler.route(Priority::Normal, Dispatcher::Shared),
            ends_unreferenced: false,
        };
        let (errand, task) = Cell::create(&core, local, birth, Errand(Some(work)));
        // In its own turn, so that it does not end meanwhile. A family that nobody had made at its end is open still.
        if me.is_alive() && lock(&me.rare().family).add(errand.cell()) {
            core.scheduler.schedule(local, task);
        } else {
            drop_work(task.begin::<Errand<W>>(local, &mut None)).release();
        }
    });
}

/// Work beside the mailbox; without [`then`](Self::then) its outcome is dropped.
pub struct Spawned<'a, A: Actor, T: Send + 'static> {
    ctx: &'a mut Context<A>,
    /// `None` once it has begun.
    work: Option<Pin<Box<dyn Future<Output = T> + Send>>>,
}

impl<A: Actor, T: Send + 'static> std::fmt::Debug for Spawned<'_, A, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Spawned").finish_non_exhaustive()
    }
}

impl<A: Actor, T: Send + 'static> Spawned<'_, A, T> {
    /// When the work is done, this actor runs `f` with its state and the outcome, in a turn of its own; a panic of the work is
    /// an `Err`. Dropped unrun when the incarnation ends before.
    pub fn then(
        mut self,
        f: impl FnOnce(&mut A, Result<T, Failure>, &mut Context<A>) + Send + 'static,
    ) {
        self.begin(f);
    }

    fn begin(
        &mut self,
        f: impl FnOnce(&mut A, Result<T, Failure>, &mut Context<A>) + Send + 'static,
    ) {
        let Some(future) = self.work.take() else { return };
        begin(self.ctx, Once { owner: Owner::of(self.ctx), future, then: Some(f) });
    }
}

impl<A: Actor, T: Send + 'static> Drop for Spawned<'_, A, T> {
    fn drop(&mut self) {
        self.begin(|_, _, _| {});
    }
}

impl<A: Actor> Context<A> {
    /// Has `future` run beside the mailbox: the actor goes on with its messages. [`Spawned::then`] says what it does with the
    /// outcome.
    ///
    /// The future runs on the system's workers, also while the actor waits in an async handler. It ends with this incarnation: an
    /// end or a restart drops it where it waits, before the state goes.
    ///
    /// ```
    /// use zactor::prelude::*;
    ///
    /// #[actor]
    /// struct Cache { size: usize }
    /// #[handlers]
    /// impl Cache {
    ///     fn refresh(&mut self, ctx: &mut Context<Self>) {
    ///         ctx.spawn_future(async { vec![1, 2, 3] }).then(|this, rows, _ctx| {
    ///             this.size = rows.map_or(0, |rows| rows.len());
    ///         });
    ///     }
    ///     fn size(&self) -> usize { self.size }
    /// }
    /// # let system = ActorSystem::start("doc")?;
    /// let cache = system.spawn(Cache { size: 0 })?;
    /// cache.refresh()?;
    /// while cache.size().wait()? == 0 {}
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn spawn_future<T: Send + 'static>(
        &mut self,
        future: impl Future<Output = T> + Send + 'static,
    ) -> Spawned<'_, A, T> {
        Spawned { ctx: self, work: Some(Box::pin(future)) }
    }

    /// Has `work`, which may block, run on a thread of a small pool: the actor goes on with its messages. [`Spawned::then`] says
    /// what it does with the outcome.
    ///
    /// At most 32 such closures run at once in a system; more wait for one of them to return. When this incarnation ends, one
    /// that has not begun is dropped; one that runs cannot be interrupted, and its outcome is dropped. A shutdown waits for
    /// those that run within its limit, and then leaves them.
    ///
    /// ```
    /// use zactor::prelude::*;
    ///
    /// #[actor]
    /// struct Loader { text: Option<String> }
    /// #[handlers]
    /// impl Loader {
    ///     fn load(&mut self, path: String, ctx: &mut Context<Self>) {
    ///         ctx.spawn_blocking(move || std::fs::read_to_string(path)).then(|this, read, _ctx| {
    ///             this.text = Some(read.map_or_else(|failure| failure.to_string(), Result::unwrap_or_default));
    ///         });
    ///     }
    ///     fn text(&self) -> Option<String> { self.text.clone() }
    /// }
    /// # let system = ActorSystem::start("doc")?;
    /// let loader = system.spawn(Loader { text: None })?;
    /// loader.load("no such file".into())?;
    /// while loader.text().wait()?.is_none() {}
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn spawn_blocking<T: Send + 'static>(
        &mut self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Spawned<'_, A, T> {
        let core = self.reference().0.core();
        let outcome = core.blocking.run(core, work);
        self.spawn_future(outcome)
    }

    /// Has the items of `stream` sent to this actor, each as the message that `into_message` makes of it, in order and with the actor
    /// itself as their sender.
    ///
    /// While the mailbox is full the stream is not asked for more. It ends with this incarnation, as
    /// [`spawn_future`](Self::spawn_future) does; what is in the mailbox by then are messages like all others. A panic in the stream
    /// or in `into_message` fails the actor. Who wants to hear of the end of the stream puts a last item to it.
    ///
    /// ```
    /// # use std::{pin::Pin, task::{Context as Task, Poll}};
    /// use zactor::prelude::*;
    ///
    /// # struct Readings(std::ops::Range<u64>);
    /// # impl futures_core::Stream for Readings {
    /// #     type Item = u64;
    /// #     fn poll_next(mut self: Pin<&mut Self>, _: &mut Task<'_>) -> Poll<Option<u64>> {
    /// #         Poll::Ready(self.0.next())
    /// #     }
    /// # }
    /// #[actor(lifecycle)]
    /// struct Meter { sum: u64 }
    /// #[handlers]
    /// impl Meter {
    ///     fn read(&mut self, value: u64) { self.sum += value; }
    ///     fn sum(&self) -> u64 { self.sum }
    /// }
    /// impl Lifecycle for Meter {
    ///     fn pre_start(&mut self, ctx: &mut Context<Self>) -> Result<(), Failure> {
    ///         ctx.attach_stream(Readings(0..10), |value| MeterRead { value });
    ///         Ok(())
    ///     }
    /// }
    /// # let system = ActorSystem::start("doc")?;
    /// let meter = system.spawn(Meter { sum: 0 })?;
    /// while meter.sum().wait()? != 45 {}
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn attach_stream<S, M>(
        &mut self,
        stream: S,
        into_message: impl FnMut(S::Item) -> M + Send + 'static,
    ) where
        S: Stream + Send + 'static,
        M: Message,
        A: Accepts<M>,
    {
        let owner = Owner::of(self);
        begin(self, Feed { owner, stream: Box::pin(stream), into_message, sending: None });
    }
}

/// The incarnation that began an errand.
struct Owner<A> {
    actor: ActorRef<A>,
    incarnation: u64,
}

impl<A: Actor> Owner<A> {
    fn of(ctx: &Context<A>) -> Self {
        Owner { actor: ctx.me(), incarnation: ctx.incarnation() }
    }

    /// Has `f` run in a turn of the incarnation.
    fn run(&self, f: impl FnOnce(&mut A, &mut Context<A>) + Send + 'static) {
        let (me, core) = (&self.actor.0, self.actor.0.core());
        schedule(core, Local::with(core, |local| run_later(me, local, self.incarnation, f)));
    }
}

/// A future, and what follows it.
struct Once<A, T, F> {
    owner: Owner<A>,
    future: Pin<Box<dyn Future<Output = T> + Send>>,
    then: Option<F>,
}

impl<A, T, F> Once<A, T, F>
where
    A: Actor,
    T: Send + 'static,
    F: FnOnce(&mut A, Result<T, Failure>, &mut Context<A>) + Send + 'static,
{
    fn tell(&mut self, outcome: Result<T, Failure>) {
        if let Some(then) = self.then.take() {
            self.owner.run(move |this, ctx| then(this, outcome, ctx));
        }
    }
}

impl<A, T, F> Work for Once<A, T, F>
where
    A: Actor,
    T: Send + 'static,
    F: FnOnce(&mut A, Result<T, Failure>, &mut Context<A>) + Send + 'static,
{
    fn poll(&mut self, task: &mut TaskContext<'_>) -> Poll<()> {
        let outcome = ready!(self.future.as_mut().poll(task));
        self.tell(Ok(outcome));
        Poll::Ready(())
    }

    fn fail(&mut self, failure: Failure) {
        self.tell(Err(failure));
    }
}

/// A stream on its way into a mailbox.
struct Feed<A, S, F, M> {
    owner: Owner<A>,
    stream: Pin<Box<S>>,
    into_message: F,
    /// The message that waits for room.
    sending: Option<Sending<M>>,
}

impl<A, S, F, M> Work for Feed<A, S, F, M>
where
    A: Actor + Accepts<M>,
    S: Stream + Send + 'static,
    F: FnMut(S::Item) -> M + Send + 'static,
    M: Message,
{
    fn poll(&mut self, task: &mut TaskContext<'_>) -> Poll<()> {
        for _ in 0..AT_ONCE {
            if let Some(sending) = &mut self.sending {
                if ready!(Pin::new(sending).poll(task)).is_err() {
                    return Poll::Ready(()); // the mailbox is closed
                }
                self.sending = None;
            }
            let Some(item) = ready!(self.stream.as_mut().poll_next(task)) else {
                return Poll::Ready(());
            };
            let message = (self.into_message)(item);
            let me = &self.owner.actor.0;
            let stand = |local: &Local| me.stand(local, Kind::Tell, me.id.as_raw(), message);
            self.sending = Some(Sending::new(Local::with(me.core(), stand)));
        }
        task.waker().wake_by_ref();
        Poll::Pending
    }

    fn fail(&mut self, failure: Failure) {
        self.owner.run(move |_, ctx| ctx.fail(failure));
    }
}
