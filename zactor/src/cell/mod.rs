//! Layer 6: the memory of an actor - a header of two cache lines, then what lives in it - and the rights to it.
//!
//! * [`CellRef`] (refs.rs) counts; the last one frees. The id table (ids.rs) makes one from an id. users.rs counts for an
//!   actor that ends when nobody refers to it.
//! * [`Task`] (task.rs) is the right to run a cell while it is scheduled, [`Turn`] (turn.rs) while it runs. There is
//!   one of both at most, so at most one thread runs an actor. It becomes a mark when the actor leaves its worker,
//!   and whoever clears the mark makes it again (state.rs).
//! * [`Ref`] and [`Port`] (typed.rs) know what their actor accepts: tag and payload agree by construction. port.rs is
//!   the one way in.
//! * suspension.rs is what an async handler leaves in a cell, [`Held`] the right to run one then.
//! * pressure.rs is what concerns a full mailbox: overflow.rs its policy, sorted.rs what leaves the queue early, line.rs
//!   those who wait for room, mutes.rs actors that do not run until there is.
//! * stash.rs is what an actor has put aside.
//! * timers.rs is the timers of one actor, parcel.rs what they send.
//! * [`Local`] (local.rs) is what a thread keeps for each system; serving.rs is what others may know of its turn, histogram.rs
//!   and latencies.rs the times that it has sampled. guard.rs
//!   is the catch around the user's code, blocking.rs who may wait.

#![allow(
    clippy::multiple_unsafe_ops_per_block,
    reason = "one argument covers both where it says so"
)]

mod answer;
mod ask;
mod bar;
mod blocking;
mod continuation;
mod deferring;
mod family;
mod guard;
mod header;
mod histogram;
mod ids;
mod latencies;
mod line;
mod local;
mod look;
#[cfg(all(test, loom))]
pub(crate) mod models;
mod mutes;
mod overflow;
mod parcel;
mod pinned;
mod port;
mod pressure;
mod rare;
mod refs;
mod serving;
mod sorted;
mod stash;
pub(crate) mod state;
mod suspension;
mod task;
mod timers;
mod turn;
mod typed;
mod users;
mod value;
mod waiters;
mod waits;
mod watch;

use std::cell::UnsafeCell;
use std::ptr::NonNull;
use std::sync::Arc;

pub(crate) use answer::{Answer, NoAnswer, Token, Told};
pub(crate) use ask::{AskPool, AskPtr, Asked, ExpiredAsk, Outcome, Progress, Rest, then};
pub(crate) use blocking::{must_not_block, without_waiting};
pub(crate) use continuation::{Continuation, run_behind, run_later};
pub(crate) use family::{Family, Whom};
pub(crate) use guard::{drop_guarded, guarded, panics};
pub(crate) use header::{Birth, HOOK, Header, Meta, NOTHING};
pub(crate) use histogram::Merged;
pub use histogram::Percentiles;
pub(crate) use ids::IdTable;
pub(crate) use line::{InLine, Ticket};
#[cfg(all(test, loom))]
pub(crate) use local::{Kept, Sums};
pub(crate) use local::{Local, Registry, WorkerSide};
pub(crate) use look::Looks;
pub(crate) use mutes::Waiting;
pub(crate) use overflow::Dropped;
pub(crate) use pinned::Pinned;
pub(crate) use port::{Accepted, Batch, refuse};
pub(crate) use pressure::Manner;
pub(crate) use rare::Rare;
pub(crate) use refs::CellRef;
pub(crate) use suspension::{Begun, Held, Resumed, begin as begin_async, with_waker};
pub(crate) use task::{Slot, Task};
pub(crate) use timers::{OwnTimer, TimerKey, Unsent};
pub(crate) use turn::{Delivery, Intake, Next, Turn};
pub(crate) use typed::{Port, Ref};
pub(crate) use waiters::{Waiter, Waiters};
pub(crate) use waits::Waits;
pub(crate) use watch::Watcher;

use suspension::Holder;

use crate::system::Core;

