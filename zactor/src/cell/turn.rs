//! The right to run a cell at work: the owner's end of the mailbox and the resident.
//!
//! 1. A `Turn` is made from a `Task` and becomes one again, or a mark. While it exists nobody else touches what the
//!    owner touches.
//!    It is a pointer, so that handing it on costs nothing: the owner's end, its `Intake`, stays where it was made.
//! 2. Once a mark is set the next owner may be there already: `mark_idle` and `park` consume the turn, and touch
//!    nothing of the owner's afterwards.
//! 3. A message is taken, and the queue's tail has moved, before its handler runs. Else a panic meets it twice.

#![allow(
    clippy::multiple_unsafe_ops_per_block,
    reason = "one argument covers both where it says so"
)]

use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::ptr::NonNull;

use super::answer::Answer;
use super::continuation::Continuation;
use super::header::{Header, NOTHING};
use super::local::Local;
use super::refs::CellRef;
use super::sorted::Taken;
use super::task::Task;
use super::typed::Ref;
use super::{Cell, Resident};
use crate::mailbox;
use crate::message::{Accepts, Fit, Kind, LETTER, Message, Node, STASHED};
use crate::queue::mpsc::{NotEmpty, Popped};
use crate::sync::lock;

/// See the module.
pub(crate) struct Turn<'l, T: Resident> {
    pub(crate) intake: &'l mut Intake<'l>,
    resident: PhantomData<&'l mut T>,
}

/// The owner's end of a mailbox.
pub(crate) struct Intake<'l> {
    pub(super) header: NonNull<Header>,
    local: &'l Local,
    /// Taken before the current one; goes back after the handler (`enable_zero_copy`).
    spent: Option<NonNull<Node>>,
    /// Room to give back.
    room: u32,
    room_at_once: bool,
    /// Messages leave the queue before their turn comes (sorted.rs).
    sorts: bool,
    /// Not so, and a message is handled where it lies.
    plain: bool,
}

/// What the mailbox has.
pub(crate) enum Next<'t, T: Resident> {
    Message(Delivery<'t>),
    Continuation(Continuation<T::Value, T::Context>),
    Empty,
    /// A sender stands between publishing and linking: nothing can be taken just now.
    Busy,
}

/// A message on its way into a handler.
pub(crate) struct Delivery<'t> {
    pub(super) node: NonNull<Node>,
    pub(super) header: &'t Header,
}

impl<'l, T: Resident> Turn<'l, T> {
    /// # Safety
    /// The intake is that of a `Cell<T>` whose resident nobody has borrowed.
    #[inline(always)]
    pub(super) unsafe fn of(intake: &'l mut Intake<'l>) -> Self {
        Turn { intake, resident: PhantomData }
    }

    pub(crate) fn header(&self) -> &Header {
        self.intake.header()
    }

