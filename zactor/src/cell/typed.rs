//! References that know the type of their actor: what makes tag and payload agree.

use std::any::TypeId;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;

use super::Local;
use super::line::{InLine, push_or_stand};
use super::port::{self, Accepted, Batch};
use super::refs::CellRef;
use crate::error::SendError;
use crate::message::{Accepts, Kind, LETTER, Message};

/// A counted reference to a cell in which an `A` lives.
pub(crate) struct Ref<A> {
    cell: CellRef,
    actor: PhantomData<fn(A)>,
}

impl<A> Clone for Ref<A> {
    fn clone(&self) -> Self {
        Ref { cell: self.cell.clone(), actor: PhantomData }
    }
}

impl<A> Ref<A> {
    /// # Safety
    /// An `A` lives in the cell.
    #[inline(always)]
    pub(super) unsafe fn new(cell: CellRef) -> Self {
        Ref { cell, actor: PhantomData }
    }

    /// # Safety
    /// An `A` lives in the cell; the cell outlives every use of the result.
    #[inline(always)]
    pub(super) unsafe fn uncounted(cell: ManuallyDrop<CellRef>) -> ManuallyDrop<Self> {
        ManuallyDrop::new(Ref { cell: ManuallyDrop::into_inner(cell), actor: PhantomData })
    }

    #[inline(always)]
    pub(crate) fn cell(&self) -> &CellRef {
        &self.cell
    }

    /// Queues `message`. `sender` is the sender's id for a tell, the reply slot for an ask.
    #[inline(always)]
    pub(crate) fn push<M: Message>(
        &self,
        local: &Local,
        kind: Kind,
        sender: u64,
        message: M,
    ) -> Result<Accepted, SendError<M>>
    where
        A: Accepts<M>,
    {
        // SAFETY: an `A` lives there, and `TAG` is that of an `M` in its protocol (`Accepts` is unsafe to implement).
        unsafe { port::push(&self.cell, local, A::TAG, kind as u32, sender, message) }
    }

    /// Queues `message` as soon as there is room. `None`: it is in.
    pub(crate) fn stand<M: Message>(
        &self,
        local: &Local,
        kind: Kind,
        sender: u64,
        message: M,
    ) -> Option<InLine<M>>
    where
        A: Accepts<M>,
    {
        // SAFETY: as in `push`.
        unsafe { push_or_stand(&self.cell, local, A::TAG, kind as u32, sender, message) }
    }

    /// Queues up to 64 messages with one publication.
    pub(crate) fn push_chain<M: Message>(
        &self,
        local: &Local,
        messages: &mut impl Iterator<Item = M>,
    ) -> Batch<M>
    where
        A: Accepts<M>,
    {
        // SAFETY: as in `push`.
        unsafe { port::push_chain(&self.cell, local, A::TAG, messages) }
    }

    /// The way in for one message type.
    pub(crate) fn port<M: Message>(&self) -> Port<M>
    where
        A: Accepts<M>,
    {
        Port { cell: self.cell.clone(), tag: A::TAG, message: PhantomData }
    }
}

impl<A: 'static> Ref<A> {
    /// The reference, if an `A` lives in the cell.
    pub(crate) fn of(cell: CellRef) -> Option<Self> {
        let same = (cell.meta.type_id)() == TypeId::of::<A>();
        same.then_some(Ref { cell, actor: PhantomData })
    }
}

impl<A> std::ops::Deref for Ref<A> {
    type Target = super::Header;
    #[inline(always)]
    fn deref(&self) -> &super::Header {
        &self.cell
    }
}

/// A counted reference that knows one message its actor accepts: 16 bytes.
pub(crate) struct Port<M> {
    cell: CellRef,
    tag: u32,
    message: PhantomData<fn(M)>,
}

impl<M> Clone for Port<M> {
    fn clone(&self) -> Self {
        Port { cell: self.cell.clone(), tag: self.tag, message: PhantomData }
    }
}

impl<M> Port<M> {
    pub(crate) fn cell(&self) -> &CellRef {
        &self.cell
    }
}

impl<M: Message> Port<M> {
    /// Queues a dead letter, from nobody.
    pub(crate) fn push_letter(&self, local: &Local, message: M) -> Result<Accepted, SendError<M>> {
        // SAFETY: as in `push`.
        unsafe { port::push(&self.cell, local, self.tag, Kind::Tell as u32 | LETTER, 0, message) }
    }

    /// As [`Ref::stand`].
    pub(crate) fn stand(
        &self,
        local: &Local,
        kind: Kind,
        sender: u64,
        message: M,
    ) -> Option<InLine<M>> {
        // SAFETY: as in `push`.
        unsafe { push_or_stand(&self.cell, local, self.tag, kind as u32, sender, message) }
    }

    pub(crate) fn tag(&self) -> u32 {
        self.tag
    }

    /// As [`Ref::push`].
    #[inline(always)]
    pub(crate) fn push(
        &self,
        local: &Local,
        kind: Kind,
        sender: u64,
        message: M,
    ) -> Result<Accepted, SendError<M>> {
        // SAFETY: the tag came from `Ref::port`, for this cell and this `M`.
        unsafe { port::push(&self.cell, local, self.tag, kind as u32, sender, message) }
    }
}
