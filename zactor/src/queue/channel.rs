//! The intrusive queue as a channel that nobody can misuse.
//!
//! ```text
//! Sender: Cache ─┬─ Arc ─▶ [ Head · limit · stub · Spare ] ◀─ Arc ─ Receiver: Tail, Chain, taken
//! Sender: Cache ─┘
//! ```
//! 1. There is one `Receiver`, and it takes by `&mut`: it is the consumer. Else a message is read twice.
//! 2. `IDLE` is set by the receiver's drop only: else it comes when it likes, nobody schedules it.
//! 3. The receiver's drop closes the queue before it drains. So no message outlives the receiver,
//!    whatever the senders do.

use std::fmt;
use std::marker::PhantomData;
use std::ptr::NonNull;

use super::mpsc::{GaveBack, Head, Link, MAX_CAPACITY, NotEmpty, Popped, Pushed, Refused, Tail};
use super::nodes::{Cache, Chain, Node, Spare};
use crate::error::ConfigError;
use crate::sync::{Arc, thread};

/// Up to this capacity room is given back message by message, above it in batches of `BATCH`.
const EXACT: u32 = 1_024;
const BATCH: u32 = 64;
/// Nodes that the receiver gathers before it leaves them to the senders, and that it keeps at most.
const CHAIN: u32 = 32;
const MOST_KEPT: u32 = 256;

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
        kept: 0,
        chain: Chain::new(),
        shared: Arc::clone(&shared),
        payload: PhantomData,
    };
    Ok((Sender { shared, cache: Cache::new(), payload: PhantomData }, receiver))
}

/// What the two ends have in common.
struct Shared<T> {
    head: Head,
    limit: u32,
    /// Apart, for the head must know its address.
    stub: NonNull<Link>,
    spare: Spare<T>,
}

#[repr(C, align(64))]
struct Stub(Link);

// SAFETY: the stub is owned, and touched through its atomic link only, by the rules of the queue.
unsafe impl<T> Send for Shared<T> {}
// SAFETY: as above.
unsafe impl<T> Sync for Shared<T> {}

impl<T> Shared<T> {
    fn new(limit: u32) -> Self {
        let stub = NonNull::from(Box::leak(Box::new(Stub(Link::new())))).cast();
        Self { head: Head::new_busy(stub), limit, stub, spare: Spare::new() }
    }
}

impl<T> Drop for Shared<T> {
    fn drop(&mut self) {
        // SAFETY: made by `Box` in `new`; the last owner of `Shared` goes, nobody pushes or pops.
        drop(unsafe { Box::from_raw(self.stub.cast::<Stub>().as_ptr()) });
    }
}

/// The end that takes messages in; clones feed the same [`Receiver`].
pub struct Sender<T> {
    shared: Arc<Shared<T>>,
    cache: Cache<T>,
    payload: PhantomData<fn(T)>,
}

impl<T: Send> Sender<T> {
    /// Puts `message` into the queue. Allocates when the receiver has left no node to use again.
    ///
    /// # Errors
    /// The message itself, when the queue is full or the receiver is gone.
    #[inline]
    pub fn push(&self, message: T) -> Result<(), T> {
        let node = self.cache.node(&self.shared.spare, message);
        // SAFETY: a chain of one, just made, aligned to 64; `Shared` keeps the stub alive.
        match unsafe { self.shared.head.push(node, node, 1, self.shared.limit) } {
            Ok(Pushed::Quiet { .. } | Pushed::Schedule | Pushed::Wrapped) => Ok(()),
            Err(Refused::Full | Refused::Closed) => {
                // SAFETY: refused, so still this thread's, with its value.
                let message = unsafe { Node::<T>::take(node) };
                // SAFETY: the same node, its value taken.
                unsafe { self.cache.give(node) };
                Err(message)
            }
        }
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), cache: Cache::new(), payload: PhantomData }
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
    /// Empty nodes that the senders are to have, and how many.
    chain: Chain<T>,
    kept: u32,
    shared: Arc<Shared<T>>,
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
            // SAFETY: given out by the queue, and its message was taken when it became the tail.
            unsafe { self.keep(freed) };
        }
        // SAFETY: just become the tail: no producer touches its value, nobody else takes it.
        let message = unsafe { Node::<T>::take(node) };
        self.taken += 1;
        if self.taken >= self.batch {
            self.give_back();
        }
        Some(message)
    }

    /// Leaves an empty node to the senders, or frees it if they have enough.
    ///
    /// # Safety
    /// It is the receiver's, and empty.
    unsafe fn keep(&mut self, node: NonNull<Link>) {
        if self.kept == MOST_KEPT {
            // SAFETY: passed on; the senders' cache made it.
            return unsafe { Node::<T>::free(node) };
        }
        // SAFETY: as above.
        unsafe { self.chain.push(node) };
        self.kept += 1;
        if self.kept >= CHAIN && self.shared.spare.put(&mut self.chain) {
            self.kept = 0;
        }
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
