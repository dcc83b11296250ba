//! What happens at a time: one wheel and, once something is armed, one thread that fires it.
//!
//! Time limits of asks that nobody set are coarse: while asks are open, all of them are looked at sixteen times within
//! `ask_timeout`. An ask gets its deadline at the first look, so it never ends early, and costs no look at the clock.
//!
//! One thread at a time fires; it holds a lock until all that is due has been put into mailboxes, so that an actor meets
//! it in the order of the deadlines. Wakers, and destructors of what nobody will run, are the user's code: they are
//! collected meanwhile, and called without the lock.
//!
//! | step                          | order  | pairs with                                                  |
//! |-------------------------------|--------|-------------------------------------------------------------|
//! | `arm` stores the next deadline| SeqCst | the thread's look before it parks; the parker keeps a token |
//!
//! Sweeping stops in two steps: a sweep that finds no open ask clears the flag, and one more follows. An ask made while the
//! flag was being cleared is found by that one, a whole interval later.

use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use super::clock::{Follower, Nanos};
use super::timer::{Due, TimerKey, Wheel};
use crate::cell::{AskPtr, ExpiredAsk, Local, OwnTimer, Rest, Unsent, Waiter, without_waiting};
use crate::message::ActorId;
use crate::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use crate::sync::{Mutex, Parker, lock};
use crate::system::Core;

/// What is done at a time.
pub(crate) enum Fire {
    /// The ask with this generation ends.
    Ask(AskPtr, u32),
    /// A parked actor goes on: tokens for its state word. An id, for a reference would keep its system.
    Token(ActorId, u64),
    /// Somebody who waits with a limit looks again.
    Wake(Waiter),
    /// A timer of an actor's own.
    Own(OwnTimer),
    /// Open asks are looked at. `last`: the sweep before found none.
    Sweep { last: bool },
}

/// What a firing leaves to do: code of the user's.
#[derive(Default)]
struct Rests {
    told: Vec<Rest>,
    unsent: Vec<Unsent>,
}

/// Sweeps within one `ask_timeout`.
const SWEEPS: u32 = 16;
/// Sweeps are no closer than this.
const SWEEP_AT_LEAST: Duration = Duration::from_millis(2);

/// See the module.
pub(crate) struct Timers {
    wheel: Wheel<Fire>,
    parker: Arc<Parker>,
    thread: OnceLock<()>,
    stopping: AtomicBool,
    sweeping: AtomicBool,
    /// The time of the last sweep.
    coarse: AtomicU64,
    follower: OnceLock<Arc<Follower>>,
    /// One firer at a time. No code of the user's runs while it is held.
    firing: Mutex<()>,
    joined: Mutex<Option<std::thread::JoinHandle<()>>>,
}

impl Timers {
    pub(crate) fn new() -> Self {
        Timers {
            wheel: Wheel::new(),
            parker: Arc::new(Parker::new()),
            thread: OnceLock::new(),
            stopping: AtomicBool::new(false),
            sweeping: AtomicBool::new(false),
            coarse: AtomicU64::new(0),
            follower: OnceLock::new(),
            firing: Mutex::new(()),
            joined: Mutex::new(None),
        }
    }

    /// Fires `fire` at `at`. Takes the wheel's lock, and runs no code of the user's. Where a clock stands still nobody
    /// fires what is due already: whoever arms looks at the clock again, with [`look`](Self::look) or by himself.
    pub(crate) fn arm(&self, core: &Core, at: Nanos, fire: Fire) -> TimerKey {
        self.thread.get_or_init(|| self.begin(core));
        let armed = self.wheel.arm(at, fire);
        if armed.is_next {
            self.parker.unpark();
        }
        armed.key
    }

    /// As `arm`, for an actor's own timer.
    pub(crate) fn arm_own(&self, core: &Core, at: u64, timer: OwnTimer) -> TimerKey {
        self.arm(core, Nanos(at), Fire::Own(timer))
    }

    /// Something was armed for `at`, and no lock is held: if a clock that stands still shows that time already, it fires.
    pub(crate) fn look(&self, core: &Core, at: Nanos) {
        if core.clock.is_manual() {
            let now = core.clock.now();
            if at <= now {
                self.fire(core, now);
            }
        }
    }

    /// True: it will not fire.
    pub(crate) fn cancel(&self, key: TimerKey) -> bool {
        self.wheel.cancel(key)
    }

