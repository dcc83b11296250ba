//! The timers of one actor. The wheel knows when, and whose; what is to be sent stands here, behind one lock.
//!
//! 1. Whoever takes a message out of the table under its lock has it. So after a `cancel` that said true nothing fires,
//!    whatever the firing thread has in its hands already, and after a firing `cancel` says false.
//! 2. A firing is published under the lock. Else a periodic timer fires once more after its `cancel`.
//! 3. While a tick is queued the wheel does not know its timer: the actor arms it again when it takes the tick up. So a
//!    timer has one tick at most in a mailbox, a stall makes no burst, and costs nothing while it lasts.
//! 4. A cancelled timer whose tick is queued stays until that is handled, for it makes the message.
//! 5. The timers of an incarnation leave the table before the next one begins, and all when the actor ends: the owner, who
//!    alone arms, does that; an actor that is no longer alive arms none. What was queued before says of which incarnation
//!    it is.
//! 6. Messages and closures of the user's leave the table before they are dropped or run. The wheel's lock is taken
//!    inside of this one, never the other way.

use std::collections::BTreeMap;

use super::header::Header;
use super::local::Local;
use super::overflow::Dropped;
use super::parcel::{Blank, Make, Parcel, Pushed, maker};
use super::refs::CellRef;
use super::task::Task;
use super::typed::Ref;
use crate::cell::guard::drop_guarded;
use crate::message::{Accepts, ActorId, Message, lane};
use crate::sync::atomic::{AtomicBool, Ordering};
use crate::sync::{Mutex, lock};

/// Names an armed timer in the wheel, which alone makes and reads keys. 16 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct TimerKey {
    pub(crate) index: u32,
    /// Which arming, counted from the start: the generation of the entry.
    pub(crate) arming: u64,
}

/// A timer of the wheel that belongs to an actor, by its number there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OwnTimer {
    pub(crate) actor: ActorId,
    number: u64,
}

/// Number of the receive timeout. It is also what a timer of an actor that has ended is called.
const QUIET: u64 = 0;

/// See the module.
#[derive(Default)]
pub(crate) struct Timers {
    /// There is a receive timeout. The owner's.
    has_quiet: AtomicBool,
    table: Mutex<Table>,
}

#[derive(Default)]
struct Table {
    last: u64,
    timers: BTreeMap<u64, Timer>,
    quiet: Option<Quiet>,
}

enum Timer {
    Once { key: TimerKey, parcel: Parcel },
    Every(Box<Every>),
}

/// A periodic timer.
struct Every {
    /// `None` while its tick is queued.
    key: Option<TimerKey>,
    deadline: u64,
    period: u64,
    tag_and_lane: (u32, u32),
    incarnation: u64,
    cancelled: bool,
    /// `None` while it runs.
    make: Option<Box<dyn Make>>,
}

/// A receive timeout.
struct Quiet {
    limit: u64,
    /// When the actor has been quiet for long enough, as far as is known.
    deadline: u64,
    /// `None` once it has rung.
    key: Option<TimerKey>,
    /// Messages that the actor had handled when its quiet time began.
    since: u64,
    ring: Ring,
}

/// Puts the call of the hook into the mailbox. The task is to be scheduled. Runs no code of the user's.
pub(crate) type Ring = fn(&CellRef) -> Option<Task>;

/// No quiet time has begun: the next look begins one.
const NONE: u64 = u64::MAX;

/// A message that nobody will handle: the mailbox has refused it, or its policy has dropped it or another one for it.
#[must_use]
pub(crate) struct Unsent {
    to: CellRef,
    parcel: Parcel,
    why: Option<Dropped>,
}

impl Unsent {
    /// Drops the message: outside of any lock. A panic is contained and counted.
    pub(crate) fn discard(self, local: &Local) {
        self.parcel.end(&self.to, local, self.why);
    }
}

impl Every {
    /// Due once more, at the first time of its grid after `now`.
    fn arm(&mut self, cell: &Header, number: u64, now: u64) {
        let stall = if crate::sync::mutant("ticks_burst") { 0 } else { now };
        let missed = stall.saturating_sub(self.deadline) / self.period;
        let periods = missed.saturating_add(1).saturating_mul(self.period);
        self.deadline = self.deadline.saturating_add(periods);
        self.key = Some(arm(cell, number, self.deadline));
    }

    fn fire(&mut self, cell: &CellRef, local: &Local, number: u64, now: u64) -> Pushed {
        self.key = None;
        let tick = Parcel::tick(cell, local, self.tag_and_lane, self.incarnation, number);
        let pushed = tick.push(cell, local);
        if !pushed.is_in {
            self.arm(cell, number, now);
        }
        pushed
    }

    /// Its tick is queued, or makes its message just now.
    fn is_needed(&self) -> bool {
        self.key.is_none() || self.make.is_none()
    }
}

fn arm(cell: &Header, number: u64, at: u64) -> TimerKey {
    let core = cell.core();
    core.timers.arm_own(core, at, OwnTimer { actor: cell.id, number })
}

