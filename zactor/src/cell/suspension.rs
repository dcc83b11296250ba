//! Async handlers: a future that borrows the resident, where it is polled, and who wakes it. All of their unsafe code.
//!
//! ```text
//! Cell:   header | held ──▶ Block: Front | context | future        (one pooled block, from the first poll to the end)
//!         resident ◀─ &mut ─────────────────────────┘ └─ &mut ─▶ context
//! ```
//! 1. The future borrows the resident's value and the context, for as long as it exists, and rustc has checked it for any
//!    lifetime; here it is `'static`. So while a future exists nobody makes a reference to the value, to the resident that
//!    it is part of, or to the context. The first turn hands the cell over as [`Held`], which leads to neither; only the
//!    end of the future gives a [`Turn`] and the context back.
//! 2. The future is put into its block before its first poll, and stays there until it is dropped, in place: it is pinned.
//! 3. `live` says that there is a future in the block. It is cleared before the future is dropped, so a destructor that
//!    panics does not meet it twice; the context is touched only while it is clear.
//! 4. A held cell has another `run`: its turns come to [`Resident::resume`]. Only the owner of the right to run looks at it,
//!    and changes it. So a turn of an actor that is not held looks for nothing.
//! 5. The message of a held cell is counted as `suspended` while no turn has it in hand, under the mark `HELD`.
//! 6. A waker is a counted reference to the cell, and a wake is the token `SUSPENDED` in its state word: harmless on an
//!    actor that waits for something else (it looks again), that has ended, or whose memory is kept by the waker alone.

#![allow(
    clippy::multiple_unsafe_ops_per_block,
    reason = "one argument covers both where it says so"
)]

use std::alloc::Layout;
use std::any::Any;
use std::cell::UnsafeCell;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::pin::Pin;
use std::ptr::NonNull;
use std::task::{Context as TaskContext, Poll, RawWaker, RawWakerVTable, Waker};

use super::guard::{drop_guarded, guarded};
use super::header::{Header, NOTHING};
use super::local::Local;
use super::refs::CellRef;
use super::state::token;
use super::task::Task;
use super::turn::{Intake, Turn};
use super::typed::Ref;
use super::{Resident, run};

