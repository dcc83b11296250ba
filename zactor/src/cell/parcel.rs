//! A message on its way to a mailbox that it is not yet to enter: packed by whoever arms a timer, pushed by whoever
//! fires it.
//!
//! A tick of a periodic timer carries no message but the timer's number: the message is made in the actor's turn, into
//! the node that brought the tick. Nobody reads the payload of a tick before that.

use std::ptr::NonNull;

use super::blocking::without_waiting;
use super::guard::panics;
use super::header::Header;
use super::local::Local;
use super::overflow::{self, Dropped, Offered, task_of};
use super::port::{count_rejected, node};
use super::refs::CellRef;
use super::task::Task;
use super::turn::Delivery;
use crate::message::{Fit, Kind, Message, Node, TICK, lane};
use crate::queue::mpsc::Refused;

/// See the module. It belongs to one cell, and is pushed into its mailbox or discarded there: it has no destructor.
#[must_use]
pub(super) struct Parcel(NonNull<Node>);

// SAFETY: the node is the parcel's alone, and the message in it is `Send`.
unsafe impl Send for Parcel {}

impl Parcel {
    /// # Safety
    /// `tag` is that of an `M` in the protocol of the cell's actor.
    pub(super) unsafe fn pack<M: Message>(
        to: &CellRef,
        local: &Local,
        tag: u32,
        incarnation: u64,
        message: M,
    ) -> Self {
        let mut node = node(to, local, tag, Kind::Timer as u32 | lane::<M>());
        // SAFETY: ours until it is published.
        let fields = unsafe { node.as_mut() };
        fields.sender = incarnation;
        Fit::<M>::pack(&mut fields.data, message, |layout| {
            local.counts.boxed.add(1);
            local.alloc(to.core(), layout)
        });
        Parcel(node)
    }

    /// # Safety
    /// The node is the caller's, filled with what its tag says, and goes over.
    pub(super) unsafe fn of(node: NonNull<Node>) -> Self {
        Parcel(node)
    }

    pub(super) fn node(&self) -> NonNull<Node> {
        self.0
    }

    pub(super) fn kind(&self) -> Kind {
        // SAFETY: filled, and in nobody's hands but the parcel's.
        unsafe { self.0.as_ref() }.kind()
    }

    /// A tick of the timer `number`, whose messages have this tag and lane.
    pub(super) fn tick(
        to: &CellRef,
        local: &Local,
        (tag, lane): (u32, u32),
        incarnation: u64,
        number: u64,
    ) -> Self {
        let mut node = node(to, local, tag, Kind::Timer as u32 | TICK | lane);
        // SAFETY: ours until it is published.
        let fields = unsafe { node.as_mut() };
        fields.sender = incarnation;
        // SAFETY: a number fits, and data is aligned for it.
        unsafe { fields.data.as_mut_ptr().cast::<u64>().write(number) };
        Parcel(node)
    }

    /// One offer: into the mailbox, or to its policy. Runs no code of the user's.
    pub(super) fn push(mut self, to: &CellRef, local: &Local) -> Pushed {
        // SAFETY: ours until it is published.
        unsafe { self.0.as_mut() }.timestamp = local.timestamp(to.core());
        // As in `port::push`: before it is published.
        local.counts.accepted.add(1);
        // SAFETY: a node of this system, ours, initialised, not queued; the cell lives.
        match unsafe { to.head.push(self.0.cast(), self.0.cast(), 1, to.limit) } {
            Ok(pushed) => Pushed { task: task_of(to, pushed), left: None, is_in: true },
            Err(refused) => {
                local.counts.accepted.take_back(1);
                self.offer_again(to, local, refused)
            }
        }
    }

