//! The one way into a mailbox, for every kind of reference.

#![allow(
    clippy::multiple_unsafe_ops_per_block,
    reason = "one argument covers both where it says so"
)]

use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::ptr::NonNull;

use super::local::Local;
use super::overflow::{self, Settled};
use super::refs::CellRef;
use super::task::Task;
use crate::error::SendError;
use crate::mailbox;
use crate::message::{Fit, Kind, Message, Node, lane};
use crate::queue::mpsc::{Link, Pushed, Refused};
use crate::sync::atomic::Ordering;

/// The message is in. A task is to be scheduled.
#[must_use]
pub(crate) struct Accepted(pub(crate) Option<Task>);

/// A node of this thread's magazine, filled but for sender and payload.
#[inline(always)]
pub(super) fn node(to: &CellRef, local: &Local, tag: u32, metadata: u32) -> NonNull<Node> {
    let core = to.core();
    let mut node = local.take_node(core);
    // SAFETY: a free block of 64 bytes is ours until it is published.
    unsafe { Link::init(node.cast()) };
    // SAFETY: as above; the fields are plain old data, and all that the receiver reads are written.
    let fields = unsafe { node.as_mut() };
    fields.timestamp = local.timestamp(core);
    fields.message_type = tag;
    fields.metadata = metadata;
    node
}

/// A node that holds `message`, not published.
#[inline(always)]
pub(super) fn filled<M: Message>(
    to: &CellRef,
    local: &Local,
    tag: u32,
    metadata: u32,
    sender: u64,
    message: M,
) -> NonNull<Node> {
    let mut node = node(to, local, tag, metadata | lane::<M>());
    // SAFETY: ours until it is published.
    let fields = unsafe { node.as_mut() };
    fields.sender = sender;
    Fit::<M>::pack(&mut fields.data, message, |layout| {
        local.counts.boxed.add(1);
        local.alloc(to.core(), layout)
    });
    node
}

/// Queues `message` under `tag`. `WouldBlock`: the sender is to stand in line, and nothing was counted. `sender` is the sender's id for a tell, the reply slot for an ask.
///
/// # Safety
/// `tag` is that of an `M` in the protocol of the cell's actor.
#[inline(always)]
pub(super) unsafe fn push<M: Message>(
    to: &CellRef,
    local: &Local,
    tag: u32,
    metadata: u32,
    sender: u64,
    message: M,
) -> Result<Accepted, SendError<M>> {
    let node = filled(to, local, tag, metadata, sender, message);
    // Counted before it is published, so that `accepted` never trails `handled`.
    local.counts.accepted.add(1);
    // SAFETY: a node of this system, ours, initialised, not queued; the cell lives.
    match unsafe { to.head.push(node.cast(), node.cast(), 1, to.limit) } {
        Ok(Pushed::Quiet { queued }) => {
            if queued > mailbox::FAR_BEHIND {
                local.end_turn(queued);
            }
            Ok(Accepted(None))
        }
        // SAFETY: the idle mark was cleared by this push: the right to run.
        Ok(Pushed::Schedule) => Ok(Accepted(Some(unsafe { Task::new(to.as_ptr()) }))),
        Ok(Pushed::Wrapped) => {
            to.rare().wraps.fetch_add(1, Ordering::Relaxed);
            Ok(Accepted(None))
        }
        Err(refused) => {
            local.counts.accepted.take_back(1);
            // SAFETY: not published, so still ours; packed as an `M` above.
            unsafe { push_refused(to, local, node, refused) }
        }
    }
}

/// The mailbox's policy decides.
///
/// # Safety
/// The node is the caller's, and holds an `M`.
#[cold]
#[inline(never)]
unsafe fn push_refused<M: Message>(
    to: &CellRef,
    local: &Local,
    node: NonNull<Node>,
    refused: Refused,
) -> Result<Accepted, SendError<M>> {
    // SAFETY: passed on.
    match unsafe { overflow::settle(to, local, node, refused) } {
        Settled::Accepted => Ok(Accepted(None)),
        // SAFETY: still ours, and holds an `M` (caller).
        Settled::Wait => Err(SendError::WouldBlock(unsafe { unpack(to, local, node) })),
        // SAFETY: as above.
        Settled::Refused(refused) => Err(unsafe { give_message_back(to, local, node, refused) }),
    }
}