/// What stands in front of context and future.
pub(super) struct Front {
    poll: unsafe fn(NonNull<Front>, &mut TaskContext<'_>) -> Poll<()>,
    /// Drops the future.
    drop: unsafe fn(NonNull<Front>),
    context: NonNull<u8>,
    layout: Layout,
    live: bool,
    /// It has waited for a reply (waits.rs).
    waits: bool,
    /// The message's tag.
    tag: u32,
    /// When whoever ordered the end waits no more, in nanoseconds.
    limit: Option<u64>,
    /// `NEWS` was taken, and is to be looked at when the future has ended.
    news: bool,
}

#[repr(C)]
struct Block<C, F: Future> {
    front: Front,
    context: UnsafeCell<ManuallyDrop<C>>,
    finish: fn(&mut C, F::Output),
    future: UnsafeCell<ManuallyDrop<F>>,
}

/// The place in a cell for the future that holds it.
#[derive(Default)]
pub(super) struct Holder(UnsafeCell<Option<NonNull<Front>>>);

/// What a panic left.
type Payload = Box<dyn Any + Send>;

/// A future with its context `C`, between two polls.
#[must_use = "a future that is lost is never dropped"]
struct Suspension<C> {
    front: NonNull<Front>,
    context: PhantomData<C>,
}

/// What a poll came to.
enum Polled<C> {
    Finished(C),
    Panicked(C, Payload),
    Pending(Suspension<C>),
}

/// How the first poll of a handler ended.
pub(crate) enum Begun<C> {
    Finished(C),
    Panicked(C, Payload),
    /// The cell is held: the turn ends with [`Turn::hold`], and touches nothing of the resident before.
    Pending,
}

/// Has `handle` make a future of value and context, and polls it once. `finish` gets what it gives.
#[inline]
pub(crate) fn begin<T: Resident, F: Future + Send>(
    here: &Ref<T::Value>,
    local: &Local,
    value: &mut T::Value,
    context: impl FnOnce(ManuallyDrop<Ref<T::Value>>) -> T::Context,
    handle: impl FnOnce(&'static mut T::Value, &'static mut T::Context) -> F,
    finish: fn(&mut T::Context, F::Output),
) -> Begun<T::Context> {
    let here = here.cell();
    // SAFETY: a live actor keeps its cell; the context ends with the future, and that before the actor.
    let context = context(unsafe { Ref::uncounted(CellRef::uncounted(here.as_ptr())) });
    let layout = Layout::new::<Block<T::Context, F>>();
    let place = local.alloc(here.core(), layout).cast::<Block<T::Context, F>>();
    let block = place.as_ptr();
    // SAFETY: the block is ours and has room for a `Block`.
    unsafe {
        (&raw mut (*block).context).write(UnsafeCell::new(ManuallyDrop::new(context)));
        (&raw mut (*block).finish).write(finish);
        (&raw mut (*block).front).write(Front {
            poll: poll::<T::Context, F>,
            drop: drop_future::<T::Context, F>,
            context: NonNull::new_unchecked(&raw mut (*block).context).cast(),
            layout,
            live: false,
            waits: false,
            tag: here.current(),
            limit: None,
            news: false,
        });
    }
    let suspension = Suspension { front: place.cast(), context: PhantomData };
    let value = NonNull::from(value);
    let made = guarded(|| {
        // SAFETY: the caller lends both, and uses neither before the future has ended (1); the context lies in the block,
        // which outlives the future.
        let (value, context) = unsafe {
            (&mut *value.as_ptr(), &mut **UnsafeCell::raw_get(&raw const (*block).context))
        };
        let future = handle(value, context);
        // SAFETY: the block is ours; it is not live yet.
        unsafe {
            (&raw mut (*block).future).write(UnsafeCell::new(ManuallyDrop::new(future)));
            (*block).front.live = true;
        }
    });
    let polled = match made {
        Ok(()) => suspension.poll(here, local),
        Err(payload) => Polled::Panicked(suspension.end(here, local), payload),
    };
    match polled {
        Polled::Finished(context) => Begun::Finished(context),
        Polled::Panicked(context, payload) => Begun::Panicked(context, payload),
        Polled::Pending(suspension) => {
            // SAFETY: a `Cell<T>`, whose right to run is this thread's (the caller runs its handler).
            unsafe { *holder(here.as_ptr()).0.get() = Some(suspension.front) };
            Begun::Pending
        }
    }
}

/// What every cell begins with, whatever lives in it.
#[repr(C)]
struct Prefix {
    header: Header,
    held: Holder,
}

/// # Safety
/// `header` leads a cell that is alive for as long as the result is used.
unsafe fn holder<'a>(header: NonNull<Header>) -> &'a Holder {
    // SAFETY: a `Cell` begins as a `Prefix` does (both are `repr(C)`), and is alive (caller).
    unsafe { &(*header.cast::<Prefix>().as_ptr()).held }
}

impl Intake<'_> {
    /// Whether the future of the last handler is pending, and holds the cell.
    pub(crate) fn is_held(&self) -> bool {
        // SAFETY: alive, and the right to run is ours.
        unsafe { (*holder(self.header).0.get()).is_some() }
    }
}

/// # Safety
/// `front` leads a `Block<C, F>` with a live future; the caller is its only user.
unsafe fn poll<C, F: Future>(front: NonNull<Front>, task: &mut TaskContext<'_>) -> Poll<()> {
    let block = front.cast::<Block<C, F>>().as_ptr();
    // SAFETY: live, and never moved again (2).
    let future =
        unsafe { Pin::new_unchecked(&mut **UnsafeCell::raw_get(&raw const (*block).future)) };
    let Poll::Ready(output) = future.poll(task) else { return Poll::Pending };
    // SAFETY: it is live (caller), and no reference to it is left.
    unsafe { drop_future::<C, F>(front) };
    // SAFETY: the future has gone, so the context is nobody's (3).
    let context = unsafe { &mut **UnsafeCell::raw_get(&raw const (*block).context) };
    // SAFETY: written by `begin`, never changed.
    let finish = unsafe { (*block).finish };
    finish(context, output);
    Poll::Ready(())
}

/// # Safety
/// As `poll`.
unsafe fn drop_future<C, F: Future>(front: NonNull<Front>) {
    let block = front.cast::<Block<C, F>>().as_ptr();
    // SAFETY: the caller's alone; once, for it is live only until here (3).
    unsafe {
        (*block).front.live = false;
        ManuallyDrop::drop(&mut *UnsafeCell::raw_get(&raw const (*block).future));
    }
}

