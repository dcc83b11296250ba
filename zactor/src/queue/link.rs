//! The link from a queued node to the one after it: all that the intrusive queue touches of a node.
//!
//! Who may touch it when, and in which order, says `mpsc.rs`: a producer until it publishes the node's successor, then the
//! consumer. Nothing here forms a reference to more than the eight bytes of `next`, for the rest of a node is others'.

use std::ptr::{self, NonNull};

use crate::sync::atomic::{
    AtomicPtr,
    Ordering::{self, Relaxed},
};

/// The first 16 bytes of a node, of which the queue uses the last eight.
#[repr(C)]
#[derive(Debug)]
pub(crate) struct Link {
    _others: u64,
    next: AtomicPtr<Link>,
}

const _: () = assert!(size_of::<Link>() == 16 && std::mem::offset_of!(Link, next) == 8);

impl Link {
    /// A stub, or the first part of a node made whole.
    pub(crate) fn new() -> Self {
        Self { _others: 0, next: AtomicPtr::new(ptr::null_mut()) }
    }

    /// Makes `node` the last of a chain.
    ///
    /// # Safety
    /// `node` is the caller's alone, writable, and not in a queue.
    #[inline(always)]
    pub(crate) unsafe fn init(node: NonNull<Self>) {
        // SAFETY: in bounds of the node, which the caller owns.
        let next = unsafe { &raw mut (*node.as_ptr()).next };
        // SAFETY: aligned and writable as the node is; what stood there needs no drop.
        unsafe { next.write(AtomicPtr::new(ptr::null_mut())) }
    }

    /// Puts `next` behind `node` in a chain that is not yet published.
    ///
    /// # Safety
    /// Both are the caller's, and went through [`Link::init`].
    #[inline(always)]
    pub(crate) unsafe fn append(node: NonNull<Self>, next: NonNull<Self>) {
        // SAFETY: alive and initialised (caller).
        unsafe { Self::store(node, next.as_ptr(), Relaxed) }
    }

    /// Cuts a chain that is not yet published behind `node`; gives what stood there.
    ///
    /// # Safety
    /// As for [`Link::append`].
    #[inline]
    pub(crate) unsafe fn cut(node: NonNull<Self>) -> Option<NonNull<Self>> {
        // SAFETY: alive and initialised (caller).
        let next = unsafe { Self::load(node, Relaxed) };
        // SAFETY: the same node.
        unsafe { Self::store(node, ptr::null_mut(), Relaxed) }
        NonNull::new(next)
    }

    /// # Safety
    /// `node` is alive and its link initialised.
    #[inline(always)]
    pub(super) unsafe fn load(node: NonNull<Self>, order: Ordering) -> *mut Self {
        // SAFETY: alive (caller). A reference to the link alone: the other bytes are others'.
        let next = unsafe { &(*node.as_ptr()).next };
        next.load(order)
    }

    /// # Safety
    /// `node` is alive and its link initialised.
    #[inline(always)]
    pub(super) unsafe fn store(node: NonNull<Self>, to: *mut Self, order: Ordering) {
        // SAFETY: alive (caller). A reference to the link alone: the other bytes are others'.
        let next = unsafe { &(*node.as_ptr()).next };
        next.store(to, order);
    }
}