/// # Safety
/// The node is the caller's, and holds an `M`, which is unpacked once.
#[cold]
unsafe fn give_message_back<M: Message>(
    to: &CellRef,
    local: &Local,
    node: NonNull<Node>,
    refused: Refused,
) -> SendError<M> {
    count_rejected(to, local);
    // SAFETY: caller.
    let message = unsafe { unpack::<M>(to, local, node) };
    match refused {
        Refused::Full => SendError::Full(message),
        Refused::Closed => SendError::Closed(message),
    }
}

/// Moves the message out of a node that was not published, and frees the node.
///
/// # Safety
/// As `give_message_back`.
pub(super) unsafe fn unpack<M: Message>(to: &CellRef, local: &Local, node: NonNull<Node>) -> M {
    let core = to.core();
    // SAFETY: the node is ours (caller).
    let data = unsafe { &node.as_ref().data };
    // SAFETY: it holds an `M` (caller), whose block, if it has one, `alloc` gave.
    let message =
        unsafe { Fit::<M>::unpack(data, |block, layout| local.free(core, block, layout)) };
    // SAFETY: empty now, and ours (caller).
    unsafe { local.give_node(core, node) };
    message
}

/// A send by an actor that was cut off: as if the receiver had ended.
#[cold]
pub(crate) fn refuse<M>(to: &CellRef, message: M) -> SendError<M> {
    Local::with(to.core(), |local| count_rejected(to, local));
    SendError::Closed(message)
}

/// Refusals are the receiver's to count, in the part of the cell that is off the path.
pub(super) fn count_rejected(to: &CellRef, local: &Local) {
    local.counts.rejected.add(1);
    to.rare().rejected.fetch_add(1, Ordering::Relaxed);
}

/// Most messages that are published at once.
const CHAIN: usize = 64;

/// What became of a chain.
pub(crate) struct Batch<M> {
    pub(crate) accepted: usize,
    pub(crate) task: Option<Task>,
    /// The first that did not get in, and those after it that had been taken. `WouldBlock`: the sender is to stand in line.
    pub(crate) refused: Option<(SendError<M>, Vec<M>)>,
}

impl<M> Batch<M> {
    /// By an actor that was cut off.
    pub(crate) fn refused(to: &CellRef, messages: &mut impl Iterator<Item = M>) -> Self {
        let refused = messages.next().map(|first| (refuse(to, first), Vec::new()));
        Batch { accepted: 0, task: None, refused }
    }
}

/// Messages that were packed and are not yet published. Dropped, it drops them: the caller's iterator may panic.
struct Chain<'a, M: Message> {
    to: &'a CellRef,
    local: &'a Local,
    /// The first `len` are ours, initialised, and hold an `M` each.
    nodes: [NonNull<Node>; CHAIN],
    len: usize,
    messages: PhantomData<M>,
}

impl<'a, M: Message> Chain<'a, M> {
    fn new(to: &'a CellRef, local: &'a Local) -> Self {
        Chain { to, local, nodes: [NonNull::dangling(); CHAIN], len: 0, messages: PhantomData }
    }

    /// Adds one message; there is room.
    fn pack(&mut self, tag: u32, message: M) {
        let (to, local) = (self.to, self.local);
        let sender = local.current();
        self.nodes[self.len] = filled(to, local, tag, Kind::Tell as u32, sender, message);
        self.len += 1;
    }
}

impl<M: Message> Drop for Chain<'_, M> {
    fn drop(&mut self) {
        while self.len > 0 {
            self.len -= 1;
            // SAFETY: one of those that are ours and hold an `M`; no longer, for `len` is less now.
            drop(unsafe { unpack::<M>(self.to, self.local, self.nodes[self.len]) });
        }
    }
}

/// Queues up to 64 messages of `messages` with one publication.
///
/// # Safety
/// As for `push`.
pub(super) unsafe fn push_chain<M: Message>(
    to: &CellRef,
    local: &Local,
    tag: u32,
    messages: &mut impl Iterator<Item = M>,
) -> Batch<M> {
    let mut chain = Chain::new(to, local);
    while chain.len < CHAIN
        && let Some(message) = messages.next()
    {
        chain.pack(tag, message);
    }
    let chain = ManuallyDrop::new(chain);
    // SAFETY: these nodes are ours and hold one `M` each; the chain forgets them.
    unsafe { publish(to, local, &chain.nodes[..chain.len]) }
}