    /// The time, as of the last sweep.
    #[inline(always)]
    pub(crate) fn coarse_now(&self) -> u64 {
        self.coarse.load(Ordering::Relaxed)
    }

    /// An ask was made that has no limit of its own.
    #[inline(always)]
    pub(crate) fn ask_is_open(&self, core: &Core) {
        if !self.sweeping.load(Ordering::Relaxed) {
            self.begin_sweeping(core);
        }
    }

    #[cold]
    fn begin_sweeping(&self, core: &Core) {
        if core.config.ask_timeout == Duration::MAX || self.sweeping.swap(true, Ordering::AcqRel) {
            return;
        }
        let now = core.clock.now();
        self.coarse.store(now.0, Ordering::Relaxed);
        self.arm(core, now.after(Self::interval(core)), Fire::Sweep { last: false });
    }

    fn interval(core: &Core) -> Duration {
        (core.config.ask_timeout / SWEEPS).max(SWEEP_AT_LEAST)
    }

    fn begin(&self, core: &Core) {
        if core.clock.is_manual() {
            let weak = core.weak();
            let follower: Arc<Follower> = Arc::new(move |now| {
                if let Some(core) = weak.upgrade() {
                    core.timers.fire(&core, now);
                }
            });
            core.clock.follow(Arc::downgrade(&follower));
            // Set once: this runs once.
            let _ = self.follower.set(follower);
            return;
        }
        let weak = core.weak();
        let parker = Arc::clone(&self.parker);
        let name = format!("{}-timer", core.name);
        let spawned = std::thread::Builder::new().name(name).spawn(move || run(&weak, &parker));
        match spawned {
            Ok(handle) => *lock(&self.joined) = Some(handle),
            Err(error) => tracing::error!(%error, "no thread for timers: time limits do not hold"),
        }
    }

    /// Fires all that is due. What goes into mailboxes goes there in the order of the deadlines; what is the user's code
    /// runs afterwards, in that order as well.
    fn fire(&self, core: &Core, now: Nanos) {
        let mut rests = Rests::default();
        self.fire_due(core, now, &mut rests);
        if rests.told.is_empty() && rests.unsent.is_empty() {
            return;
        }
        Local::with(core, |local| {
            rests.told.into_iter().for_each(|rest| rest.run(local));
            rests.unsent.into_iter().for_each(|unsent| unsent.discard(local));
        });
    }

    fn fire_due(&self, core: &Core, now: Nanos, rests: &mut Rests) {
        let _one = lock(&self.firing);
        let mut due: Vec<Due<Fire>> = Vec::new();
        loop {
            self.wheel.take_due(now, &mut due);
            if due.is_empty() {
                return;
            }
            for due in due.drain(..) {
                match due.fire {
                    Fire::Ask(slot, generation) => {
                        if let Some(expired) = slot.expire(generation) {
                            Self::post(core, expired, rests);
                        }
                    }
                    Fire::Wake(waiter) => rests.told.push(Rest::wake(waiter)),
                    Fire::Token(id, tokens) => {
                        let task = core.ids.resolve(id).and_then(|cell| cell.wake(tokens));
                        super::schedule(core, task);
                    }
                    Fire::Own(timer) => Self::fire_own(core, now, timer, rests),
                    Fire::Sweep { last } => self.sweep(core, now, last, rests),
                }
            }
        }
    }

    /// Puts the message of an actor's own timer into its mailbox.
    fn fire_own(core: &Core, now: Nanos, timer: OwnTimer, rests: &mut Rests) {
        let Some(actor) = core.ids.resolve(timer.actor) else { return };
        Local::with(core, |local| {
            let (task, unsent) = actor.timer_is_due(local, timer, now.0);
            if let Some(task) = task {
                core.scheduler.schedule(local, task);
            }
            rests.unsent.extend(unsent);
        });
    }

    /// Ends an ask as far as no code of the user's runs.
    fn post(core: &Core, expired: ExpiredAsk, rests: &mut Rests) {
        match expired.post(core) {
            Ok(task) => super::schedule(core, task),
            Err(rest) => rests.told.push(rest),
        }
    }

    fn sweep(&self, core: &Core, now: Nanos, last: bool, rests: &mut Rests) {
        self.coarse.store(now.0, Ordering::Relaxed);
        let limit = u64::try_from(core.config.ask_timeout.as_nanos()).unwrap_or(u64::MAX);
        let mut expired = Vec::new();
        let open = core.asks.sweep(now.0, limit, &mut expired);
        for ask in expired {
            Self::post(core, ask, rests);
        }
        let next = now.after(Self::interval(core));
        if open {
            if last && self.sweeping.swap(true, Ordering::AcqRel) {
                // Somebody has begun anew meanwhile.
                return;
            }
            self.arm(core, next, Fire::Sweep { last: false });
        } else if !last {
            self.sweeping.store(false, Ordering::Release);
            self.arm(core, next, Fire::Sweep { last: true });
        }
    }