    pub(crate) fn local(&self) -> &'l Local {
        self.intake.local
    }

    /// The cell as a reference that counts nothing, for as long as the turn's caller runs.
    pub(crate) fn cell(&self) -> ManuallyDrop<CellRef> {
        // SAFETY: a live actor holds a reference to itself; users of the result end with the turn.
        unsafe { CellRef::uncounted(self.intake.header) }
    }

    /// The resident alone.
    pub(crate) fn resident(&mut self) -> &mut T {
        self.split().0
    }

    /// The resident and the mailbox, both at once.
    pub(crate) fn split(&mut self) -> (&mut T, &mut Intake<'l>) {
        let cell = self.intake.header.cast::<Cell<T>>();
        // SAFETY: a `Cell<T>` (see `of`), alive.
        let place = unsafe { &raw const (*cell.as_ptr()).resident };
        // SAFETY: the right to run is ours, so nobody else touches the resident (invariant 1).
        let resident = unsafe { &mut *(*place).get() };
        (resident, self.intake)
    }

    /// This actor, for its context; counts nothing.
    pub(crate) fn here(&self) -> ManuallyDrop<Ref<T::Value>> {
        // SAFETY: a `T` lives there, whose value is a `T::Value`; a live actor keeps its cell.
        unsafe { Ref::uncounted(CellRef::uncounted(self.intake.header)) }
    }

    /// To the back of the queue.
    pub(crate) fn again(self) -> Task {
        self.intake.settle();
        self.header().set_current(NOTHING);
        self.header().stand_back(self.intake.local.behind());
        // SAFETY: the right to run is ours and goes over.
        unsafe { Task::new(self.intake.header) }
    }

    /// Leaves the cell idle. The turn comes back if there is something to do: a message, an order, or the mailbox is
    /// closed.
    #[inline(always)]
    pub(crate) fn mark_idle(self) -> Option<Self> {
        if self.intake.sorts { self.mark_idle_sorted() } else { self.mark_idle_now() }
    }

    /// With the lock that is the consumer's end of such a mailbox.
    #[cold]
    fn mark_idle_sorted(self) -> Option<Self> {
        self.intake.give_spent();
        // SAFETY: alive while the right to run is ours; this reference keeps the lock until it is released.
        let cell = unsafe { CellRef::from_live(self.intake.header) };
        let sorted = lock(&cell.rare().pressure().sorted);
        if sorted.is_empty() { self.mark_idle_now() } else { Some(self) }
    }

    #[inline(always)]
    fn mark_idle_now(self) -> Option<Self> {
        self.intake.give_spent();
        self.header().set_current(NOTHING);
        let local = self.intake.local;
        let room = std::mem::take(&mut self.intake.room);
        // SAFETY: alive while the right to run is ours, and after that while `looking` names it: whoever ends the
        // actor waits for that (`release`).
        let header = unsafe { self.intake.header.as_ref() };
        local.look(header);
        // SAFETY: we are the owner; after success nothing of the owner's is touched.
        let marked = unsafe { header.tail.mark_idle(&header.head, header.stub(), room) };
        let still_mine = match marked {
            Ok(free) => {
                if let Some(node) = free {
                    // SAFETY: the queue has let go of it.
                    unsafe { local.give_node(header.core(), node.cast()) };
                }
                local.settled(room);
                // The second look: an order that came before the mark was set (state.rs, 3).
                header.state.orders_after_mark() != 0 && header.head.claim_idle()
            }
            Err(NotEmpty) => {
                self.intake.room = room;
                true
            }
        };
        local.look_away();
        still_mine.then_some(self)
    }

    /// Leaves the cell parked for `reason`; see `State::park`. The turn comes back if it is over already.
    pub(crate) fn park(self, reason: u64, seen: u64) -> Option<Self> {
        self.intake.settle();
        // SAFETY: alive while the right to run is ours; nothing is touched after the mark.
        let parked = unsafe { self.intake.header.as_ref() }.state.park(reason, seen);
        if parked { None } else { Some(self) }
    }

    /// Leaves a muted cell parked. The turn comes back if it is not muted any more, or has an order that is not in `seen`.
    pub(crate) fn park_muted(self, seen: u64) -> Option<Self> {
        self.intake.settle();
        self.header().set_current(NOTHING);
        // SAFETY: as in `park`.
        let parked = unsafe { self.intake.header.as_ref() }.state.park_muted(seen);
        if parked { None } else { Some(self) }
    }

    /// Closed and empty for good: nothing gets in any more. False: there is something still.
    pub(crate) fn mark_ended(&mut self) -> bool {
        self.intake.give_spent();
        let header = self.intake.header_ref();
        // Kept to the end: it is the consumer's end of such a mailbox.
        let sorted = self.intake.sorts.then(|| lock(&header.rare().pressure().sorted));
        if sorted.as_ref().is_some_and(|sorted| !sorted.is_empty()) {
            return false;
        }
        let room = std::mem::take(&mut self.intake.room);
        // SAFETY: we are the owner, and nobody finds the mark of a closed mailbox.
        match unsafe { header.tail.mark_ended(&header.head, header.stub(), room) } {
            Ok(free) => {
                if let Some(node) = free {
                    // SAFETY: the queue has let go of it.
                    unsafe { self.intake.local.give_node(header.core(), node.cast()) };
                }
                true
            }
            Err(NotEmpty) => {
                self.intake.room = room;
                false
            }
        }
    }

    /// The actor has ended: the reference that it held to itself goes, the right to run with it.
    pub(crate) fn release(self) {
        let header = self.intake.header;
        // An earlier owner may still be in his second look (see `mark_idle`).
        while !crate::sync::mutant("look_ignored")
            && !self.header().core().scheduler.looks.none_at(header)
        {
            crate::sync::hint::spin_loop();
            crate::sync::thread::yield_now();
        }
        let pinned = self.header().pinned().cloned();
        // SAFETY: `Header::new` counted one for the actor itself, which ends here, once.
        drop(unsafe { CellRef::from_counted(header) });
        if let Some(pinned) = pinned {
            pinned.end();
        }
    }

    /// What the mailbox has next.
    #[inline(always)]
    pub(crate) fn next<'t>(intake: &'t mut Intake<'l>) -> Next<'t, T> {
        if !intake.plain {
            return intake.next_not_plain();
        }
        let header = intake.header_ref();
        // SAFETY: we are the owner.
        match unsafe { header.tail.pop(&header.head, header.stub()) } {
            Popped::Message { node, freed } => {
                intake.spend(freed.map(NonNull::cast));
                intake.open::<T>(node.cast())
            }
            Popped::Empty => Next::Empty,
            Popped::Busy => Next::Busy,
        }
    }
}

