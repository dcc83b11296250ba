//! What becomes of a message that found no room, by the mailbox's policy.
//!
//! All of it is cold: a send comes here when the head has refused its node. No code of the user's runs in
//! [`offer_again`]; [`settle`] runs the destructor of what was dropped or evicted, on the sender's thread, in a catch.

use std::ptr::NonNull;

use super::answer::{NoAnswer, Told};
use super::blocking::{must_not_block, without_waiting};
use super::guard::panics;
use super::local::Local;
use super::refs::CellRef;
use super::sorted::Taken;
use super::task::Task;
use super::turn::Delivery;
use crate::mailbox::Overflow;
use crate::message::{Kind, LETTER, Node, OVER};
use crate::queue::mpsc::{Pushed, Refused};
use crate::sync::atomic::Ordering;
use crate::sync::{lock, thread};

/// What the policy has done.
#[must_use]
pub(super) enum Offered {
    /// The message is in; the oldest one may have gone for it. The task is to be scheduled.
    In { task: Option<Task>, evicted: Option<NonNull<Node>> },
    /// It counts as accepted and is not in: the caller buries it.
    DroppedNew,
    /// The sender is to wait: the node is still the caller's.
    Wait,
    /// The node is still the caller's.
    Refused(Refused),
}

/// Why a message that counts as accepted is not handled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dropped {
    New,
    Old,
}

/// Offers a node once more, to the policy.
///
/// # Safety
/// The node is the caller's, filled, and was refused by this cell's mailbox; with `In` it goes over.
#[cold]
pub(super) unsafe fn offer_again(
    to: &CellRef,
    local: &Local,
    node: NonNull<Node>,
    refused: Refused,
) -> Offered {
    if refused == Refused::Closed {
        return Offered::Refused(Refused::Closed);
    }
    // SAFETY: the caller's.
    let metadata = unsafe { node.as_ref() }.metadata;
    match to.overflow() {
        Overflow::Fail => Offered::Refused(Refused::Full),
        Overflow::DropNew => {
            local.counts.accepted.add(1);
            Offered::DroppedNew
        }
        // SAFETY: passed on.
        Overflow::DropOld => unsafe { evict_for(to, local, node) },
        // Whoever makes letters neither waits nor is muted for them.
        Overflow::Block if metadata & LETTER != 0 => Offered::Refused(Refused::Full),
        Overflow::Block => {
            let from_timer = Kind::of(metadata) == Kind::Timer;
            if from_timer || local.current() != 0 || must_not_block() {
                // SAFETY: passed on.
                unsafe { admit(to, local, node) }
            } else {
                Offered::Wait
            }
        }
    }
}

/// Puts the message in above the capacity. The actor that sends it, if one does, is muted.
///
/// # Safety
/// As for `offer_again`.
unsafe fn admit(to: &CellRef, local: &Local, mut node: NonNull<Node>) -> Offered {
    // SAFETY: ours until it is published.
    let from_timer = Kind::of(unsafe { node.as_ref() }.metadata) == Kind::Timer;
    // SAFETY: as above.
    unsafe { node.as_mut() }.metadata |= OVER;
    local.counts.accepted.add(1);
    // SAFETY: a node of this system, ours, initialised; the cell lives.
    match unsafe { to.head.push_uncounted(node.cast(), false) } {
        Ok(pushed) => {
            to.rare().pressure().add_over();
            to.let_go_for_over(local);
            if !from_timer {
                to.mute_sender(local);
            }
            Offered::In { task: task_of(to, pushed), evicted: None }
        }
        Err(refused) => {
            local.counts.accepted.take_back(1);
            // SAFETY: not published: still ours.
            unsafe { node.as_mut() }.metadata &= !OVER;
            Offered::Refused(refused)
        }
    }
}

