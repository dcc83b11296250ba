//! One producer, one consumer: a ring in one piece of memory.
//!
//! ```text
//!              head ──▶┌────────── messages ─────────┐◀── tail ┌─ not yet published ─┐◀── next
//! slots  │   │   │   │ a │ b │ c │ d │ e │ f │ g │ h │ i │ j │ k │ l │   │   │   │
//!        consumer: head, and tail as it last saw it      producer: next, tail, and head as last seen
//! ```
//! Indices are of 32 bits and wrap; the slot is the index under a mask, for the capacity is a power
//! of two. Each side keeps a copy of the other's index and looks again only when that says "full" or
//! "empty": in a stream the two touch each other's cache line once in many messages.
//!
//! 1. `tail - head <= capacity <= 2^31`, in wrapping arithmetic. Else full and empty look alike.
//! 2. Slots from `head` up to `next` hold messages, all others nothing. Those before `tail` are the
//!    consumer's, all others the producer's. Else a message is read twice, or over another.
//! 3. Only the producer writes `tail`, only the consumer `head`; there is one of each, and they work
//!    by `&mut`. A copy of the other's index is only ever too old, and errs towards full and empty.
//!
//! | step                    | order   | pairs with: what becomes visible                       |
//! |-------------------------|---------|--------------------------------------------------------|
//! | producer stores `tail`  | Release | the consumer's load (Acquire): the messages            |
//! | consumer stores `head`  | Release | the producer's load (Acquire): the slots are read out  |

use std::fmt;
use std::mem::MaybeUninit;

use crossbeam_utils::CachePadded;

use crate::error::ConfigError;
use crate::sync::Arc;
use crate::sync::atomic::{
    AtomicU32,
    Ordering::{Acquire, Relaxed, Release},
};
use crate::sync::cell::UnsafeCell;

/// The largest capacity: indices must tell an empty ring from a full one.
const MAX_CAPACITY: usize = 1 << 31;

/// A ring for `capacity` messages, rounded up to a power of two; `1..=2^31`.
///
/// ```
/// let (mut producer, mut consumer) = zactor::queue::spsc::channel(4)?;
/// producer.push(1).unwrap(); // visible at once
/// producer.push_deferred(2).unwrap(); // visible with the next push, `flush`, or drop
/// assert_eq!((consumer.pop(), consumer.pop()), (Some(1), None));
/// producer.flush();
/// assert_eq!(consumer.pop(), Some(2));
/// # Ok::<(), zactor::ConfigError>(())
/// ```
///
/// There is one producer and one consumer:
///
/// ```compile_fail,E0599
/// let (producer, consumer) = zactor::queue::spsc::channel::<u64>(4).unwrap();
/// let second = producer.clone();
/// ```
///
/// # Errors
/// A capacity out of range, or more than there is memory for.
pub fn channel<T: Send>(capacity: usize) -> Result<(Producer<T>, Consumer<T>), ConfigError> {
    starting_at(capacity, 0)
}

/// A ring whose indices begin at `index`, as if so many messages had gone through.
pub(super) fn starting_at<T: Send>(
    capacity: usize,
    index: u32,
) -> Result<(Producer<T>, Consumer<T>), ConfigError> {
    if !(1..=MAX_CAPACITY).contains(&capacity) {
        return Err(ConfigError::invalid("capacity", capacity, format_args!("1..={MAX_CAPACITY}")));
    }
    let mut slots = Vec::new();
    let len = capacity.next_power_of_two();
    slots.try_reserve_exact(len).map_err(|_| {
        ConfigError::invalid("capacity", capacity, "as many messages as there is memory for")
    })?;
    slots.extend((0..len).map(|_| UnsafeCell::new(MaybeUninit::uninit())));
    let ring = Arc::new(Ring {
        slots: slots.into_boxed_slice(),
        head: CachePadded::new(AtomicU32::new(index)),
        tail: CachePadded::new(AtomicU32::new(index)),
    });
    let producer = Producer { ring: Arc::clone(&ring), next: index, tail: index, head: index };
    Ok((producer, Consumer { ring, head: index, tail: index }))
}

struct Ring<T> {
    /// As many as the power of two that `channel` has chosen.
    slots: Box<[UnsafeCell<MaybeUninit<T>>]>,
    head: CachePadded<AtomicU32>,
    tail: CachePadded<AtomicU32>,
}

// SAFETY: the slots are shared by (2): each belongs to one side at a time, and a message that goes
// from one to the other may change threads.
unsafe impl<T: Send> Sync for Ring<T> {}

impl<T> Ring<T> {
    #[inline(always)]
    #[allow(clippy::cast_possible_truncation, reason = "at most 2^31, checked when it was made")]
    fn capacity(&self) -> u32 {
        self.slots.len() as u32
    }