impl<'l> Intake<'l> {
    /// # Safety
    /// The caller gives the right to run the cell away.
    #[inline(always)]
    pub(super) unsafe fn new(header: NonNull<Header>, local: &'l Local) -> Self {
        // SAFETY: an actor with a right to run is alive.
        let (limit, zero_copy, sorts) = unsafe {
            let header = header.as_ref();
            let zero_copy = header.core().config.performance.enable_zero_copy;
            (header.limit, zero_copy, header.sorts())
        };
        Intake {
            header,
            local,
            spent: None,
            room: 0,
            room_at_once: sorts || mailbox::gives_room_back_at_once(limit),
            sorts,
            plain: zero_copy && !sorts,
        }
    }

    pub(crate) fn header(&self) -> &'l Header {
        self.header_ref()
    }

    pub(crate) fn local(&self) -> &'l Local {
        self.local
    }

    #[inline(always)]
    fn header_ref(&self) -> &'l Header {
        // SAFETY: alive while the right to run is ours (the turn's lifetime).
        unsafe { self.header.as_ref() }
    }

    /// As `Turn::next`, of a mailbox that sorts, or whose messages' nodes go back before they are handled.
    #[cold]
    fn next_not_plain<'t, T: Resident>(&'t mut self) -> Next<'t, T> {
        self.give_spent();
        let header = self.header_ref();
        if self.sorts {
            return self.next_sorted();
        }
        // SAFETY: we are the owner.
        match unsafe { header.tail.pop(&header.head, header.stub()) } {
            Popped::Message { node, freed } => {
                self.spent = freed.map(NonNull::cast);
                self.give_spent();
                self.open::<T>(node.cast())
            }
            Popped::Empty => Next::Empty,
            Popped::Busy => Next::Busy,
        }
    }

    fn next_sorted<'t, T: Resident>(&'t mut self) -> Next<'t, T> {
        let header = self.header_ref();
        let mut sorted = lock(&header.rare().pressure().sorted);
        // SAFETY: that of this cell, locked.
        let node = match unsafe { sorted.take(header, self.local) } {
            Taken::Node(node) => node,
            Taken::Empty => return Next::Empty,
            Taken::Busy => return Next::Busy,
        };
        self.spent = Some(node);
        // SAFETY: copied out for us.
        if unsafe { node.as_ref() }.takes_no_room() {
            drop(sorted);
            return self.open_uncounted(node);
        }
        self.local.counts.taken.add(1);
        self.room += 1;
        if !header.state.is_pressed() {
            // Under the lock: else a sender finds the mailbox full, and evicts for nothing.
            header.give_room_back(std::mem::take(&mut self.room));
            self.local.settled(1);
        }
        drop(sorted);
        self.give_room();
        Next::Message(Delivery { node, header })
    }

    #[inline(always)]
    fn open<'t, T: Resident>(&'t mut self, node: NonNull<Node>) -> Next<'t, T> {
        // SAFETY: popped: the sender's writes are visible, and nobody but the owner reads the node until it goes back.
        if unsafe { node.as_ref() }.takes_no_room() {
            return self.open_uncounted(node);
        }
        self.local.counts.taken.add(1);
        self.room += 1;
        if self.room_at_once {
            self.give_room();
        }
        Next::Message(Delivery { node, header: self.header_ref() })
    }

    /// A marker, or a message above the capacity.
    #[cold]
    fn open_uncounted<'t, T: Resident>(&'t mut self, node: NonNull<Node>) -> Next<'t, T> {
        // SAFETY: as in `open`.
        let fields = unsafe { node.as_ref() };
        if fields.kind() == Kind::Marker {
            // SAFETY: as above; a marker's data holds the continuation (`push_marker`).
            let raw = unsafe { fields.data.as_ptr().cast::<NonNull<u8>>().read() };
            // SAFETY: pushed for this cell's type, popped once.
            return Next::Continuation(unsafe { Continuation::from_raw(raw) });
        }
        let header = self.header_ref();
        let pressure = header.rare().pressure();
        self.local.counts.taken.add(1);
        if fields.metadata & STASHED == 0 {
            pressure.take_over();
        } else {
            pressure.stash.take_one();
        }
        self.local.settled(1);
        if header.state.is_pressed() {
            self.relieve();
        }
        Next::Message(Delivery { node, header })
    }

    /// The handler has put something back in front: that is next.
    #[cold]
    pub(crate) fn look_in_front(&mut self) {
        if self.header_ref().sorts() && !self.sorts {
            self.settle();
            (self.sorts, self.room_at_once, self.plain) = (true, true, false);
        }
    }

    /// Others wait for room: they get what there is.
    #[cold]
    pub(crate) fn relieve(&mut self) {
        self.settle_room();
        // SAFETY: alive while the right to run is ours.
        let cell = unsafe { CellRef::uncounted(self.header) };
        self.room = cell.let_in(self.local, 0);
        if cell.is_half_empty() {
            cell.let_all_go(self.local);
        }
    }

    /// The room of what was taken goes to those in the line, then back.
    #[inline(always)]
    fn give_room(&mut self) {
        self.settle_room();
        if self.header_ref().state.is_pressed() {
            self.relieve();
        }
    }

    #[inline(always)]
    fn settle_room(&mut self) {
        let header = self.header_ref();
        if self.room != 0 && header.state.is_pressed() {
            // SAFETY: alive while the right to run is ours.
            let cell = unsafe { CellRef::uncounted(self.header) };
            self.room = cell.let_in(self.local, self.room);
        }
        let room = std::mem::take(&mut self.room);
        if room != 0 {
            header.give_room_back(room);
            self.local.settled(room);
        }
    }

    /// The message was handled.
    #[inline(always)]
    pub(crate) fn done(&mut self) {
        self.header_ref().count_handled(self.local);
        self.give_spent();
    }

    /// The message in the handler was lost to a failure.
    pub(crate) fn count_failed(&mut self) {
        if crate::sync::mutant("tail_after_handler") {
            // As if it had not moved yet.
            let header = self.header_ref();
            let before = self.spent.take().map_or(header.stub(), NonNull::cast);
            // SAFETY: we are the owner; the node before is kept until the handler has returned.
            unsafe { header.tail.set(before) };
        }
        self.local.counts.failed.add(1);
        self.header_ref().rare().failed.fetch_add(1, crate::sync::atomic::Ordering::Relaxed);
    }

    #[inline(always)]
    fn spend(&mut self, node: Option<NonNull<Node>>) {
        if self.spent.is_some() {
            self.give_spent_late();
        }
        self.spent = node;
    }

    /// The last message was not done, but failed.
    #[cold]
    fn give_spent_late(&mut self) {
        self.give_spent();
    }

    #[inline(always)]
    pub(crate) fn give_spent(&mut self) {
        if let Some(node) = self.spent.take() {
            // SAFETY: the queue has let go of it, and its payload was moved out.
            unsafe { self.local.give_node(self.header_ref().core(), node) };
        }
    }

    /// Nothing is held back.
    pub(crate) fn settle(&mut self) {
        self.give_spent();
        if self.room != 0 {
            self.give_room();
        }
    }
}

