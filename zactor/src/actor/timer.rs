//! Timers, as an actor uses them: messages to itself, and the receive timeout.

use std::fmt;
use std::time::Duration;

use super::{Actor, Context, ending};
use crate::cell::state::EndKind;
use crate::cell::{self, CellRef, Delivery, Local, Ref, Task, without_waiting};
use crate::error::ConfigError;
use crate::message::{Accepts, Message};

/// A message that an actor sends to itself later, or again and again: from [`Context::send_after`] and
/// [`Context::send_every`].
///
/// It can be [cancelled](Self::cancel), from any thread. Dropping it does nothing: the message is sent all the same. It
/// ends with the incarnation of the actor that made it. A `Timer` keeps the actor's memory, as an
/// [`ActorRef`](crate::ActorRef) does.
#[derive(Clone)]
pub struct Timer {
    actor: CellRef,
    number: u64,
}

const _: fn() = || {
    fn goes_anywhere<T: Send + Sync + 'static>() {}
    goes_anywhere::<Timer>();
};

impl fmt::Debug for Timer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Timer({} of {})", self.number, self.actor.id)
    }
}

impl Timer {
    /// Takes the timer back, and its memory with it. `true`: nothing is put into the mailbox any more; the message is
    /// dropped by this call. A tick of [`send_every`](Context::send_every) that was in the mailbox before is still
    /// handled.
    ///
    /// `false`: there is nothing to take back. The message of [`send_after`](Context::send_after) was put into the
    /// mailbox (or refused), the timer was cancelled before, or its actor has ended.
    ///
    /// ```
    /// use std::time::Duration;
    /// use zactor::prelude::*;
    ///
    /// #[actor(lifecycle)]
    /// struct Door { closer: Option<Timer> }
    ///
    /// #[handlers]
    /// impl Door {
    ///     fn open(&mut self, ctx: &mut Context<Self>) {
    ///         self.closer = Some(ctx.send_after(Duration::from_secs(30), DoorClose {}));
    ///     }
    ///     fn hold(&mut self) -> bool {
    ///         self.closer.take().is_some_and(|closer| closer.cancel())
    ///     }
    ///     fn close(&mut self) {}
    /// }
    /// # impl Lifecycle for Door {}
    /// # let system = ActorSystem::start("doc")?;
    /// let door = system.spawn(Door { closer: None })?;
    /// door.open()?;
    /// assert!(door.hold().wait()?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn cancel(&self) -> bool {
        self.actor.cancel_timer(self.number)
    }
}

impl<A: Actor> Context<A> {
    /// Sends `message` to this actor itself after `delay`, never before. It comes behind what is queued then; its
    /// [sender](Self::sender) is this actor. [`Duration::MAX`] is never.
    ///
    /// A mailbox that is full by then refuses it: it counts `rejected`, and is dropped. When the actor ends or is
    /// restarted before, it is dropped as well.
    ///
    /// ```
    /// use std::time::Duration;
    /// use zactor::prelude::*;
    /// use zactor::testing::ManualClock;
    ///
    /// #[actor]
    /// struct Egg { boiled: bool }
    ///
    /// #[handlers]
    /// impl Egg {
    ///     fn boil(&mut self, ctx: &mut Context<Self>) {
    ///         ctx.send_after(Duration::from_secs(300), EggDone {});
    ///     }
    ///     fn done(&mut self) { self.boiled = true; }
    ///     fn is_boiled(&self) -> bool { self.boiled }
    /// }
    ///
    /// let clock = ManualClock::new();
    /// let system = ActorSystem::builder("kitchen").clock(clock.clone()).start()?;
    /// let egg = system.spawn(Egg { boiled: false })?;
    /// egg.boil()?;
    /// assert!(!egg.is_boiled().wait()?);
    /// clock.advance(Duration::from_secs(300));
    /// assert!(egg.is_boiled().wait()?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn send_after<M: Message>(&mut self, delay: Duration, message: M) -> Timer
    where
        A: Accepts<M>,
    {
        let me = &self.reference().0;
        let core = me.core();
        let at = core.clock.now().after(delay);
        let number = me.send_at(at.0, message);
        core.timers.look(core, at);
        Timer { actor: me.cell().clone(), number }
    }