    /// The thread returns; nothing fires any more. Gives what is to be joined.
    pub(crate) fn stop(&self) -> Option<std::thread::JoinHandle<()>> {
        self.stopping.store(true, Ordering::SeqCst);
        self.parker.unpark();
        lock(&self.joined).take()
    }
}

/// The timer thread.
fn run(core: &Weak<Core>, parker: &Parker) {
    loop {
        let Some(core) = core.upgrade() else { return };
        let timers = &core.timers;
        if timers.stopping.load(Ordering::SeqCst) {
            return;
        }
        let now = core.clock.now();
        without_waiting(|| timers.fire(&core, now));
        let next = timers.wheel.next_deadline();
        drop(core);
        if next == Nanos::NEVER {
            parker.park();
        } else {
            // The time that firing took is waited too long at most once: the next round looks again.
            let _ = parker.park_timeout(next.since(now));
        }
    }
}

#[cfg(all(test, loom))]
mod models {
    use crate::actor::{ActorRef, Context, Handler};
    use crate::cell::state::order;
    use crate::cell::{CellRef, Local};
    use crate::scheduler::clock::Nanos;
    use crate::sync::Arc;
    use crate::sync::atomic::{AtomicU32, Ordering::SeqCst};
    use crate::system::Core;
    use crate::system::models::{
        finish, model_within, on_a_thread, order_and_run, run_all, spawn, system,
    };
    use crate::{Message, actor};

    #[derive(Message)]
    struct Count(Arc<AtomicU32>);

    #[actor(Count)]
    struct Counter;

    impl Handler<Count> for Counter {
        fn handle(&mut self, Count(n): Count, _: &mut Context<Self>) {
            n.fetch_add(1, SeqCst);
        }
    }

    /// `other` meets the firing of one timer, armed by `arm`. How often its message was handled, and what `other` said.
    fn fire_against<T: 'static>(
        arm: fn(&ActorRef<Counter>, Count) -> u64,
        other: fn(&Core, &Local, &CellRef, u64) -> T,
        check: fn(u32, T),
    ) {
        model_within(3, move || {
            let core = system();
            let to = spawn(&core, Counter).unwrap();
            let handled = Arc::new(AtomicU32::new(0));
            let number = arm(&to, Count(Arc::clone(&handled)));
            let other = on_a_thread(&core, {
                let cell = to.0.cell().clone();
                move |core, local| other(core, local, &cell, number)
            });
            core.timers.fire(&core, Nanos(5));
            let said = other.join();
            Local::with(&core, |local| run_all(&core, local));
            check(handled.load(SeqCst), said);
            drop(to);
            finish(core);
            assert_eq!(Arc::strong_count(&handled), 1, "the message is dropped");
        });
    }

    fn once(to: &ActorRef<Counter>, message: Count) -> u64 {
        to.0.send_at(5, message)
    }

    fn every(to: &ActorRef<Counter>, Count(n): Count) -> u64 {
        to.0.send_every(5, 10, move || Count(Arc::clone(&n)))
    }

    /// Either the canceller or the actor has the message.
    #[test]
    fn cancel_against_fire_of_a_timer_has_one_winner() {
        fire_against(
            once,
            |_, _, cell, number| cell.cancel_timer(number),
            |handled, cancelled| assert_eq!(handled, u32::from(!cancelled)),
        );
    }

    /// After the cancel nothing comes that was not there before: the mailbox is read at once after it.
    #[test]
    fn cancel_against_fire_of_a_periodic_timer_is_the_last_word() {
        fire_against(
            every,
            |_, _, cell, number| {
                assert!(cell.cancel_timer(number));
                !cell.is_idle()
            },
            |handled, was_there| assert_eq!(handled, u32::from(was_there)),
        );
    }

    /// The message meets an actor that ends: handled, buried, refused or dropped with the timers, once.
    #[test]
    fn stop_against_fire_ends_the_message_once() {
        fire_against(
            once,
            |_, local, cell, _| order_and_run(cell, local, order::STOP),
            |handled, ()| assert!(handled <= 1),
        );
    }
}