impl<C> Suspension<C> {
    fn poll(self, here: &CellRef, local: &Local) -> Polled<C> {
        // SAFETY: the block is ours while we are its suspension.
        let poll = unsafe { self.front.as_ref() }.poll;
        // SAFETY: whoever runs a cell keeps it, longer than this.
        let waker = unsafe { uncounted_waker(here.as_ptr()) };
        let mut task = TaskContext::from_waker(&waker);
        local.begin_poll();
        // SAFETY: made for this block; a suspension has a live future, and is its only user.
        let polled = guarded(|| unsafe { poll(self.front, &mut task) });
        if local.end_poll() {
            // SAFETY: the block is ours, and nothing is borrowed of its front.
            unsafe { (*self.front.as_ptr()).waits = true };
        }
        match polled {
            Ok(Poll::Pending) => Polled::Pending(self),
            Ok(Poll::Ready(())) => Polled::Finished(self.end(here, local)),
            Err(payload) => Polled::Panicked(self.end(here, local), payload),
        }
    }

    /// Drops the future, if it is still there, in a catch, and gives the block back.
    fn end(self, here: &CellRef, local: &Local) -> C {
        // SAFETY: the block is ours, and nothing is borrowed of its front.
        let (live, waits, drop, context, layout) = unsafe {
            let front = self.front.as_ref();
            (front.live, front.waits, front.drop, front.context, front.layout)
        };
        if waits {
            here.core().waits.forget(here.id);
        }
        // SAFETY: made for this block, whose future is live.
        if live && guarded(|| unsafe { drop(self.front) }).map_err(drop_guarded).is_err() {
            local.counts.drop_panics.add(1);
        }
        // SAFETY: the future has gone (3); a `C` in a cell and a wrapper that have its layout; moved out once.
        let context = unsafe { context.cast::<C>().read() };
        // SAFETY: from `alloc` with this layout (`begin`), and empty now: what `Front` has needs no drop.
        unsafe { local.free(here.core(), self.front.cast(), layout) };
        context
    }
}

/// A cell whose resident is borrowed by a future, and the right to run it: as a [`Turn`] without resident.
pub(crate) struct Held<'l, T: Resident> {
    intake: &'l mut Intake<'l>,
    front: NonNull<Front>,
    resident: PhantomData<&'l mut T>,
}

/// What a later poll came to.
pub(crate) enum Resumed<'l, T: Resident> {
    Finished(Turn<'l, T>, T::Context),
    Panicked(Turn<'l, T>, T::Context, Payload),
    Pending(Held<'l, T>),
}

impl<'l, T: Resident> Turn<'l, T> {
    /// The handler's future is pending ([`Begun::Pending`]): the resident is its.
    pub(crate) fn hold(self) -> Held<'l, T> {
        let intake = self.intake;
        intake.settle();
        let header = intake.header();
        header.set_current(NOTHING);
        // SAFETY: a `Cell<T>`, whose right to run is ours.
        let front = unsafe { *holder(intake.header).0.get() };
        // SAFETY: the right to run is ours; made for a `Cell<T>`.
        unsafe { header.set_run(resume::<T>) };
        Held { intake, front: front.expect("held by `begin`"), resident: PhantomData }
    }
}

/// # Safety
/// `header` leads a `Cell<T>` that is held, and the caller gives its right to run away.
unsafe fn resume<T: Resident>(header: NonNull<Header>, local: &Local) -> Option<Task> {
    // SAFETY: caller.
    let mut intake = unsafe { Intake::new(header, local) };
    // SAFETY: caller.
    let front = unsafe { *holder(header).0.get() };
    T::resume(Held {
        intake: &mut intake,
        front: front.expect("held by `hold`"),
        resident: PhantomData,
    })
}

impl<'l, T: Resident> Held<'l, T> {
    pub(crate) fn header(&self) -> &'l Header {
        self.intake.header()
    }

    pub(crate) fn local(&self) -> &'l Local {
        self.intake.local()
    }

    fn front(&mut self) -> &mut Front {
        // SAFETY: the block is the cell's, and with it ours; between two polls nobody else looks at its front.
        unsafe { self.front.as_mut() }
    }

    /// When whoever ordered the end waits no more, if that was said.
    pub(crate) fn limit(&mut self) -> &mut Option<u64> {
        &mut self.front().limit
    }

    /// There is news for the actor; it has to wait.
    pub(crate) fn keep_news(&mut self) {
        self.front().news = true;
    }

    /// Whether news waits.
    pub(crate) fn has_news(&mut self) -> bool {
        self.front().news
    }

    /// A turn has the message in hand again. True: the future was woken.
    pub(crate) fn take_up(&mut self) -> bool {
        self.local().counts.resumed.add(1);
        self.header().state().resume(token::SUSPENDED)
    }

    /// Leaves the cell parked, unless the future was woken or one of `orders` that is new since `seen` stands: then the
    /// task is to be scheduled.
    pub(crate) fn park(self, seen: u64) -> Option<Task> {
        let header = self.header();
        self.local().counts.suspended.add(1);
        if header.state().suspend(seen) {
            return None;
        }
        // SAFETY: not parked, so the right to run is still ours, and goes over.
        Some(unsafe { Task::new(self.intake.header) })
    }

    /// Polls the future.
    pub(crate) fn poll(mut self) -> Resumed<'l, T> {
        let (header, local) = (self.header(), self.local());
        header.set_current(self.front().tag);
        // SAFETY: the caller's right to run keeps the cell alive.
        let here = unsafe { CellRef::uncounted(self.intake.header) };
        match self.suspension().poll(&here, local) {
            Polled::Finished(context) => Resumed::Finished(self.let_go(), context),
            Polled::Panicked(context, payload) => {
                Resumed::Panicked(self.let_go(), context, payload)
            }
            Polled::Pending(_) => {
                header.set_current(NOTHING);
                Resumed::Pending(self)
            }
        }
    }

    /// Drops the future where it stands.
    pub(crate) fn cancel(mut self) -> (Turn<'l, T>, T::Context) {
        let (header, local) = (self.header(), self.local());
        header.set_current(self.front().tag);
        // SAFETY: as in `poll`.
        let here = unsafe { CellRef::uncounted(self.intake.header) };
        let context = self.suspension().end(&here, local);
        (self.let_go(), context)
    }

    fn suspension(&self) -> Suspension<T::Context> {
        Suspension { front: self.front, context: PhantomData }
    }

    /// The future has gone: the resident is the turn's again.
    fn let_go(self) -> Turn<'l, T> {
        let header = self.header();
        // SAFETY: the right to run is ours; made for a `Cell<T>`.
        unsafe { header.set_run(run::<T>) };
        // SAFETY: a `Cell<T>`, whose right to run is ours.
        unsafe { *holder(self.intake.header).0.get() = None };
        // SAFETY: a `Cell<T>`; the right to run goes over.
        unsafe { Turn::of(self.intake) }
    }
}