impl<A> Ref<A> {
    /// Sends `message` to this actor at the time `at`. The number is for `cancel_timer`.
    pub(crate) fn send_at<M: Message>(&self, at: u64, message: M) -> u64
    where
        A: Accepts<M>,
    {
        let cell = self.cell();
        Local::with(cell.core(), |local| {
            // SAFETY: an `A` lives there, and `TAG` is that of an `M` in its protocol (`Accepts` is unsafe to implement).
            let parcel = unsafe { Parcel::pack(cell, local, A::TAG, cell.incarnation(), message) };
            // The owner asks, who would end it.
            if !cell.is_alive() {
                parcel.discard(cell, local);
                return QUIET;
            }
            let mut table = lock(&cell.timers().table);
            table.last += 1;
            let number = table.last;
            let key = arm(cell, number, at);
            table.timers.insert(number, Timer::Once { key, parcel });
            number
        })
    }

    /// Sends what `make` makes to this actor at the time `at`, and then each `period`, which is not 0. The number is for
    /// `cancel_timer`.
    pub(crate) fn send_every<M: Message>(
        &self,
        at: u64,
        period: u64,
        make: impl FnMut() -> M + Send + 'static,
    ) -> u64
    where
        A: Accepts<M>,
    {
        let cell = self.cell();
        // SAFETY: as in `send_at`; it stands beside the tag.
        let make = Some(unsafe { maker(make) });
        let mut every = Box::new(Every {
            key: None,
            deadline: at,
            period: period.max(1),
            tag_and_lane: (A::TAG, lane::<M>()),
            incarnation: cell.incarnation(),
            cancelled: false,
            make,
        });
        if !cell.is_alive() {
            drop_counted(cell, every);
            return QUIET;
        }
        let mut table = lock(&cell.timers().table);
        table.last += 1;
        let number = table.last;
        every.key = Some(arm(cell, number, at));
        table.timers.insert(number, Timer::Every(every));
        number
    }
}

/// Drops what is the user's. A panic is contained and counted.
fn drop_counted<T>(cell: &Header, value: T) {
    if drop_guarded(value) {
        Local::with(cell.core(), |local| local.counts.drop_panics.add(1));
    }
}

impl CellRef {
    /// The wheel says that this timer is due. The task is to be scheduled. Runs no code of the user's.
    pub(crate) fn timer_is_due(
        &self,
        local: &Local,
        timer: OwnTimer,
        now: u64,
    ) -> (Option<Task>, Option<Unsent>) {
        let Some(timers) = self.timers_if_made() else { return (None, None) };
        let mut table = lock(&timers.table);
        if timer.number == QUIET {
            return (table.quiet.as_mut().and_then(|quiet| quiet.is_due(self, now)), None);
        }
        let pushed = if let Some(Timer::Every(every)) = table.timers.get_mut(&timer.number) {
            if crate::sync::mutant("tick_without_lock") {
                let (what, incarnation) = (every.tag_and_lane, every.incarnation);
                let tick = Parcel::tick(self, local, what, incarnation, timer.number);
                drop(table);
                return (tick.push(self, local).task, None);
            }
            every.fire(self, local, timer.number, now)
        } else if let Some(Timer::Once { parcel, .. }) = table.timers.remove(&timer.number) {
            parcel.push(self, local)
        } else {
            return (None, None);
        };
        drop(table);
        let left = pushed.left.map(|(parcel, why)| Unsent { to: self.clone(), parcel, why });
        (pushed.task, left)
    }
}

impl Header {
    fn timers(&self) -> &Timers {
        self.rare().timers.get_or_make()
    }

    #[inline(always)]
    fn timers_if_made(&self) -> Option<&Timers> {
        self.rare_if_made().and_then(|rare| rare.timers.get())
    }

    /// True: nothing of this timer is put into the mailbox any more.
    pub(crate) fn cancel_timer(&self, number: u64) -> bool {
        let Some(timers) = self.timers_if_made() else { return false };
        let mut table = lock(&timers.table);
        if let Some(Timer::Every(every)) = table.timers.get_mut(&number)
            && every.is_needed()
        {
            let key = every.key.take();
            let was_cancelled = std::mem::replace(&mut every.cancelled, true);
            drop(table);
            key.map(|key| self.core().timers.cancel(key));
            return !was_cancelled;
        }
        let timer = table.timers.remove(&number);
        drop(table);
        Local::with(self.core(), |local| timer.map(|timer| self.drop_timer(local, timer))).is_some()
    }

    /// All timers are gone, the receive timeout included: the actor ends, or (after its last hook) its incarnation. What
    /// is queued already says of which incarnation it is.
    pub(crate) fn drop_timers(&self) {
        let Some(own) = self.timers_if_made() else { return };
        let mut table = lock(&own.table);
        let timers = std::mem::take(&mut table.timers);
        let quiet = table.quiet.take();
        own.has_quiet.store(false, Ordering::Relaxed);
        drop(table);
        let core = self.core();
        quiet.and_then(|quiet| quiet.key).map(|key| core.timers.cancel(key));
        if !timers.is_empty() {
            Local::with(core, |local| {
                timers.into_values().for_each(|timer| self.drop_timer(local, timer));
            });
        }
    }