impl<'t> Delivery<'t> {
    /// # Safety
    /// The node is the caller's, holds what its tag says or is a tick, and does not go back while the delivery exists.
    pub(super) unsafe fn new(node: NonNull<Node>, header: &'t Header) -> Self {
        Delivery { node, header }
    }

    pub(crate) fn header(&self) -> &'t Header {
        self.header
    }

    /// The other end of the ask that this message is. Once.
    pub(crate) fn answer(&self) -> Answer {
        debug_assert!(self.kind() == Kind::Ask, "only an ask is answered");
        // SAFETY: of kind ask, so the sender's word is a slot; taken by whoever handles or buries the message, once.
        unsafe { Answer::of(self.node().sender, self.tag()) }
    }

    /// Of a message that no handler will see: the other end of its ask, if it is one, and the sender's id. Once.
    pub(crate) fn answer_and_sender(&self) -> (Option<Answer>, u64) {
        if self.kind() != Kind::Ask {
            return (None, self.sender());
        }
        let answer = self.answer();
        let asker = answer.asker();
        (Some(answer), asker)
    }

    /// A dead letter on its way to a subscriber.
    pub(crate) fn is_letter(&self) -> bool {
        self.node().metadata & LETTER != 0
    }

    pub(super) fn node(&self) -> &Node {
        // SAFETY: popped and not given back while the delivery exists.
        unsafe { self.node.as_ref() }
    }

    #[inline(always)]
    pub(crate) fn tag(&self) -> u32 {
        self.node().message_type
    }

    /// The sender's id, for what is not an ask.
    #[inline(always)]
    pub(crate) fn sender(&self) -> u64 {
        if self.kind() == Kind::Timer { self.header.id.as_raw() } else { self.node().sender }
    }

    #[inline(always)]
    pub(crate) fn kind(&self) -> Kind {
        self.node().kind()
    }

    #[inline(always)]
    pub(crate) fn timestamp(&self) -> i64 {
        self.node().timestamp
    }

    /// Moves the message out.
    #[inline(always)]
    pub(crate) fn take<A: Accepts<M>, M: Message>(self) -> M {
        assert!(self.tag() == A::TAG, "the tag of a message is not that of its type");
        // SAFETY: senders pack an `M` under `A::TAG` only (`Accepts` is unsafe to implement), and pushed into a
        // mailbox of `A` only; taken once, by value.
        unsafe {
            Fit::<M>::unpack(&self.node().data, |block, layout| {
                let core = self.header.core();
                Local::here(core).free(core, block, layout);
            })
        }
    }
}
