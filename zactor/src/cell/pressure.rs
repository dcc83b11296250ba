//! What concerns a full mailbox, off the path of a message: its policy, what stands above its capacity, and who waits for
//! room. A part of `Rare`, made when the first of it is needed.
//!
//! * overflow.rs: what the policy does with a message that found no room.
//! * sorted.rs: messages that leave the queue before their turn comes (`drop_old`, lanes).
//! * stash.rs: messages that the actor has put aside.
//! * line.rs: those who wait for room, in order. mutes.rs: actors that do not run until there is.

use std::sync::OnceLock;

use super::header::Header;
use super::line::Line;
use super::mutes::Mutes;
use super::sorted::Sorted;
use super::stash::Stash;
use crate::mailbox::Overflow;
use crate::sync::atomic::{AtomicU64, Ordering};
use crate::sync::{LookAgain, Mutex};

/// See the module.
#[derive(Default)]
pub(crate) struct Pressure {
    /// What the actor was started with, where that is not the default.
    manner: OnceLock<Manner>,
    /// Queued messages above the capacity: senders add after they have pushed, the owner subtracts, so it may be below 0
    /// for a moment.
    over: AtomicU64,
    evicted: AtomicU64,
    pub(super) sorted: Mutex<Sorted>,
    pub(super) stash: Stash,
    pub(super) line: Line,
    pub(super) mutes: Mutes,
}

/// How a mailbox behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Manner {
    pub(crate) overflow: Overflow,
    /// Some message of the protocol has a priority.
    pub(crate) lanes: bool,
}

impl Manner {
    /// Messages leave the queue before their turn comes.
    fn sorts(self) -> bool {
        self.lanes || self.overflow == Overflow::DropOld
    }
}

impl Pressure {
    pub(crate) fn evicted(&self) -> u64 {
        self.evicted.load(Ordering::Relaxed)
    }

    pub(super) fn count_evicted(&self) {
        self.evicted.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn add_over(&self) {
        self.over.fetch_add(1, Ordering::SeqCst);
    }

    pub(super) fn take_over(&self) {
        self.over.fetch_sub(1, Ordering::SeqCst);
    }

    /// Queued messages above the capacity. A second look, as that at the mailbox's count.
    pub(super) fn over(&self) -> u64 {
        self.over.look_again().cast_signed().max(0).cast_unsigned()
    }
}

impl Header {
    /// How the mailbox behaves. Before anybody knows the cell.
    pub(crate) fn set_manner(&self, manner: Manner) {
        if manner != (Manner { overflow: Overflow::Fail, lanes: false }) {
            // Set once: the cell is new.
            let _ = self.rare().pressure().manner.set(manner);
        }
    }

    fn manner(&self) -> Option<Manner> {
        self.pressure_if_made().and_then(|pressure| pressure.manner.get().copied())
    }

    #[cold]
    pub(super) fn overflow(&self) -> Overflow {
        self.manner().map_or(Overflow::Fail, |manner| manner.overflow)
    }

    /// Messages leave the queue before their turn comes, or some are back from the stash.
    #[inline(always)]
    pub(super) fn sorts(&self) -> bool {
        self.rare_if_made().is_some() && self.sorts_under_pressure()
    }

    fn sorts_under_pressure(&self) -> bool {
        let of = |pressure: &Pressure| {
            pressure.manner.get().is_some_and(|manner| manner.sorts())
                || pressure.stash.has_any_back()
        };
        self.pressure_if_made().is_some_and(of)
    }

    pub(super) fn has_lanes(&self) -> bool {
        self.manner().is_some_and(|manner| manner.lanes)
    }

    pub(super) fn pressure_if_made(&self) -> Option<&Pressure> {
        self.rare_if_made().and_then(|rare| rare.pressure_if_made())
    }

    /// Queued messages above the capacity.
    pub(super) fn over(&self) -> u64 {
        self.pressure_if_made().map_or(0, Pressure::over)
    }
}

#[cfg(all(test, loom))]
mod models {
    use crate::actor::{ActorRef, Context, Handler};
    use crate::cell::Local;
    use crate::message::Kind;
    use crate::sync::Arc;
    use crate::sync::atomic::{AtomicU32, Ordering::SeqCst};
    use crate::system::models::{finish, model_within, on_a_thread, run, run_all, spawn, system};
    use crate::{Message, actor};