    #[inline(always)]
    fn slot(&self, index: u32) -> &UnsafeCell<MaybeUninit<T>> {
        let at = (index & (self.capacity() - 1)) as usize;
        // SAFETY: a power of two less one is the mask of its indices: `at < len`.
        unsafe { self.slots.get_unchecked(at) }
    }

    /// # Safety
    /// The slot of `index` is the caller's, and holds nothing.
    #[inline(always)]
    unsafe fn put(&self, index: u32, message: T) {
        // SAFETY: nobody else touches the slot (caller); a slot is valid for writes.
        self.slot(index).with_mut(|slot| unsafe { slot.write(MaybeUninit::new(message)) });
    }

    /// # Safety
    /// The slot of `index` is the caller's, and holds a message, which is gone afterwards.
    #[inline(always)]
    unsafe fn take(&self, index: u32) -> T {
        // SAFETY: nobody else touches the slot, and it is initialised (caller).
        self.slot(index).with_mut(|slot| unsafe { slot.cast::<T>().read() })
    }
}

impl<T> Drop for Ring<T> {
    fn drop(&mut self) {
        let (mut head, tail) = (self.head.load(Relaxed), self.tail.load(Relaxed));
        while head != tail {
            // SAFETY: both sides are gone, the rest is this thread's; what they published is there.
            drop(unsafe { self.take(head) });
            head = head.wrapping_add(1);
        }
    }
}

/// The end that takes messages in. Dropped, it publishes what it has deferred.
///
/// It does not learn that the consumer is gone: what it pushes then stays in the ring, and is dropped with it.
pub struct Producer<T> {
    ring: Arc<Ring<T>>,
    /// Where the next message goes.
    next: u32,
    /// What the consumer knows of: all before it.
    tail: u32,
    /// The consumer's index as last seen.
    head: u32,
}

impl<T> Producer<T> {
    /// Puts `message` into the ring, visible at once, and with it all that was deferred.
    ///
    /// # Errors
    /// The message itself, when the ring is full. What was deferred is visible then, too.
    #[inline]
    pub fn push(&mut self, message: T) -> Result<(), T> {
        self.push_deferred(message)?;
        self.flush();
        Ok(())
    }

    /// Puts `message` into the ring, visible with the next [`push`](Self::push),
    /// [`flush`](Self::flush) or drop: across threads one publication for some ten messages is
    /// cheaper than one for each.
    ///
    /// # Errors
    /// The message itself, when the ring is full. What was deferred is visible then, so that the
    /// consumer can make room.
    #[inline]
    pub fn push_deferred(&mut self, message: T) -> Result<(), T> {
        if self.next.wrapping_sub(self.head) == self.ring.capacity() && self.is_full() {
            return Err(message);
        }
        // SAFETY: the ring is not full, so the slot is the producer's and empty (1, 2).
        unsafe { self.ring.put(self.next, message) };
        self.next = self.next.wrapping_add(1);
        Ok(())
    }

    /// Makes visible what was deferred.
    #[inline]
    pub fn flush(&mut self) {
        if self.tail != self.next {
            self.tail = self.next;
            let order = if crate::sync::mutant("spsc_tail_relaxed") { Relaxed } else { Release };
            self.ring.tail.store(self.tail, order);
        }
    }

    /// Messages that the ring holds at most.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.ring.slots.len()
    }

    /// Looks again, for the copy says so; if it is true, the consumer is to make room.
    #[cold]
    fn is_full(&mut self) -> bool {
        self.head = self.ring.head.load(Acquire);
        let full = self.next.wrapping_sub(self.head) == self.ring.capacity();
        if full {
            self.flush();
        }
        full
    }
}

impl<T> Drop for Producer<T> {
    fn drop(&mut self) {
        self.flush();
    }
}

impl<T> fmt::Debug for Producer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Producer").field("capacity", &self.capacity()).finish_non_exhaustive()
    }
}

/// The end that gives messages out. What it has not taken is dropped with the last of the two ends.
pub struct Consumer<T> {
    ring: Arc<Ring<T>>,
    /// The next message.
    head: u32,
    /// The producer's index as last seen.
    tail: u32,
}

impl<T> Consumer<T> {
    /// Takes the oldest visible message.
    #[inline]
    pub fn pop(&mut self) -> Option<T> {
        if self.head == self.tail {
            self.tail = self.ring.tail.load(Acquire);
            if self.head == self.tail {
                return None;
            }
        }
        // SAFETY: before `tail`, so the consumer's and full (2).
        let message = unsafe { self.ring.take(self.head) };
        self.head = self.head.wrapping_add(1);
        let order = if crate::sync::mutant("spsc_head_relaxed") { Relaxed } else { Release };
        self.ring.head.store(self.head, order);
        Some(message)
    }

    /// Messages that the ring holds at most.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.ring.slots.len()
    }
}

impl<T> fmt::Debug for Consumer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Consumer").field("capacity", &self.capacity()).finish_non_exhaustive()
    }
}
