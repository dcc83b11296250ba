//! The sends of an actor that was cut off: refused as `Closed`, at no cost to those of all others.
//!
//! Before each send a thread finds its `Local` by the system's address, which stands there. Whoever cuts an actor off
//! takes that address away where the actor's handler runs: from then on that thread always goes the long way, and there a
//! send asks who it is.
//!
//! 1. `whom` is written before the address is taken away, and the address is never null for long without it. Else all
//!    that the thread does goes the long way for ever.
//! 2. Only the thread itself lifts its bar, once the turn that it was put up for is over. It gives `whom` up first, puts
//!    the address back, and looks at `whom` again: of a bar that was put up meanwhile either it sees `whom`, or who puts
//!    it up takes the address away after it came back.
//! 3. Of what an actor does after its handler (its state's destructor) the turn itself puts the bar up.
//!
//! | step                        | order   | pairs with: what becomes visible                             |
//! |-----------------------------|---------|--------------------------------------------------------------|
//! | `put_up` takes the address  | SeqCst  | `whom`'s look at it (Acquire): the id                        |
//! | `lift` puts the address back| SeqCst  | `put_up` that came before: its id, to the look that follows  |
//! | `passes`                    | Relaxed | nothing: coherence is enough, all else is read the long way  |

use std::ptr::{self, NonNull};

use super::header::Header;
use super::local::{Here, Local, Registry};
use super::refs::CellRef;
use crate::message::ActorId;
use crate::sync::atomic::{AtomicPtr, AtomicU64, Ordering};
use crate::system::Core;

/// Whose sends a thread lets through: of every actor but one.
pub(super) struct Bar {
    /// The system's; null behind a bar.
    address: AtomicPtr<Core>,
    /// Who was cut off; 0 without a bar.
    whom: AtomicU64,
}

impl Bar {
    pub(super) fn open(core: *const Core) -> Self {
        Bar { address: AtomicPtr::new(core.cast_mut()), whom: AtomicU64::new(0) }
    }

    /// Whether the way to a `Local` of `core` is free.
    #[inline(always)]
    pub(super) fn passes(&self, core: &Core) -> bool {
        ptr::eq(self.address.load(Ordering::Relaxed), core)
    }

    fn put_up(&self, whom: ActorId) {
        // Swaps, as in `lift`: so each sees what the other did before.
        self.whom.swap(whom.as_raw(), Ordering::SeqCst);
        self.address.swap(ptr::null_mut(), Ordering::SeqCst);
    }

    fn whom(&self) -> u64 {
        // Acquire: whoever took it away has said before for whom.
        self.address.load(Ordering::Acquire);
        self.whom.load(Ordering::SeqCst)
    }

    fn lift(&self, core: &Core, whom: u64) {
        if self.whom.compare_exchange(whom, 0, Ordering::SeqCst, Ordering::Relaxed).is_err() {
            return;
        }
        self.address.swap(ptr::from_ref(core).cast_mut(), Ordering::SeqCst);
        if self.whom.load(Ordering::SeqCst) != 0 && !crate::sync::mutant("bar_no_second_look") {
            self.address.store(ptr::null_mut(), Ordering::SeqCst);
        }
    }
}

impl Local {
    /// As [`here`](Self::here), for a send. `None`: by an actor that was cut off.
    #[inline(always)]
    pub(crate) fn to_send(core: &Core) -> Option<Here<'_>> {
        match Self::at_hand(core) {
            Some(local) => Some(local),
            None => Self::find_to_send(core),
        }
    }

    #[cold]
    #[inline(never)]
    fn find_to_send(core: &Core) -> Option<Here<'_>> {
        let local = Self::here(core);
        if local.is_barred(core) { None } else { Some(local) }
    }

    /// Whether the actor that runs here was cut off. A bar that is left over is lifted.
    #[cold]
    fn is_barred(&self, core: &Core) -> bool {
        let whom = self.bar.whom();
        if whom == 0 {
            return false;
        }
        let stuck = core.ids.resolve(ActorId::from_raw(whom));
        let stands = |cell: CellRef| self.serves(cell.as_ptr()) && !cell.state().is_ended();
        if stuck.is_some_and(stands) {
            return self.current() == whom;
        }
        self.bar.lift(core, whom);
        false
    }

    /// Its later sends from this thread are refused: it was cut off, and its turn runs here.
    #[cold]
    pub(crate) fn refuse_sends_of(&self, cell: &Header) {
        self.bar.put_up(cell.id);
    }
}

impl Registry {
    /// Its later sends are refused, in the turn that it stands in: it is being cut off. False: there is no such turn.
    #[must_use]
    pub(crate) fn refuse_sends_of(&self, cell: &Header) -> bool {
        let mut found = false;
        self.for_each(|local| {
            if local.serves(NonNull::from(cell)) {
                local.refuse_sends_of(cell);
                found = true;
            }
        });
        found
    }
}

#[cfg(all(test, loom))]
mod models {
    use std::sync::Arc;

    use super::*;
    use crate::actor::{ActorRef, Context, Handler};
    use crate::cell::state::order;
    use crate::message::Kind;
    use crate::sync::atomic::AtomicU32;
    use crate::system::models::{
        finish, model_within, on_a_thread, order_and_run, run, spawn, system,
    };
    use crate::{Message, actor, handlers};

    #[derive(Message, Debug)]
    struct Put;

    #[actor(Put)]
    struct Keeper;

    impl Handler<Put> for Keeper {
        fn handle(&mut self, _: Put, _: &mut Context<Self>) {}
    }

    /// Sends twice, and looks before each whether it was cut off.
    #[actor]
    struct Sender {
        to: ActorRef<Keeper>,
        cut_off: Arc<AtomicU32>,
    }

    #[handlers]
    impl Sender {
        fn begin(&mut self) {
            for _ in 0..2 {
                let late = self.cut_off.load(Ordering::Acquire) == 1;
                let sent = self.to.tell(Put);
                assert!(!late || sent.is_err(), "a late send got through");
            }
        }
    }

    /// An actor is cut off while it sends, on a thread that still has the bar of another: what it sends later is refused,
    /// and the bar of the other goes.
    #[test]
    fn cut_off_against_send_refuses_what_comes_later() {
        model_within(3, || {
            let core = system();
            let to = spawn(&core, Keeper).unwrap();
            let cut_off = Arc::new(AtomicU32::new(0));
            let sender = || {
                let sender = Sender { to: to.clone(), cut_off: Arc::clone(&cut_off) };
                spawn(&core, sender).unwrap()
            };
            let (gone, stuck) = (sender(), sender());
            let begin = |local: &Local| stuck.0.push(local, Kind::Tell, 0, SenderBegin {});
            let task = Local::with(&core, begin).unwrap().0;
            let worker = on_a_thread(&core, {
                let to = to.clone();
                move |_, local| {
                    local.refuse_sends_of(gone.0.cell());
                    order_and_run(gone.0.cell(), local, order::KILL);
                    run(local, task);
                    assert!(to.tell(Put).is_ok(), "one actor's bar holds another up");
                    assert_ne!(local.bar.whom(), gone.id().as_raw(), "it is left");
                    drop((gone, to));
                }
            });
            Local::with(&core, |local| {
                order_and_run(stuck.0.cell(), local, order::KILL);
                if core.locals.refuse_sends_of(stuck.0.cell()) {
                    cut_off.store(1, Ordering::Release);
                }
            });
            worker.join();
            drop((stuck, to));
            finish(core);
        });
    }
}