    /// Counts where it is handled; sends the rest on first.
    #[derive(Message)]
    struct Put(Arc<AtomicU32>, Option<(ActorRef<Blocks>, Arc<AtomicU32>)>);

    #[actor(Put, mailbox(capacity = 1, overflow = block))]
    struct Blocks;

    impl Handler<Put> for Blocks {
        fn handle(&mut self, Put(n, on): Put, _: &mut Context<Self>) {
            if let Some((to, n)) = on {
                assert!(to.tell(Put(n, None)).is_ok());
            }
            n.fetch_add(1, SeqCst);
        }
    }

    #[actor(Put, mailbox(capacity = 1, overflow = drop_old))]
    struct Evicts;

    impl Handler<Put> for Evicts {
        fn handle(&mut self, Put(n, _): Put, _: &mut Context<Self>) {
            n.fetch_add(1, SeqCst);
        }
    }

    /// The waiter sees the room, or the owner sees the waiter.
    #[test]
    fn waiter_against_room_given_back_gets_in() {
        model_within(3, || {
            let core = system();
            let n = Arc::new(AtomicU32::new(0));
            let to = spawn(&core, Blocks).unwrap();
            let first = Put(Arc::clone(&n), None);
            let task = Local::with(&core, |local| to.0.push(local, Kind::Tell, 0, first));
            let waiter = on_a_thread(&core, {
                let (to, put) = (to.clone(), Put(Arc::clone(&n), None));
                move |_, local| to.0.stand(local, Kind::Tell, 0, put)
            });
            Local::with(&core, |local| run(local, task.ok().and_then(|accepted| accepted.0)));
            let place = waiter.join();
            Local::with(&core, |local| run_all(&core, local));
            assert_eq!(n.load(SeqCst), 2, "both are handled");
            assert!(place.is_none_or(|place| matches!(place.look(None), Some(Ok(())))));
            drop(to);
            finish(core);
        });
    }

    /// The sender of a message above the capacity runs again, however the receiver drains meanwhile.
    #[test]
    fn mute_against_drain_lets_the_sender_go() {
        model_within(3, || {
            let core = system();
            let (n, sent) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
            let to = spawn(&core, Blocks).unwrap();
            let from = spawn(&core, Blocks).unwrap();
            let push = |to: &ActorRef<Blocks>, put| {
                let pushed = Local::with(&core, |local| to.0.push(local, Kind::Tell, 0, put));
                pushed.ok().and_then(|accepted| accepted.0)
            };
            let receiver = push(&to, Put(Arc::clone(&n), None));
            let on = Some((to.clone(), Arc::clone(&n)));
            let sender = push(&from, Put(Arc::clone(&sent), on));
            let runs = on_a_thread(&core, move |_, local| run(local, sender));
            Local::with(&core, |local| run(local, receiver));
            runs.join();
            Local::with(&core, |local| run_all(&core, local));
            // It is idle, not parked for ever.
            assert!(from.0.is_idle() && !from.0.state().is_muted());
            assert_eq!((n.load(SeqCst), sent.load(SeqCst)), (2, 1));
            drop((to, from));
            finish(core);
        });
    }

    /// A message is handled or evicted, once.
    #[test]
    fn evict_against_pop_has_one_taker() {
        model_within(3, || {
            let core = system();
            let n = Arc::new(AtomicU32::new(0));
            let to = spawn(&core, Evicts).unwrap();
            let put = || Put(Arc::clone(&n), None);
            let task = Local::with(&core, |local| to.0.push(local, Kind::Tell, 0, put()));
            let evictor = on_a_thread(&core, {
                let (to, put) = (to.clone(), put());
                move |core, local| {
                    let accepted = to.0.push(local, Kind::Tell, 0, put).ok().unwrap();
                    if let Some(task) = accepted.0 {
                        core.scheduler.schedule(local, task);
                    }
                }
            });
            Local::with(&core, |local| run(local, task.ok().and_then(|accepted| accepted.0)));
            evictor.join();
            Local::with(&core, |local| run_all(&core, local));
            let handled = n.load(SeqCst);
            assert_eq!(Arc::strong_count(&n), 1, "each is dropped");
            drop(to);
            let sums = finish(core);
            assert_eq!(u64::from(handled) + sums.evicted, 2);
        });
    }
}
