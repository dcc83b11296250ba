//! The line of those who wait for room in a mailbox: a `send`, a `tell` from outside under `block`, an ask likewise.
//!
//! 1. Messages go in in the order of the line. While it is not empty the owner gives no room back, but puts the first
//!    message into the place of the one it has taken: nobody barges in.
//! 2. Whoever enters the line looks at the mailbox's count next, and whoever gives room back looks at `LINE` next (state.rs,
//!    6). Both then let in whom they can, under the lock.
//! 3. A place that is gone was let in. When the mailbox closes places stay, and whoever holds the ticket takes his message
//!    out again; asks, for which nobody may come, are ended by whoever closes.
//! 4. Wakers and destructors are the user's code: they are collected under the lock, and run after it.

use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::ptr::NonNull;

use super::answer::{Answer, NoAnswer, Told};
use super::ask::Rest;
use super::local::Local;
use super::overflow::task_of;
use super::parcel::Parcel;
use super::port::{self, count_rejected};
use super::refs::CellRef;
use super::state::order;
use super::task::Task;
use super::waiters::Waiter;
use crate::message::{Kind, Message, Node};
use crate::queue::mpsc::Refused;
use crate::sync::{Mutex, lock};

/// See the module.
#[derive(Default)]
pub(super) struct Line(Mutex<Places>);

#[derive(Default)]
struct Places {
    last: u64,
    closed: bool,
    waiting: BTreeMap<u64, Place>,
}

struct Place {
    parcel: Parcel,
    waiter: Option<Waiter>,
}

/// What is left to do when the lock is released.
#[derive(Default)]
struct Done {
    task: Option<Task>,
    told: Vec<Waiter>,
    refused: Vec<Parcel>,
}

impl Done {
    fn finish(self, cell: &CellRef, local: &Local) {
        if let Some(task) = self.task {
            cell.core().scheduler.schedule(local, task);
        }
        for waiter in self.told {
            Rest::wake(waiter).run(local);
        }
        for parcel in self.refused {
            count_rejected(cell, local);
            end_ask(cell, local, parcel);
        }
    }
}

impl Places {
    /// Lets in whom there is room for: `room` messages in the place of those that the owner has taken, the others where
    /// the count allows it.
    fn let_in(&mut self, to: &CellRef, local: &Local, room: &mut u32, done: &mut Done) {
        while let Some(first) = self.waiting.first_entry() {
            match enter(to, local, first.get().parcel.node(), room) {
                Ok(task) => {
                    let place = first.remove();
                    done.told.extend(place.waiter);
                    done.task = done.task.take().or(task);
                }
                Err(Refused::Full) => return,
                Err(Refused::Closed) => return self.close(to, done),
            }
        }
        to.state().lower(order::LINE);
    }

    fn close(&mut self, to: &CellRef, done: &mut Done) {
        self.closed = true;
        to.state().lower(order::LINE);
        done.told.extend(self.waiting.values_mut().filter_map(|place| place.waiter.take()));
        let asks = self.waiting.iter().filter(|(_, place)| place.parcel.kind() == Kind::Ask);
        let asks: Vec<u64> = asks.map(|(&number, _)| number).collect();
        let places = asks.iter().filter_map(|number| self.waiting.remove(number));
        done.refused.extend(places.map(|place| place.parcel));
    }
}

/// One message of the line goes in.
fn enter(
    to: &CellRef,
    local: &Local,
    node: NonNull<Node>,
    room: &mut u32,
) -> Result<Option<Task>, Refused> {
    loop {
        if *room == 0 && !crate::sync::mutant("waiter_no_second_look") {
            let _ = to.head.room(to.limit)?;
        }
        // As in `port::push`: before it is published.
        local.counts.accepted.add(1);
        let pushed = if *room > 0 {
            // SAFETY: a filled node of this system, in nobody's hands but the line's; the cell lives.
            unsafe { to.head.push_uncounted(node.cast(), false) }
        } else {
            // SAFETY: as above.
            unsafe { to.head.push(node.cast(), node.cast(), 1, to.limit) }
        };
        match pushed {
            Ok(pushed) => {
                if *room > 0 {
                    *room -= 1;
                    local.settled(1);
                }
                return Ok(task_of(to, pushed));
            }
            Err(refused) => {
                local.counts.accepted.take_back(1);
                if refused == Refused::Closed || crate::sync::mutant("waiter_no_second_look") {
                    return Err(refused);
                }
            }
        }
    }
}

/// An ask that did not get in.
fn end_ask(cell: &CellRef, local: &Local, parcel: Parcel) {
    let answer = parcel.answer();
    parcel.discard(cell, local);
    let core = cell.core();
    if let Told::Asker(Some(task)) = answer.end(local, core, NoAnswer::Closed) {
        core.scheduler.schedule(local, task);
    }
}

/// A place in the line. Dropped, it takes the message back and drops it.
pub(crate) struct Ticket {
    cell: CellRef,
    number: u64,
}

/// What became of a place.
enum Stands {
    In,
    Waiting,
    Refused(Parcel),
}

impl Ticket {
    fn line(&self) -> &Mutex<Places> {
        &self.cell.rare().pressure().line.0
    }

    /// Where it stands now. If it waits on, `waiter` will be told.
    fn look(&self, waiter: Option<Waiter>) -> Stands {
        let mut places = lock(self.line());
        let closed = places.closed;
        let Some(place) = places.waiting.get_mut(&self.number) else { return Stands::In };
        if !closed {
            let before = std::mem::replace(&mut place.waiter, waiter);
            drop(places);
            drop(before);
            return Stands::Waiting;
        }
        let place = places.waiting.remove(&self.number);
        drop(places);
        drop(waiter);
        place.map_or(Stands::In, |place| Stands::Refused(place.parcel))
    }