const VTABLE: &RawWakerVTable =
    &RawWakerVTable::new(clone_waker, wake, wake_by_reference, drop_waker);

/// Runs `f` with the waker of a cell.
pub(crate) fn with_waker<R>(cell: &CellRef, f: impl FnOnce(&Waker) -> R) -> R {
    // SAFETY: the caller's reference keeps the cell, for longer than `f` can keep what it borrows.
    let waker = unsafe { uncounted_waker(cell.as_ptr()) };
    f(&waker)
}

/// # Safety
/// The cell outlives the result.
unsafe fn uncounted_waker(header: NonNull<Header>) -> ManuallyDrop<Waker> {
    // SAFETY: the functions of `VTABLE` are given this pointer. They may be called from any thread (`CellRef` is `Send` and
    // `Sync`), and are given what they count; this one counts nothing and is not dropped.
    ManuallyDrop::new(unsafe { Waker::new(header.as_ptr().cast_const().cast(), VTABLE) })
}

/// # Safety
/// `waker` is that of a cell that lives as long as the result.
unsafe fn cell_of(waker: *const ()) -> ManuallyDrop<CellRef> {
    // SAFETY: the pointer of a header (`uncounted_waker`).
    let header = unsafe { NonNull::new_unchecked(waker.cast::<Header>().cast_mut()) };
    // SAFETY: caller.
    unsafe { CellRef::uncounted(header) }
}

/// # Safety
/// As `cell_of`, while it runs.
unsafe fn clone_waker(waker: *const ()) -> RawWaker {
    // SAFETY: caller.
    let cell = unsafe { cell_of(waker) };
    // The count is the new waker's.
    std::mem::forget(CellRef::clone(&cell));
    RawWaker::new(waker, VTABLE)
}

/// # Safety
/// `waker` has a count, which it gives away.
unsafe fn wake(waker: *const ()) {
    // SAFETY: counted, so it lives until the drop.
    unsafe { wake_by_reference(waker) };
    // SAFETY: caller.
    unsafe { drop_waker(waker) };
}

/// # Safety
/// As `cell_of`, while it runs.
unsafe fn wake_by_reference(waker: *const ()) {
    // SAFETY: caller.
    let cell = unsafe { cell_of(waker) };
    if let Some(task) = cell.wake(token::SUSPENDED) {
        let core = cell.core();
        Local::with(core, |local| core.scheduler.schedule(local, task));
    }
}

/// # Safety
/// As `wake`.
unsafe fn drop_waker(waker: *const ()) {
    // SAFETY: caller.
    let mut cell = unsafe { cell_of(waker) };
    // SAFETY: its count goes, once.
    unsafe { ManuallyDrop::drop(&mut cell) };
}