    #[cold]
    fn offer_again(self, to: &CellRef, local: &Local, refused: Refused) -> Pushed {
        // SAFETY: ours, filled, refused just now.
        match unsafe { overflow::offer_again(to, local, self.0, refused) } {
            Offered::In { task, evicted } => {
                let left = evicted.map(|oldest| (Parcel(oldest), Some(Dropped::Old)));
                Pushed { task, left, is_in: true }
            }
            Offered::DroppedNew => {
                Pushed { task: None, left: Some((self, Some(Dropped::New))), is_in: false }
            }
            Offered::Wait | Offered::Refused(_) => {
                count_rejected(to, local);
                Pushed { task: None, left: Some((self, None)), is_in: false }
            }
        }
    }

    /// As `discard`; with a reason, of a message that counts as accepted: it becomes a dead letter.
    pub(super) fn end(self, to: &CellRef, local: &Local, why: Option<Dropped>) {
        match why {
            None => self.discard(to, local),
            // SAFETY: ours, filled.
            Some(why) => unsafe { overflow::bury(to, local, self.0, why) },
        }
    }

    /// Drops the message, which is the user's code, in a catch.
    pub(super) fn discard(self, to: &Header, local: &Local) {
        // SAFETY: not published, so ours; it holds what its tag says, or is a tick.
        let delivery = unsafe { Delivery::new(self.0, to) };
        if panics(|| without_waiting(|| (to.meta.discard)(delivery))) {
            local.counts.drop_panics.add(1);
        }
        // SAFETY: empty now, and ours.
        unsafe { local.give_node(to.core(), self.0) };
    }
}

/// What an offer has done.
#[must_use]
pub(super) struct Pushed {
    /// To be scheduled.
    pub(super) task: Option<Task>,
    /// A message that nobody will handle, to be ended where the user's code may run.
    pub(super) left: Option<(Parcel, Option<Dropped>)>,
    pub(super) is_in: bool,
}

/// Where a periodic timer puts the message that it makes.
pub(super) struct Blank<'a> {
    node: NonNull<Node>,
    header: &'a Header,
}

impl Blank<'_> {
    /// Puts the message in, once.
    fn fill<M: Message>(self, message: M) {
        let Blank { mut node, header } = self;
        let core = header.core();
        let local = Local::here(core);
        // SAFETY: popped, and ours while the delivery exists that this was made of.
        let fields = unsafe { node.as_mut() };
        fields.metadata &= !TICK;
        Fit::<M>::pack(&mut fields.data, message, |layout| {
            local.counts.boxed.add(1);
            local.alloc(core, layout)
        });
    }
}

/// Makes the messages of a periodic timer.
pub(super) trait Make: Send {
    /// Runs the user's code, and puts its message in.
    fn make(&mut self, to: Blank<'_>);
}

/// See [`maker`].
struct Maker<F>(F);

impl<M: Message, F: FnMut() -> M + Send> Make for Maker<F> {
    fn make(&mut self, to: Blank<'_>) {
        to.fill((self.0)());
    }
}

/// # Safety
/// It is used for ticks whose tag is that of an `M` in the protocol of their actor.
pub(super) unsafe fn maker<M: Message>(make: impl FnMut() -> M + Send + 'static) -> Box<dyn Make> {
    Box::new(Maker(make))
}

impl Delivery<'_> {
    /// Which incarnation has armed the timer, whose message this is.
    pub(crate) fn incarnation(&self) -> u64 {
        debug_assert!(self.kind() == Kind::Timer, "only a timer's message says so");
        self.node().sender
    }

    /// A tick whose message is still to be made.
    pub(crate) fn is_tick(&self) -> bool {
        self.node().metadata & TICK != 0
    }

    /// The tick is dropped unseen: its timer goes on.
    pub(super) fn skip_tick(&self) {
        if self.is_tick() {
            self.header.skip_tick(self.tick_number());
        }
    }

    fn tick_number(&self) -> u64 {
        // SAFETY: a tick's data begins with its number (`Parcel::tick`).
        unsafe { self.node().data.as_ptr().cast::<u64>().read() }
    }

    /// Has the timer of this tick make its message: the user's code, which may panic. False: there is no such timer.
    pub(crate) fn fill(&mut self) -> bool {
        let blank = Blank { node: self.node, header: self.header };
        self.header.make_tick(self.tick_number(), blank)
    }
}