/// What can live in a cell.
pub(crate) trait Resident: Sized + Send + 'static {
    /// What continuations are given.
    type Value: 'static;
    /// What continuations are given besides.
    type Context: Send + 'static;
    const META: &'static Meta;
    /// As `META`, of an actor that ends when no user refers to it any more.
    const COUNTED: &'static Meta = Self::META;

    /// One turn. The result goes to the back of the queue.
    fn run(turn: Turn<'_, Self>) -> Option<Task>;

    /// One turn while the future of a handler has borrowed it. The result as for `run`.
    fn resume(held: Held<'_, Self>) -> Option<Task>;
}

/// A header and what lives in the cell.
#[repr(C)]
pub(crate) struct Cell<T> {
    header: Header,
    held: Holder,
    resident: UnsafeCell<T>,
}

impl<T: Resident> Cell<T> {
    pub(crate) const LAYOUT: std::alloc::Layout = std::alloc::Layout::new::<Cell<T>>();

    /// A new cell with two references: the actor's own and the caller's. The caller has the right to run it; the id
    /// table knows it from now on.
    pub(crate) fn create(
        core: &Arc<Core>,
        local: &Local,
        birth: impl FnOnce(NonNull<Core>) -> Birth,
        resident: T,
    ) -> (Ref<T::Value>, Task) {
        let place = local.magazines.alloc_cell(&core.memory, Self::LAYOUT).cast::<Cell<T>>();
        let header = place.cast::<Header>();
        let counted = NonNull::from(&**core);
        // One count of the system for this cell, given back when it is freed.
        std::mem::forget(Arc::clone(core));
        let birth = birth(counted);
        let id = birth.id;
        let counts = birth.ends_unreferenced;
        let meta = if counts { T::COUNTED } else { T::META };
        let cell = Cell {
            header: Header::new(header, birth, run::<T>, meta),
            held: Holder::default(),
            resident: UnsafeCell::new(resident),
        };
        // SAFETY: the block is ours and has the layout of a `Cell<T>`.
        unsafe { place.write(cell) };
        if counts {
            // SAFETY: just written, and nobody else knows it yet.
            unsafe { header.as_ref() }.begin_to_count();
        }
        core.ids.insert(id, header);
        // SAFETY: `Header::new` has counted two references; this is the caller's.
        let reference = unsafe { Ref::new(CellRef::from_counted(header)) };
        // SAFETY: new and unmarked: the right to run is the maker's.
        (reference, unsafe { Task::new(header) })
    }
}

impl Task {
    /// The maker's first turn.
    pub(crate) fn begin<'l, T: Resident>(
        self,
        local: &'l Local,
        place: &'l mut Option<Intake<'l>>,
    ) -> Turn<'l, T> {
        // SAFETY: the right to run goes over.
        let intake = place.insert(unsafe { Intake::new(self.header(), local) });
        // SAFETY: the caller has made this cell with a `T` in it.
        unsafe { Turn::of(intake) }
    }
}

/// # Safety
/// `header` leads a `Cell<T>`, and the caller gives its right to run away.
unsafe fn run<T: Resident>(header: NonNull<Header>, local: &Local) -> Option<Task> {
    // SAFETY: caller.
    let mut intake = unsafe { Intake::new(header, local) };
    // SAFETY: caller.
    T::run(unsafe { Turn::of(&mut intake) })
}

/// Frees a cell whose last reference has gone: its actor has ended, its state is gone.
///
/// # Safety
/// Nobody refers to the cell any more, but for the id table.
unsafe fn free(header: NonNull<Header>) {
    // SAFETY: ours alone.
    let (core, id, layout) = unsafe {
        let header = header.as_ref();
        (header.core_ptr(), header.id, header.meta.layout)
    };
    // SAFETY: the cell's count of its system, taken over.
    let core = unsafe { Arc::from_raw(core.as_ptr().cast_const()) };
    let slot = core.ids.remove(id);
    #[cfg(all(test, loom))]
    {
        // SAFETY: ours alone.
        unsafe { (*header.as_ptr()).must_be_alone() };
    }
    // SAFETY: ours alone; the resident was dropped by the end of the actor and needs no drop.
    unsafe { header.drop_in_place() };
    Local::with(&core, |local| {
        // SAFETY: from `alloc_cell` with this layout (`create`), and gone.
        unsafe { local.magazines.free_cell(&core.memory, header.cast(), layout) };
        if let Some(slot) = slot {
            local.give_slot(&core, slot);
        }
    });
}
