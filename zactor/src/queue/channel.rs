//! The intrusive queue as a channel that nobody can misuse.
//!
//! ```text
//! Sender ─┬─ Arc ─▶ [ Head · limit · ─┼─▶ stub ] ◀─ Arc ─ Receiver: Tail, messages taken
//! Sender ─┘
//! ```
//! 1. There is one `Receiver`, and it takes by `&mut`: it is the consumer. Else a message is read twice.
//! 2. `IDLE` is set by the receiver's drop only: else it comes when it likes, nobody schedules it.
//! 3. The receiver's drop closes the queue before it drains. So no message outlives the receiver,
//!    whatever the senders do.

use std::fmt;
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::ptr::NonNull;

use super::mpsc::{GaveBack, Head, Link, MAX_CAPACITY, NotEmpty, Popped, Pushed, Refused, Tail};
use crate::error::ConfigError;
use crate::sync::cell::UnsafeCell;
use crate::sync::{Arc, thread};

/// Up to this capacity room is given back message by message, above it in batches of `BATCH`.
const EXACT: u32 = 1_024;
const BATCH: u32 = 64;

/// A queue for at most `capacity` messages: any number of senders, one receiver.
///
/// Messages of one sender keep their order. `capacity` is `1..=2_000_000` (`1_000_000` on machines
/// whose processes own 48 bits of addresses). Above 1,024 the receiver gives room back in batches of
/// 64 and whenever it finds nothing, so that a push may be refused that much too early.
///
/// ```
/// let (sender, mut receiver) = zactor::queue::mpsc::channel(2)?;
/// let other = sender.clone();
/// sender.push("to be").unwrap();
/// other.push("or not to be").unwrap();
/// assert_eq!(sender.push("that is"), Err("that is")); // full: the message comes back
///
/// assert_eq!(receiver.pop(), Some("to be"));
/// assert_eq!(receiver.pop(), Some("or not to be"));
/// assert_eq!(receiver.pop(), None);
/// # Ok::<(), zactor::ConfigError>(())
/// ```
///
/// # Errors
/// A capacity out of range.
pub fn channel<T: Send>(capacity: usize) -> Result<(Sender<T>, Receiver<T>), ConfigError> {
    let limit = u32::try_from(capacity)
        .ok()
        .filter(|limit| (1..=MAX_CAPACITY).contains(limit))
        .ok_or_else(|| {
            ConfigError::invalid("capacity", capacity, format_args!("1..={MAX_CAPACITY}"))
        })?;
    let shared = Arc::new(Shared::new(limit));
    let receiver = Receiver {
        tail: Tail::new(shared.stub),
        taken: 0,
        batch: if limit <= EXACT { 1 } else { BATCH },
        shared: Arc::clone(&shared),
        payload: PhantomData,
    };
    Ok((Sender { shared, payload: PhantomData }, receiver))
}

/// What the two ends have in common.
struct Shared {
    head: Head,
    limit: u32,
    /// Apart, for the head must know its address.
    stub: NonNull<Link>,
}

#[repr(C, align(64))]
struct Stub(Link);

// SAFETY: the stub is owned, and touched through its atomic link only, by the rules of the queue.
unsafe impl Send for Shared {}
// SAFETY: as above.
unsafe impl Sync for Shared {}

impl Shared {
    fn new(limit: u32) -> Self {
        let stub = NonNull::from(Box::leak(Box::new(Stub(Link::new())))).cast();
        Self { head: Head::new_busy(stub), limit, stub }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        // SAFETY: made by `Box` in `new`; the last owner of `Shared` goes, nobody pushes or pops.
        drop(unsafe { Box::from_raw(self.stub.cast::<Stub>().as_ptr()) });
    }
}

/// A message on its way.
#[repr(C, align(64))]
struct Node<T> {
    link: Link,
    /// There while the node is queued, gone once it is the tail.
    value: UnsafeCell<MaybeUninit<T>>,
}

impl<T> Node<T> {
    fn boxed(value: T) -> NonNull<Link> {
        let node = Self { link: Link::new(), value: UnsafeCell::new(MaybeUninit::new(value)) };
        NonNull::from(Box::leak(Box::new(node))).cast()
    }

