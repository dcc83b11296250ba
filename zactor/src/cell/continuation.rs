//! What an actor does when something it asked for is there: a closure in a pooled block, behind one pointer.

use std::alloc::Layout;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::ptr::NonNull;

use super::local::Local;
use super::task::Task;
use super::typed::Ref;
use crate::message::BEHIND;
use crate::system::Core;

/// For what every incarnation may run.
const ANY_INCARNATION: u64 = u64::MAX;

/// What stands in front of the closure.
struct Front {
    call: unsafe fn(NonNull<Front>, *mut (), *mut ()),
    drop: unsafe fn(NonNull<Front>),
    layout: Layout,
    core: NonNull<Core>,
    /// Which incarnation asked: no other runs it.
    incarnation: u64,
}

#[repr(C)]
struct Block<F> {
    front: Front,
    closure: ManuallyDrop<F>,
}

/// A closure over an actor's value `V` and its context `C`, called once or dropped.
pub(crate) struct Continuation<V, C> {
    front: NonNull<Front>,
    takes: PhantomData<fn(&mut V, &mut C)>,
}

// SAFETY: `new` asks that the closure be `Send`.
unsafe impl<V, C> Send for Continuation<V, C> {}

impl<V, C> Continuation<V, C> {
    pub(crate) fn new<F>(core: &Core, local: &Local, incarnation: u64, closure: F) -> Self
    where
        F: FnOnce(&mut V, &mut C) + Send + 'static,
    {
        let layout = Layout::new::<Block<F>>();
        let place = local.alloc(core, layout).cast::<Block<F>>();
        let front = Front {
            call: call::<V, C, F>,
            drop: drop_closure::<F>,
            layout,
            core: NonNull::from(core),
            incarnation,
        };
        // SAFETY: the block is ours, and has the layout of what is written.
        unsafe { place.write(Block { front, closure: ManuallyDrop::new(closure) }) };
        Continuation { front: place.cast(), takes: PhantomData }
    }

    /// Whether that is the incarnation that asked.
    pub(crate) fn is_for(&self, incarnation: u64) -> bool {
        // SAFETY: the block is alive until it is called or dropped.
        let asked = unsafe { self.front.as_ref() }.incarnation;
        asked == incarnation || asked == ANY_INCARNATION
    }

    /// Runs it.
    pub(crate) fn call(self, value: &mut V, context: &mut C) {
        let this = ManuallyDrop::new(self);
        // SAFETY: the block is alive until it is called or dropped, once each by value.
        let call = unsafe { this.front.as_ref() }.call;
        // SAFETY: `call` was made for this closure, and `V` and `C` are those of `new`.
        unsafe { call(this.front, (&raw mut *value).cast(), (&raw mut *context).cast()) }
    }

    pub(super) fn into_raw(self) -> NonNull<u8> {
        ManuallyDrop::new(self).front.cast()
    }

    /// # Safety
    /// As [`from_raw`](Self::from_raw).
    pub(super) unsafe fn drop_raw(raw: NonNull<u8>) {
        // SAFETY: caller.
        drop(unsafe { Self::from_raw(raw) });
    }

    /// # Safety
    /// From `into_raw` of a continuation with the same `V` and `C`, once.
    pub(super) unsafe fn from_raw(raw: NonNull<u8>) -> Self {
        Continuation { front: raw.cast(), takes: PhantomData }
    }
}

impl<V, C> Drop for Continuation<V, C> {
    fn drop(&mut self) {
        // SAFETY: as in `call`.
        let drop = unsafe { self.front.as_ref() }.drop;
        // SAFETY: `drop` was made for this closure, which was not called.
        unsafe { drop(self.front) }
    }
}

/// Moves the closure out and frees the block.
///
/// # Safety
/// `front` leads a `Block<F>` that nobody uses any more; its system lives.
unsafe fn take<F>(front: NonNull<Front>) -> F {
    // SAFETY: a `Block<F>` (caller).
    let block = unsafe { front.cast::<Block<F>>().read() };
    // SAFETY: whoever holds a continuation holds a reference to a cell of the system, or runs in one (caller).
    let core = unsafe { block.front.core.as_ref() };
    // SAFETY: from `alloc` with this layout (`new`), and moved out.
    Local::with(core, |local| unsafe { local.free(core, front.cast(), block.front.layout) });
    ManuallyDrop::into_inner(block.closure)
}

/// # Safety
/// As `take`; `value` and `context` lead to a `V` and a `C` that the caller lends exclusively.
unsafe fn call<V, C, F: FnOnce(&mut V, &mut C)>(
    front: NonNull<Front>,
    value: *mut (),
    context: *mut (),
) {
    // SAFETY: caller.
    let closure = unsafe { take::<F>(front) };
    // SAFETY: lent exclusively (caller).
    let value = unsafe { &mut *value.cast::<V>() };
    // SAFETY: lent exclusively (caller).
    let context = unsafe { &mut *context.cast::<C>() };
    closure(value, context);
}

/// # Safety
/// As `take`.
unsafe fn drop_closure<F>(front: NonNull<Front>) {
    // SAFETY: caller.
    drop(unsafe { take::<F>(front) });
}

/// Has `f` run in a turn of this actor's incarnation, in the normal lane; dropped unrun when the actor has ended. The result
/// is to be scheduled.
#[must_use]
pub(crate) fn run_later<V: 'static, C: 'static>(
    actor: &Ref<V>,
    local: &Local,
    incarnation: u64,
    f: impl FnOnce(&mut V, &mut C) + Send + 'static,
) -> Option<Task> {
    push(actor, local, incarnation, 0, f)
}

/// As `run_later`, in whatever incarnation, and behind all that is queued, in every lane.
#[must_use]
pub(crate) fn run_behind<V: 'static, C: 'static>(
    actor: &Ref<V>,
    local: &Local,
    f: impl FnOnce(&mut V, &mut C) + Send + 'static,
) -> Option<Task> {
    push(actor, local, ANY_INCARNATION, BEHIND, f)
}

fn push<V: 'static, C: 'static>(
    actor: &Ref<V>,
    local: &Local,
    incarnation: u64,
    flags: u32,
    f: impl FnOnce(&mut V, &mut C) + Send + 'static,
) -> Option<Task> {
    let raw = Continuation::<V, C>::new(actor.core(), local, incarnation, f).into_raw();
    // SAFETY: made for this actor's type, and goes over.
    match unsafe { actor.cell().push_marker(raw, flags) } {
        Ok(task) => task,
        Err(_) => {
            // SAFETY: not pushed, so still ours.
            drop(unsafe { Continuation::<V, C>::from_raw(raw) });
            None
        }
    }
}