    /// Drops a timer that has left the table.
    fn drop_timer(&self, local: &Local, timer: Timer) {
        let timers = &self.core().timers;
        match timer {
            Timer::Once { key, parcel } => {
                timers.cancel(key);
                parcel.discard(self, local);
            }
            Timer::Every(every) => {
                every.key.map(|key| timers.cancel(key));
                drop_counted(self, every);
            }
        }
    }

    /// The owner takes a tick up: arms its timer again, and has it make the message. False: there is no such timer.
    pub(super) fn make_tick(&self, number: u64, to: Blank<'_>) -> bool {
        let now = self.core().clock.now().0;
        let mut table = lock(&self.timers().table);
        let Some(Timer::Every(every)) = table.timers.get_mut(&number) else { return false };
        if !every.cancelled {
            every.arm(self, number, now);
        }
        let Some(make) = every.make.take() else { return false };
        drop(table);
        // Back in its place even if the user's code panics.
        let mut making = Making { header: self, number, make: Some(make) };
        if let Some(make) = &mut making.make {
            make.make(to);
        }
        true
    }
}

impl Header {
    /// A tick that was queued is dropped unseen: its timer is armed again, or gone if it was cancelled.
    pub(super) fn skip_tick(&self, number: u64) {
        let now = self.core().clock.now().0;
        let Some(timers) = self.timers_if_made() else { return };
        let mut table = lock(&timers.table);
        let mut over = None;
        if let Some(Timer::Every(every)) = table.timers.get_mut(&number) {
            if every.cancelled {
                over = table.timers.remove(&number);
            } else if every.key.is_none() {
                every.arm(self, number, now);
            }
        }
        drop(table);
        drop_counted(self, over);
    }
}

/// A closure that is out of the table while it runs.
struct Making<'a> {
    header: &'a Header,
    number: u64,
    make: Option<Box<dyn Make>>,
}

impl Drop for Making<'_> {
    fn drop(&mut self) {
        let mut table = lock(&self.header.timers().table);
        let mut over = None;
        if let Some(Timer::Every(every)) = table.timers.get_mut(&self.number) {
            if every.cancelled {
                over = table.timers.remove(&self.number);
            } else {
                every.make = self.make.take();
            }
        }
        drop(table);
        drop_counted(self.header, (over, self.make.take()));
    }
}

impl Quiet {
    fn is_due(&mut self, cell: &CellRef, now: u64) -> Option<Task> {
        // The actor has handled something since it was armed.
        if self.deadline > now {
            self.key = Some(arm(cell, QUIET, self.deadline));
            return None;
        }
        self.key = None;
        (self.ring)(cell)
    }
}

/// The receive timeout: the owner alone calls these.
impl Header {
    /// Has `ring` called when nothing was handled for `limit`, again and again; `None`: no more.
    pub(crate) fn set_quiet(&self, limit: Option<u64>, now: u64, ring: Ring) {
        if limit.is_none() && self.timers_if_made().is_none() {
            return;
        }
        let timers = self.timers();
        let mut table = lock(&timers.table);
        let limit = limit.filter(|_| self.is_alive());
        timers.has_quiet.store(limit.is_some(), Ordering::Relaxed);
        let quiet = limit.map(|limit| {
            let deadline = now.saturating_add(limit);
            let key = Some(arm(self, QUIET, deadline));
            Quiet { limit, deadline, key, since: self.taken_up(), ring }
        });
        let before = std::mem::replace(&mut table.quiet, quiet);
        drop(table);
        before.and_then(|quiet| quiet.key).map(|key| self.core().timers.cancel(key));
    }

    /// Whether the actor has a receive timeout.
    #[inline(always)]
    pub(crate) fn has_quiet(&self) -> bool {
        self.timers_if_made().is_some_and(|timers| timers.has_quiet.load(Ordering::Relaxed))
    }

    /// The mailbox is empty: a quiet time begins, if anything was handled since the last one did.
    #[cold]
    pub(crate) fn begin_quiet(&self) {
        let now = self.core().clock.now().0;
        let mut table = lock(&self.timers().table);
        let Some(quiet) = &mut table.quiet else { return };
        let taken_up = self.taken_up();
        if quiet.since != taken_up {
            quiet.since = taken_up;
            quiet.deadline = now.saturating_add(quiet.limit);
            // Armed earlier: it moves on when that is due.
            if quiet.key.is_none() {
                quiet.key = Some(arm(self, QUIET, quiet.deadline));
            }
        }
    }

    /// It has rung. Whether nothing was handled meanwhile: then the hook is to be called.
    pub(crate) fn is_quiet(&self) -> bool {
        let mut table = lock(&self.timers().table);
        let taken_up = self.taken_up();
        match &mut table.quiet {
            Some(quiet) if quiet.key.is_none() && quiet.since == taken_up => {
                quiet.since = NONE;
                true
            }
            _ => false,
        }
    }

    /// Messages that the actor has handled or failed at.
    fn taken_up(&self) -> u64 {
        let failed = self.rare_if_made().map_or(0, |rare| rare.failed.load(Ordering::Relaxed));
        self.handled() + failed
    }
}
