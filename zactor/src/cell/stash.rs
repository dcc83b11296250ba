//! Messages that an actor puts aside until it can handle them.
//!
//! ```text
//! handler ── stash ─▶ [stashed, ..] ── unstash ─▶ front of the mailbox (sorted.rs) ─▶ handler
//! ```
//! 1. A stashed message is a filled node, flagged `STASHED` and above the capacity: it takes no room, and no evictor takes
//!    it. `aside` counts those in the stash and at the front, `back` those at the front.
//! 2. Only the owner puts aside, puts back and takes, so both counts are his; others read `aside`.
//! 3. While there are any at the front the mailbox is one whose messages leave the queue before their turn (turn.rs): the
//!    owner looks there first, and does not mark it idle.
//! 4. The first one that a handler puts aside is its own message, which stays queued: it is put aside when the handler has
//!    returned, so that it counts once at every moment. Every other one is an offer.

use std::collections::VecDeque;
use std::ptr::NonNull;

use super::header::Header;
use super::local::Local;
use super::port::filled;
use super::typed::Ref;
use crate::message::{Accepts, Kind, Message, Node, OVER, STASHED};
use crate::sync::atomic::{AtomicU64, Ordering};
use crate::sync::{Mutex, lock};

/// See the module.
#[derive(Default)]
pub(crate) struct Stash {
    nodes: Mutex<Nodes>,
    aside: AtomicU64,
    back: AtomicU64,
}

#[derive(Default)]
struct Nodes(VecDeque<NonNull<Node>>);

// SAFETY: the nodes are the stash's alone, and the messages in them are `Send`.
unsafe impl Send for Nodes {}

/// A number that only the owner changes.
fn change(count: &AtomicU64, by: impl FnOnce(u64) -> u64) {
    count.store(by(count.load(Ordering::Relaxed)), Ordering::Release);
}

impl Stash {
    pub(super) fn has_any_back(&self) -> bool {
        self.back.load(Ordering::Relaxed) > 0
    }

    /// One at the front was taken.
    pub(super) fn take_one(&self) {
        change(&self.back, |back| back - 1);
        change(&self.aside, |aside| aside - 1);
    }
}

impl Header {
    /// Messages that were put aside and not taken again.
    pub(super) fn aside(&self) -> u64 {
        self.pressure_if_made().map_or(0, |pressure| pressure.stash.aside.load(Ordering::Acquire))
    }

    /// The message of the handler that has returned stays queued, for it was put aside.
    pub(crate) fn keep_aside(&self, local: &Local) {
        local.counts.kept.add(1);
        change(&self.rare().pressure().stash.aside, |aside| aside + 1);
    }

    /// A message was put aside that nobody had sent: an offer, always accepted.
    pub(crate) fn offer_aside(&self, local: &Local) {
        local.counts.accepted.add(1);
        change(&self.rare().pressure().stash.aside, |aside| aside + 1);
    }

    /// All that was put aside goes to the head of the mailbox, in order. The owner looks there in a turn that begins
    /// later, or says so to this one (`Intake::look_in_front`).
    pub(crate) fn unstash_all(&self) {
        let Some(pressure) = self.pressure_if_made() else { return };
        let nodes = std::mem::take(&mut lock(&pressure.stash.nodes).0);
        if nodes.is_empty() {
            return;
        }
        change(&pressure.stash.back, |back| back + nodes.len() as u64);
        lock(&pressure.sorted).put_in_front(nodes);
    }
}

impl<A> Ref<A> {
    /// Puts `message` aside. The caller counts it, and is this actor's owner. `sender` is as for `push`.
    pub(crate) fn stash<M: Message>(&self, local: &Local, kind: Kind, sender: u64, message: M)
    where
        A: Accepts<M>,
    {
        let metadata = kind as u32 | OVER | STASHED;
        let node = filled(self.cell(), local, A::TAG, metadata, sender, message);
        lock(&self.rare().pressure().stash.nodes).0.push_back(node);
    }
}