    /// Sends a message to this actor itself every `period`, for the first time after one `period`, until the timer is
    /// [cancelled](Timer::cancel) or the actor ends or is restarted.
    ///
    /// `make` makes the messages, each in a turn of this actor when it is about to be handled; a panic there is one of
    /// the handler. The ticks stand on a fixed grid of times. While one is queued, those that become due are left out:
    /// after a stall there is one tick, not a burst. A mailbox that is full refuses a tick, which counts `rejected`.
    ///
    /// ```
    /// use std::time::Duration;
    /// use zactor::prelude::*;
    /// use zactor::testing::ManualClock;
    ///
    /// #[derive(Message)]
    /// struct Tick(u32);
    ///
    /// #[derive(Message)]
    /// #[message(reply = u32)]
    /// struct Last;
    ///
    /// #[actor(Tick, Last, lifecycle)]
    /// struct Heart { beats: u32 }
    ///
    /// impl Lifecycle for Heart {
    ///     fn pre_start(&mut self, ctx: &mut Context<Self>) -> Result<(), Failure> {
    ///         let mut n = 0;
    ///         ctx.send_every(Duration::from_secs(1), move || { n += 1; Tick(n) })?;
    ///         Ok(())
    ///     }
    /// }
    /// impl Handler<Tick> for Heart {
    ///     fn handle(&mut self, Tick(n): Tick, _ctx: &mut Context<Self>) { self.beats = n; }
    /// }
    /// impl Handler<Last> for Heart {
    ///     fn handle(&mut self, _: Last, _ctx: &mut Context<Self>) -> u32 { self.beats }
    /// }
    ///
    /// let clock = ManualClock::new();
    /// let system = ActorSystem::builder("body").clock(clock.clone()).start()?;
    /// let heart = system.spawn(Heart { beats: 0 })?;
    /// for beat in 1..=3 {
    ///     clock.advance(Duration::from_secs(1));
    ///     assert_eq!(heart.ask(Last).wait()?, beat);
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`ConfigError`] for a period of zero.
    pub fn send_every<M: Message>(
        &mut self,
        period: Duration,
        make: impl FnMut() -> M + Send + 'static,
    ) -> Result<Timer, ConfigError>
    where
        A: Accepts<M>,
    {
        if period.is_zero() {
            return Err(ConfigError::invalid("period", "0 ns", "1 ns and more"));
        }
        let me = &self.reference().0;
        let core = me.core();
        let at = core.clock.now().after(period);
        let number = me.send_every(at.0, nanos(period), make);
        core.timers.look(core, at);
        Ok(Timer { actor: me.cell().clone(), number })
    }

    /// Has [`on_receive_timeout`](super::Lifecycle::on_receive_timeout) called when this actor has handled no message
    /// for `limit`, and each time that this happens again; `None` ends that. The time counts from the end of the last
    /// handler, and at first from this call. Hooks, watches and `.then(..)` do not count as messages.
    ///
    /// ```
    /// use std::time::Duration;
    /// use zactor::prelude::*;
    /// use zactor::testing::ManualClock;
    ///
    /// #[actor(lifecycle)]
    /// struct Session;
    ///
    /// #[handlers]
    /// impl Session {
    ///     fn request(&mut self) {}
    /// }
    ///
    /// impl Lifecycle for Session {
    ///     fn pre_start(&mut self, ctx: &mut Context<Self>) -> Result<(), Failure> {
    ///         ctx.set_receive_timeout(Duration::from_secs(60));
    ///         Ok(())
    ///     }
    ///     fn on_receive_timeout(&mut self, ctx: &mut Context<Self>) { ctx.stop(); }
    /// }
    ///
    /// let clock = ManualClock::new();
    /// let system = ActorSystem::builder("web").clock(clock.clone()).start()?;
    /// let session = system.spawn(Session)?;
    /// clock.advance(Duration::from_secs(60));
    /// session.ended().wait()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn set_receive_timeout(&mut self, limit: impl Into<Option<Duration>>) {
        let me = &self.reference().0;
        let core = me.core();
        let now = core.clock.now();
        let limit = limit.into();
        me.set_quiet(limit.map(nanos), now.0, ring::<A>);
        if let Some(limit) = limit {
            core.timers.look(core, now.after(limit));
        }
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// The receive timeout of an `A` is due.
fn ring<A: Actor>(actor: &CellRef) -> Option<Task> {
    let actor = Ref::<A>::of(actor.clone())?;
    Local::with(actor.core(), |local| {
        let incarnation = actor.incarnation();
        cell::run_later(&actor, local, incarnation, |value: &mut A, ctx: &mut Context<A>| {
            if ctx.reference().0.is_quiet() {
                without_waiting(|| value.on_receive_timeout(ctx));
            }
        })
    })
}

/// A timer's message is about to be handled: it has its message then. `None`: that of an earlier incarnation, which ends
/// as a dead letter.
#[cold]
pub(super) fn take_up<'t, A: Actor>(
    mut delivery: Delivery<'t>,
    ctx: &mut Context<A>,
) -> Option<Delivery<'t>> {
    let header = delivery.header();
    let is_current =
        delivery.incarnation() == header.incarnation() || crate::sync::mutant("timer_of_the_old");
    if is_current && (!delivery.is_tick() || delivery.fill()) {
        ctx.begin_tell(delivery.sender());
        return Some(delivery);
    }
    Local::with(header.core(), |local| {
        ending::bury::<A>(local, delivery, EndKind::Failed);
    });
    None
}
