//! Messages that leave the queue before their turn comes.
//!
//! ```text
//! queue ─▶ [tail | ..] ── copied ──▶ front, lanes ──▶ handler
//!                                        └──────────▶ evicted, by a sender
//! ```
//! Under `drop_old` a sender may take the oldest message out while the owner stands in a handler; with lanes the owner sorts
//! what has come before he chooses. Both happen under one lock, which in such a mailbox *is* the consumer's end:
//!
//! 1. Whoever pops, marks idle or marks the end of such a mailbox holds the lock. So there is one consumer at a time.
//! 2. A popped message is copied out of its node at once: the node is the queue's tail, and goes back with the next pop,
//!    whoever does that.
//! 3. The lanes are in the order of their importance, each with its beat, so that none starves. A marker that is to come
//!    behind what was queued before it waits beside them.
//! 4. What is in the lists is still counted, unless it is a marker or above the capacity. The mailbox is idle only when
//!    they are empty.
//! 5. A sender puts its message in the place of the one it has taken out, under the lock: the count stays, so each
//!    message pushes out one at most.

use std::collections::VecDeque;
use std::ptr::NonNull;

use super::header::Header;
use super::local::Local;
use crate::message::{BEHIND, LANES, Node};
use crate::queue::mpsc::{Link, Popped};

/// See the module.
#[derive(Default)]
pub(crate) struct Sorted {
    /// Before all others: what an evictor met and must not take, or has put back; what was put aside (stash.rs).
    front: VecDeque<NonNull<Node>>,
    /// The most important first.
    lanes: [VecDeque<Held>; LANES],
    /// Markers that wait for all that was sorted before them.
    behind: VecDeque<Held>,
    /// How many messages were sorted so far.
    sorted: u64,
    beat: usize,
}

struct Held {
    number: u64,
    node: NonNull<Node>,
}

// SAFETY: the nodes are the lists' alone, and the messages in them are `Send`.
unsafe impl Send for Sorted {}

/// What the mailbox had.
pub(super) enum Taken {
    /// A message in a node of its own.
    Node(NonNull<Node>),
    Empty,
    /// A sender stands between publishing and linking.
    Busy,
}

/// Which lane has the next turn, if it has any message: each gets at least 1 in 8.
const BEAT: [usize; 8] = [0, 0, 1, 0, 0, 1, 0, 2];

impl Sorted {
    pub(super) fn is_empty(&self) -> bool {
        let lists = self.lanes.iter().chain([&self.behind]);
        self.front.is_empty() && lists.into_iter().all(VecDeque::is_empty)
    }

    /// The next message in the order of the lanes.
    ///
    /// # Safety
    /// `self` is that of `header`'s cell, locked.
    pub(super) unsafe fn take(&mut self, header: &Header, local: &Local) -> Taken {
        if let Some(node) = self.front.pop_front() {
            return Taken::Node(node);
        }
        if !header.has_lanes() {
            // SAFETY: passed on.
            return unsafe { pull(header, local) };
        }
        let rest = loop {
            // SAFETY: passed on.
            match unsafe { pull(header, local) } {
                Taken::Node(node) => self.sort(node),
                rest => break rest,
            }
        };
        self.choose().map_or(rest, Taken::Node)
    }

    fn sort(&mut self, node: NonNull<Node>) {
        self.sorted += 1;
        // SAFETY: a filled node of ours.
        let fields = unsafe { node.as_ref() };
        let behind = fields.metadata & BEHIND != 0 && !crate::sync::mutant("terminated_in_a_lane");
        let list = if behind { &mut self.behind } else { &mut self.lanes[fields.lane()] };
        list.push_back(Held { number: self.sorted, node });
    }

    fn choose(&mut self) -> Option<NonNull<Node>> {
        if let Some(marker) = self.behind.front() {
            let number = marker.number;
            let mut firsts = self.lanes.iter().filter_map(VecDeque::front);
            if firsts.all(|first| first.number > number) {
                return self.behind.pop_front().map(|marker| marker.node);
            }
        }
        let due = if crate::sync::mutant("lanes_without_weights") { 0 } else { BEAT[self.beat] };
        self.beat = (self.beat + 1) % BEAT.len();
        let held = match self.lanes[due].pop_front() {
            None => self.lanes.iter_mut().find_map(VecDeque::pop_front),
            due => due,
        };
        held.map(|held| held.node)
    }

    /// The oldest message that takes room.
    ///
    /// # Safety
    /// As for [`take`](Self::take).
    pub(super) unsafe fn evict(&mut self, header: &Header, local: &Local) -> Taken {
        // SAFETY: filled nodes of ours.
        let counts = |node: NonNull<Node>| !unsafe { node.as_ref() }.takes_no_room();
        let in_front = self.front.iter().position(|&node| counts(node));
        if let Some(node) = in_front.and_then(|at| self.front.remove(at)) {
            return Taken::Node(node);
        }
        let oldest = self.lanes.iter().enumerate().filter_map(|(lane, list)| {
            let at = list.iter().position(|held| counts(held.node))?;
            Some((list[at].number, lane, at))
        });
        let oldest = oldest.min().and_then(|(_, lane, at)| self.lanes[lane].remove(at));
        if let Some(held) = oldest {
            return Taken::Node(held.node);
        }
        loop {
            // SAFETY: passed on.
            match unsafe { pull(header, local) } {
                Taken::Node(node) if counts(node) => return Taken::Node(node),
                Taken::Node(node) if header.has_lanes() => self.sort(node),
                Taken::Node(node) => self.front.push_back(node),
                rest => return rest,
            }
        }
    }

    /// These are the next ones, in this order.
    pub(super) fn put_in_front(&mut self, mut nodes: VecDeque<NonNull<Node>>) {
        nodes.append(&mut self.front);
        self.front = nodes;
    }

    /// An evicted message was not to go: it is the oldest again.
    pub(super) fn put_back(&mut self, node: NonNull<Node>) {
        self.front.push_front(node);
    }
}

/// Takes the next message out of the queue.
///
/// # Safety
/// The lock of this cell's `Sorted` is held.
unsafe fn pull(header: &Header, local: &Local) -> Taken {
    // SAFETY: the lock makes the caller the consumer (1).
    match unsafe { header.tail.pop(&header.head, header.stub()) } {
        Popped::Message { node, freed } => {
            if let Some(freed) = freed {
                // SAFETY: the queue has let go of it, and its message was copied out (2).
                unsafe { local.give_node(header.core(), freed.cast()) };
            }
            // SAFETY: just popped.
            Taken::Node(unsafe { copy(header, local, node.cast()) })
        }
        Popped::Empty => Taken::Empty,
        Popped::Busy => Taken::Busy,
    }
}

/// Moves a message into a node of its own.
///
/// # Safety
/// `from` was popped and not yet copied, by the consumer.
unsafe fn copy(header: &Header, local: &Local, from: NonNull<Node>) -> NonNull<Node> {
    let mut to = local.take_node(header.core());
    // SAFETY: a free block of 64 bytes is ours.
    unsafe { Link::init(to.cast()) };
    // SAFETY: as above.
    let fields = unsafe { to.as_mut() };
    // SAFETY: popped: the sender's writes are visible, and nobody else reads it.
    let from = unsafe { from.as_ref() };
    fields.sender = from.sender;
    fields.timestamp = from.timestamp;
    fields.message_type = from.message_type;
    fields.metadata = from.metadata;
    // A move: nobody looks at the payload of a queue's tail.
    fields.data = from.data;
    to
}