    /// The message comes back, if it is not in.
    fn take_back(&self) -> Option<Parcel> {
        let mut places = lock(self.line());
        let place = places.waiting.remove(&self.number);
        if place.is_some() && places.waiting.is_empty() {
            self.cell.state().lower(order::LINE);
        }
        drop(places);
        place.map(|place| place.parcel)
    }

    /// The ask in this place has ended before it got in. It counts as refused.
    pub(crate) fn refuse(self) {
        if let Some(parcel) = self.take_back() {
            Local::with(self.cell.core(), |local| {
                count_rejected(&self.cell, local);
                end_ask(&self.cell, local, parcel);
            });
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if let Some(parcel) = self.take_back() {
            Local::with(self.cell.core(), |local| {
                if parcel.kind() == Kind::Ask {
                    end_ask(&self.cell, local, parcel);
                } else {
                    parcel.discard(&self.cell, local);
                }
            });
        }
    }
}

/// A place in the line whose message is an `M`. Dropped, it takes the message back and drops it.
pub(crate) struct InLine<M> {
    ticket: Ticket,
    message: PhantomData<fn() -> M>,
}

impl<M> InLine<M> {
    pub(crate) fn cell(&self) -> &CellRef {
        &self.ticket.cell
    }
}

impl<M: Message> InLine<M> {
    /// # Safety
    /// The message of this place is an `M`.
    unsafe fn new(ticket: Ticket) -> Self {
        InLine { ticket, message: PhantomData }
    }

    /// `None`: it waits on, and `waiter` will be told. `Err` is the message: the mailbox has closed.
    pub(crate) fn look(&self, waiter: Option<Waiter>) -> Option<Result<(), M>> {
        match self.ticket.look(waiter) {
            Stands::In => Some(Ok(())),
            Stands::Waiting => None,
            Stands::Refused(parcel) => Some(Err(self.open(parcel))),
        }
    }

    /// The message, if it is not in.
    pub(crate) fn take_back(&self) -> Option<M> {
        self.ticket.take_back().map(|parcel| self.open(parcel))
    }

    fn open(&self, parcel: Parcel) -> M {
        let cell = self.cell();
        Local::with(cell.core(), |local| {
            // SAFETY: it left the line, so it is ours, and holds an `M` (`new`).
            unsafe { port::unpack::<M>(cell, local, parcel.node()) }
        })
    }

    pub(crate) fn count_rejected(&self) {
        Local::with(self.cell().core(), |local| count_rejected(self.cell(), local));
    }

    /// The place alone, of an ask that no message comes back from.
    pub(crate) fn into_ticket(self) -> Ticket {
        self.ticket
    }
}

impl CellRef {
    /// Enters the line.
    fn stand_in_line(&self, local: &Local, node: NonNull<Node>) -> Ticket {
        let mut done = Done::default();
        let number = {
            let mut places = lock(&self.rare().pressure().line.0);
            places.last += 1;
            let number = places.last;
            // SAFETY: the caller's, filled; the line has it from now on.
            let parcel = unsafe { Parcel::of(node) };
            places.waiting.insert(number, Place { parcel, waiter: None });
            self.state().raise(order::LINE);
            places.let_in(self, local, &mut 0, &mut done);
            number
        };
        done.finish(self, local);
        Ticket { cell: self.clone(), number }
    }

    /// The owner has taken `room` messages out, whose room has not gone back. What is left of it.
    pub(super) fn let_in(&self, local: &Local, mut room: u32) -> u32 {
        let Some(pressure) = self.pressure_if_made() else { return room };
        let mut done = Done::default();
        let mut places = lock(&pressure.line.0);
        places.let_in(self, local, &mut room, &mut done);
        drop(places);
        done.finish(self, local);
        room
    }

    /// The mailbox has closed: nobody gets in any more.
    pub(super) fn close_line(&self, local: &Local) {
        let Some(pressure) = self.pressure_if_made() else { return };
        let mut done = Done::default();
        lock(&pressure.line.0).close(self, &mut done);
        done.finish(self, local);
    }
}

/// Queues `message`, or has it stand in line. `None`: it is in.
///
/// # Safety
/// As for `port::push`.
pub(super) unsafe fn push_or_stand<M: Message>(
    to: &CellRef,
    local: &Local,
    tag: u32,
    metadata: u32,
    sender: u64,
    message: M,
) -> Option<InLine<M>> {
    let node = port::filled(to, local, tag, metadata, sender, message);
    // Nobody passes those who wait.
    if to.state().orders() & order::LINE == 0 {
        local.counts.accepted.add(1);
        // SAFETY: a node of this system, ours, initialised, not queued; the cell lives.
        if let Ok(pushed) = unsafe { to.head.push(node.cast(), node.cast(), 1, to.limit) } {
            if let Some(task) = task_of(to, pushed) {
                to.core().scheduler.schedule(local, task);
            }
            return None;
        }
        local.counts.accepted.take_back(1);
    }
    let ticket = to.stand_in_line(local, node);
    // SAFETY: filled with an `M` above.
    Some(unsafe { InLine::new(ticket) })
}

impl Parcel {
    fn answer(&self) -> Answer {
        // SAFETY: an ask's, in nobody's hands but ours; the caller ends it, once, and drops the message beside it.
        let node = unsafe { self.node().as_ref() };
        // SAFETY: as above: of kind ask, so the sender's word is a slot.
        unsafe { Answer::of(node.sender, node.message_type) }
    }
}