/// # Safety
/// The nodes are the caller's, initialised, and hold an `M` each.
unsafe fn publish<M: Message>(to: &CellRef, local: &Local, nodes: &[NonNull<Node>]) -> Batch<M> {
    let mut batch = Batch { accepted: 0, task: None, refused: None };
    let mut left = nodes;
    while let Some(&first) = left.first() {
        let fit = match to.head.room(to.limit) {
            Ok(room) => left.len().min(room as usize),
            Err(refused) => {
                if let Some(task) = batch.task.take() {
                    // What follows may be the user's code.
                    to.core().scheduler.schedule(local, task);
                }
                // SAFETY: passed on.
                match unsafe { overflow::settle(to, local, first, refused) } {
                    Settled::Accepted => {
                        batch.accepted += 1;
                        left = &left[1..];
                        continue;
                    }
                    // SAFETY: passed on; the first one as well, which was not accepted.
                    Settled::Wait => unsafe {
                        let error = SendError::WouldBlock(unpack(to, local, first));
                        batch.refused = Some((error, unpack_all(to, local, &left[1..])));
                    },
                    // SAFETY: passed on.
                    Settled::Refused(refused) => unsafe {
                        let error = give_message_back(to, local, first, refused);
                        batch.refused = Some((error, unpack_all(to, local, &left[1..])));
                    },
                }
                break;
            }
        };
        let (now, later) = left.split_at(fit);
        for pair in now.windows(2) {
            // SAFETY: both ours and initialised.
            unsafe { Link::append(pair[0].cast(), pair[1].cast()) };
        }
        local.counts.accepted.add(fit as u64);
        #[expect(clippy::cast_possible_truncation, reason = "at most CHAIN")]
        let count = fit as u32;
        // SAFETY: a chain of nodes that are ours; the cell lives.
        match unsafe { to.head.push(first.cast(), now[fit - 1].cast(), count, to.limit) } {
            Ok(pushed) => {
                batch.accepted += fit;
                left = later;
                match pushed {
                    // SAFETY: the idle mark was cleared by this push: the right to run.
                    Pushed::Schedule => batch.task = Some(unsafe { Task::new(to.as_ptr()) }),
                    Pushed::Wrapped => {
                        to.rare().wraps.fetch_add(1, Ordering::Relaxed);
                    }
                    Pushed::Quiet { queued } if queued > mailbox::FAR_BEHIND => {
                        local.end_turn(queued);
                    }
                    Pushed::Quiet { .. } => {}
                }
            }
            Err(_) => {
                // Others took the room, or closed: look again. The chain is cut for the next try.
                local.counts.accepted.take_back(fit as u64);
                for node in now {
                    // SAFETY: not published: still ours.
                    let _ = unsafe { Link::cut(node.cast()) };
                }
            }
        }
    }
    batch
}

/// # Safety
/// As `publish`.
unsafe fn unpack_all<M: Message>(to: &CellRef, local: &Local, nodes: &[NonNull<Node>]) -> Vec<M> {
    // SAFETY: passed on.
    nodes.iter().map(|&node| unsafe { unpack(to, local, node) }).collect()
}

impl CellRef {
    /// Puts a marker into the mailbox, behind what is there: of the normal lane, or with the flag `BEHIND` of all. `Ok` is to be scheduled; `Err`: the actor has ended, and the
    /// continuation is still the caller's.
    ///
    /// # Safety
    /// `continuation` is for this cell's type, and goes over with `Ok`.
    pub(super) unsafe fn push_marker(
        &self,
        continuation: NonNull<u8>,
        flags: u32,
    ) -> Result<Option<Task>, Refused> {
        let core = self.core();
        let pushed = Local::with(core, |local| {
            let mut node = node(self, local, u32::MAX, Kind::Marker as u32 | flags);
            // SAFETY: ours until it is published.
            let fields = unsafe { node.as_mut() };
            fields.sender = 0;
            fields.timestamp = 0;
            // SAFETY: a pointer fits.
            unsafe { fields.data.as_mut_ptr().cast::<NonNull<u8>>().write(continuation) };
            // SAFETY: a node of this system, ours, initialised; the cell lives.
            let pushed = unsafe { self.head.push_uncounted(node.cast(), false) };
            if pushed.is_err() {
                // SAFETY: not published: still ours.
                unsafe { local.give_node(core, node) };
            }
            pushed
        });
        Ok(match pushed? {
            // SAFETY: the idle mark was cleared by this push: the right to run.
            Pushed::Schedule => Some(unsafe { Task::new(self.as_ptr()) }),
            _ => None,
        })
    }
}
