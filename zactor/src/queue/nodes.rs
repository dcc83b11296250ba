//! Nodes of a channel: made when there is none, used again when there is one.
//!
//! ```text
//! Sender: Cache ◀── takes all ── Spare ◀── gives a chain of some ── Receiver: Chain
//! ```
//! 1. A chain holds empty nodes that nobody else has. Else two messages lie in one node.
//! 2. `Spare` is filled only when it is empty and emptied only as a whole, so that no node of it is
//!    ever looked at by one side while the other has it.
//!
//! | step                    | order   | pairs with: what becomes visible                     |
//! |-------------------------|---------|------------------------------------------------------|
//! | `Spare::put`'s CAS      | Release | `take`'s swap (Acquire): links, and payloads read    |
//! | `Cache` clears its lock | Release | the next try (Acquire): the chain                    |

use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::ptr::{self, NonNull};

use crossbeam_utils::CachePadded;

use super::mpsc::Link;
use crate::sync::atomic::{
    AtomicBool, AtomicPtr,
    Ordering::{Acquire, Relaxed, Release},
};
use crate::sync::cell::UnsafeCell;

/// A message on its way.
#[repr(C, align(64))]
pub(super) struct Node<T> {
    link: Link,
    /// There while the node is queued, gone once it is the tail.
    value: UnsafeCell<MaybeUninit<T>>,
}

impl<T> Node<T> {
    pub(super) fn boxed(message: T) -> NonNull<Link> {
        let node = Self { link: Link::new(), value: UnsafeCell::new(MaybeUninit::new(message)) };
        NonNull::from(Box::leak(Box::new(node))).cast()
    }

    /// Puts `message` into a node that is used again.
    ///
    /// # Safety
    /// `link` came from a chain of the same `T`.
    unsafe fn fill(link: NonNull<Link>, message: T) {
        // SAFETY: alive, and the caller's alone (1).
        unsafe { Link::init(link) };
        // SAFETY: as above.
        let value = unsafe { &(*link.cast::<Self>().as_ptr()).value };
        // SAFETY: nobody else touches it; a value is valid for writes.
        value.with_mut(|value| unsafe { value.write(MaybeUninit::new(message)) });
    }

    /// Takes the message out.
    ///
    /// # Safety
    /// `link` came from `boxed` or `Cache::node` of the same `T`, its message was not taken, and no
    /// other thread touches it.
    pub(super) unsafe fn take(link: NonNull<Link>) -> T {
        // SAFETY: alive; a reference to the value alone, for a producer may store the link.
        let value = unsafe { &(*link.cast::<Self>().as_ptr()).value };
        // SAFETY: initialised when it was made or filled; read once, for the caller takes it once.
        value.with_mut(|value| unsafe { value.cast::<T>().read() })
    }

    /// # Safety
    /// `link` came from `boxed` of the same `T`, is empty, and the caller's alone.
    pub(super) unsafe fn free(link: NonNull<Link>) {
        // SAFETY: made by `Box` in `boxed`; a `MaybeUninit` drops nothing.
        drop(unsafe { Box::from_raw(link.cast::<Self>().as_ptr()) });
    }
}

/// Empty nodes, linked. Dropped, it frees them.
pub(super) struct Chain<T> {
    first: Option<NonNull<Link>>,
    node: PhantomData<fn() -> T>,
}

// SAFETY: the nodes are the chain's alone, and hold no `T` (1).
unsafe impl<T> Send for Chain<T> {}

impl<T> Chain<T> {
    pub(super) fn new() -> Self {
        Self { first: None, node: PhantomData }
    }

    /// # Safety
    /// `node` came from [`Node::boxed`] of the same `T`, is empty, and the caller's alone.
    pub(super) unsafe fn push(&mut self, node: NonNull<Link>) {
        // SAFETY: the caller's alone, and from now on this chain's.
        unsafe { Link::init(node) };
        if let Some(first) = self.first {
            // SAFETY: both are this chain's, and went through `init`.
            unsafe { Link::append(node, first) };
        }
        self.first = Some(node);
    }

    fn pop(&mut self) -> Option<NonNull<Link>> {
        let node = self.first?;
        // SAFETY: this chain's, and initialised by `push`.
        self.first = unsafe { Link::cut(node) };
        Some(node)
    }
}

impl<T> Drop for Chain<T> {
    fn drop(&mut self) {
        while let Some(node) = self.pop() {
            // SAFETY: empty, this chain's alone, and made by `boxed` (`push`).
            unsafe { Node::<T>::free(node) };
        }
    }
}

/// Where the receiver leaves nodes for the senders.
pub(super) struct Spare<T> {
    first: CachePadded<AtomicPtr<Link>>,
    node: PhantomData<fn() -> T>,
}

impl<T> Spare<T> {
    pub(super) fn new() -> Self {
        Self { first: CachePadded::new(AtomicPtr::new(ptr::null_mut())), node: PhantomData }
    }

    /// Leaves the whole chain, if nothing is left from before.
    pub(super) fn put(&self, chain: &mut Chain<T>) -> bool {
        let Some(first) = chain.first else { return true };
        let put = self.first.load(Relaxed).is_null()
            && self
                .first
                .compare_exchange(ptr::null_mut(), first.as_ptr(), Release, Relaxed)
                .is_ok();
        if put {
            chain.first = None;
        }
        put
    }

    fn take(&self) -> Chain<T> {
        let first = if self.first.load(Relaxed).is_null() {
            ptr::null_mut()
        } else {
            self.first.swap(ptr::null_mut(), Acquire)
        };
        Chain { first: NonNull::new(first), node: PhantomData }
    }
}

impl<T> Drop for Spare<T> {
    fn drop(&mut self) {
        drop(self.take());
    }
}

/// A sender's nodes. Threads that share the sender do not wait for each other here.
pub(super) struct Cache<T> {
    busy: AtomicBool,
    chain: UnsafeCell<Chain<T>>,
}

// SAFETY: `chain` is touched only by who has set `busy`.
unsafe impl<T> Sync for Cache<T> {}

impl<T> Cache<T> {
    pub(super) fn new() -> Self {
        Self { busy: AtomicBool::new(false), chain: UnsafeCell::new(Chain::new()) }
    }

    /// A node with `message`, of this cache, of what the receiver has left, or a new one.
    #[inline]
    pub(super) fn node(&self, spare: &Spare<T>, message: T) -> NonNull<Link> {
        let node = self.locked(|chain| {
            chain.pop().or_else(|| {
                *chain = spare.take();
                chain.pop()
            })
        });
        match node.flatten() {
            Some(node) => {
                // SAFETY: of a chain of this `T`.
                unsafe { Node::fill(node, message) };
                node
            }
            None => Node::boxed(message),
        }
    }

    /// Keeps an empty node, or frees it.
    ///
    /// # Safety
    /// As for [`Chain::push`].
    pub(super) unsafe fn give(&self, node: NonNull<Link>) {
        // SAFETY: passed on.
        let kept = self.locked(|chain| unsafe { chain.push(node) });
        if kept.is_none() {
            // SAFETY: passed on; the chain did not take it.
            unsafe { Node::<T>::free(node) };
        }
    }

    /// `None`: another thread is at it.
    #[inline]
    fn locked<R>(&self, change: impl FnOnce(&mut Chain<T>) -> R) -> Option<R> {
        if self.busy.swap(true, Acquire) {
            return None;
        }
        // SAFETY: `busy` was clear, so the chain is this thread's until it clears it again.
        let done = self.chain.with_mut(|chain| change(unsafe { &mut *chain }));
        self.busy.store(false, Release);
        Some(done)
    }
}