/// Puts the message in the place of the oldest.
///
/// # Safety
/// As for `offer_again`.
unsafe fn evict_for(to: &CellRef, local: &Local, node: NonNull<Node>) -> Offered {
    local.counts.accepted.add(1);
    loop {
        let mut sorted = lock(&to.rare().pressure().sorted);
        // SAFETY: that of this cell, locked.
        if let Taken::Node(oldest) = unsafe { sorted.evict(to, local) } {
            // SAFETY: a node of this system, ours, initialised; the cell lives.
            match unsafe { to.head.push_uncounted(node.cast(), false) } {
                Ok(pushed) => {
                    drop(sorted);
                    return Offered::In { task: task_of(to, pushed), evicted: Some(oldest) };
                }
                Err(refused) => {
                    sorted.put_back(oldest);
                    local.counts.accepted.take_back(1);
                    return Offered::Refused(refused);
                }
            }
        }
        drop(sorted);
        // Nothing is in, or it is not yet linked.
        // SAFETY: as above.
        match unsafe { to.head.push(node.cast(), node.cast(), 1, to.limit) } {
            Ok(pushed) => return Offered::In { task: task_of(to, pushed), evicted: None },
            Err(Refused::Full) => thread::yield_now(),
            Err(Refused::Closed) => {
                local.counts.accepted.take_back(1);
                return Offered::Refused(Refused::Closed);
            }
        }
    }
}

/// What a push leaves to schedule.
pub(super) fn task_of(to: &CellRef, pushed: Pushed) -> Option<Task> {
    match pushed {
        // SAFETY: the idle mark was cleared by this push: the right to run.
        Pushed::Schedule => Some(unsafe { Task::new(to.as_ptr()) }),
        Pushed::Quiet { .. } => None,
        Pushed::Wrapped => {
            to.rare().wraps.fetch_add(1, Ordering::Relaxed);
            None
        }
    }
}

/// What became of a refused message in the end.
#[must_use]
pub(super) enum Settled {
    Accepted,
    /// The node is still the caller's.
    Wait,
    /// The node is still the caller's.
    Refused(Refused),
}

/// As `offer_again`, and all that follows: the actor is scheduled, what nobody will handle is buried.
///
/// # Safety
/// As for `offer_again`; the node goes over with `Accepted`.
#[cold]
pub(super) unsafe fn settle(
    to: &CellRef,
    local: &Local,
    node: NonNull<Node>,
    refused: Refused,
) -> Settled {
    // SAFETY: passed on.
    match unsafe { offer_again(to, local, node, refused) } {
        Offered::In { task, evicted } => {
            if let Some(task) = task {
                to.core().scheduler.schedule(local, task);
            }
            if let Some(oldest) = evicted {
                // SAFETY: taken out of the mailbox, ours.
                unsafe { bury(to, local, oldest, Dropped::Old) };
            }
            Settled::Accepted
        }
        Offered::DroppedNew => {
            // SAFETY: not published: ours.
            unsafe { bury(to, local, node, Dropped::New) };
            Settled::Accepted
        }
        Offered::Wait => Settled::Wait,
        Offered::Refused(refused) => Settled::Refused(refused),
    }
}

/// A message that was accepted and that nobody will handle: its destructor runs, its ask ends, a dead letter is made.
///
/// # Safety
/// The node is the caller's, and filled.
pub(super) unsafe fn bury(to: &CellRef, local: &Local, node: NonNull<Node>, why: Dropped) {
    // SAFETY: ours; it goes back below.
    let delivery = unsafe { Delivery::new(node, to) };
    let (core, name) = (to.core(), to.message_name(delivery.tag()));
    let is_letter = delivery.is_letter();
    let (answer, sender) = delivery.answer_and_sender();
    delivery.skip_tick();
    if panics(|| without_waiting(|| (to.meta.discard)(delivery))) {
        local.counts.drop_panics.add(1);
    }
    local.counts.taken.add(1);
    local.settled(1);
    match why {
        Dropped::New => to.count_dead_letter(local),
        Dropped::Old => {
            local.counts.evicted.add(1);
            to.rare().pressure().count_evicted();
        }
    }
    if let Some(answer) = answer {
        match answer.end(local, core, NoAnswer::Full) {
            Told::Asker(Some(task)) => core.scheduler.schedule(local, task),
            Told::Asker(None) | Told::Nobody { .. } => {}
        }
    }
    core.dropped_letter(to, why, sender, name, is_letter);
    // SAFETY: empty now, and ours.
    unsafe { local.give_node(core, node) };
}
