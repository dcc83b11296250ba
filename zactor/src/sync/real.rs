//! `std` behind loom's interface.

pub(crate) use crossbeam_deque as deque;
pub(crate) use std::sync::{Arc, Mutex, MutexGuard};
pub(crate) use std::thread::park_timeout;
pub(crate) use std::{hint, thread, thread_local as per_thread};

pub(crate) mod atomic {
    pub(crate) use std::sync::atomic::{
        AtomicBool, AtomicI64, AtomicPtr, AtomicU8, AtomicU16, AtomicU32, AtomicU64, AtomicUsize,
        Ordering,
    };
}

use atomic::{AtomicPtr, AtomicU64, Ordering::SeqCst};

/// See [`super::LookAgain`]: a SeqCst load.
impl super::LookAgain for AtomicU64 {
    type Value = u64;
    #[inline(always)]
    fn look_again(&self) -> u64 {
        self.load(SeqCst)
    }
}

impl<T> super::LookAgain for AtomicPtr<T> {
    type Value = *mut T;
    #[inline(always)]
    fn look_again(&self) -> *mut T {
        self.load(SeqCst)
    }
}

pub(crate) mod cell {
    /// [`std::cell::UnsafeCell`], its pointer lent for the length of a closure, so that a model
    /// sees where an access begins and ends.
    #[derive(Debug)]
    #[repr(transparent)]
    pub(crate) struct UnsafeCell<T: ?Sized>(std::cell::UnsafeCell<T>);

    impl<T> UnsafeCell<T> {
        pub(crate) const fn new(value: T) -> Self {
            Self(std::cell::UnsafeCell::new(value))
        }

        pub(crate) fn into_inner(self) -> T {
            self.0.into_inner()
        }
    }

    impl<T: ?Sized> UnsafeCell<T> {
        /// Lends the pointer for reading.
        #[inline(always)]
        pub(crate) fn with<R>(&self, read: impl FnOnce(*const T) -> R) -> R {
            read(self.0.get())
        }

        /// Lends the pointer for reading and writing.
        #[inline(always)]
        pub(crate) fn with_mut<R>(&self, write: impl FnOnce(*mut T) -> R) -> R {
            write(self.0.get())
        }
    }
}