    /// # Safety
    /// `link` came from `boxed` of the same `T`, its value was not taken, and no other thread has it.
    unsafe fn take(link: NonNull<Link>) -> T {
        // SAFETY: alive; the value is touched by no other thread (caller).
        let value = unsafe { &(*link.cast::<Self>().as_ptr()).value };
        // SAFETY: initialised by `boxed`; read once, for the caller takes it once.
        value.with_mut(|value| unsafe { value.cast::<T>().read() })
    }

    /// # Safety
    /// `link` came from `boxed` of the same `T`, its value was taken, and it is the caller's.
    unsafe fn free(link: NonNull<Link>) {
        // SAFETY: made by `Box` in `boxed`; a `MaybeUninit` drops nothing.
        drop(unsafe { Box::from_raw(link.cast::<Self>().as_ptr()) });
    }
}

/// The end that takes messages in; clones feed the same [`Receiver`].
pub struct Sender<T> {
    shared: Arc<Shared>,
    payload: PhantomData<fn(T)>,
}

impl<T: Send> Sender<T> {
    /// Puts `message` into the queue. One atomic operation and one allocation.
    ///
    /// # Errors
    /// The message itself, when the queue is full or the receiver is gone.
    #[inline]
    pub fn push(&self, message: T) -> Result<(), T> {
        let node = Node::boxed(message);
        // SAFETY: a chain of one, just made, aligned to 64; `Shared` keeps the stub alive.
        match unsafe { self.shared.head.push(node, node, 1, self.shared.limit) } {
            Ok(Pushed::Quiet { .. } | Pushed::Schedule | Pushed::Wrapped) => Ok(()),
            Err(Refused::Full | Refused::Closed) => {
                // SAFETY: refused, so still this thread's, with its value.
                let message = unsafe { Node::<T>::take(node) };
                // SAFETY: the same node, its value taken.
                unsafe { Node::<T>::free(node) };
                Err(message)
            }
        }
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), payload: PhantomData }
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").field("capacity", &self.shared.limit).finish_non_exhaustive()
    }
}

/// The end that gives messages out. Dropped, it drops what is queued, and senders get theirs back.
pub struct Receiver<T> {
    tail: Tail,
    /// Messages taken whose room was not given back yet, and how many of them are too many.
    taken: u32,
    batch: u32,
    shared: Arc<Shared>,
    payload: PhantomData<T>,
}

// SAFETY: the tail is a pointer that goes with the receiver, the messages may change threads.
unsafe impl<T: Send> Send for Receiver<T> {}

impl<T> Receiver<T> {
    /// Takes the oldest message. `None`: nothing is there, or a sender stands in the middle of a
    /// push, behind which others may have finished theirs; it does not wait for that one.
    #[inline]
    pub fn pop(&mut self) -> Option<T> {
        let Popped::Message { node, freed } = self.next() else {
            self.give_back();
            return None;
        };
        if let Some(freed) = freed {
            // SAFETY: given out by the queue, and its value was taken when it became the tail.
            unsafe { Node::<T>::free(freed) };
        }
        // SAFETY: just become the tail: no producer touches its value, nobody else takes it.
        let message = unsafe { Node::<T>::take(node) };
        self.taken += 1;
        if self.taken >= self.batch {
            self.give_back();
        }
        Some(message)
    }

    fn next(&mut self) -> Popped {
        // SAFETY: the one receiver is the consumer, and it is borrowed exclusively.
        unsafe { self.tail.pop(&self.shared.head, self.shared.stub) }
    }

    fn give_back(&mut self) {
        if self.taken > 0 {
            let back = self.shared.head.give_back(self.taken, self.shared.limit);
            debug_assert_eq!(back, GaveBack::Plain, "a limit keeps the count from coming round");
            self.taken = 0;
        }
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        let _ = self.shared.head.close();
        loop {
            // Pushes that came before the close may not be linked yet; they will be soon.
            while self.pop().is_some() {}
            // SAFETY: this is the consumer. With `IDLE` set nobody is, but nobody wants to be.
            match unsafe { self.tail.mark_ended(&self.shared.head, self.shared.stub, 0) } {
                Ok(None) => return,
                Ok(Some(last)) => {
                    // SAFETY: given out by the queue, and its value was taken.
                    unsafe { Node::<T>::free(last) };
                    return;
                }
                Err(NotEmpty) => thread::yield_now(),
            }
        }
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver").field("capacity", &self.shared.limit).finish_non_exhaustive()
    }
}
