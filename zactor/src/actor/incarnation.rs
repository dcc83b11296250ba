//! What lives in a cell: the user's value, and where the actor stands in its life.

use std::any::TypeId;

use super::{Actor, Context, run};
use crate::__private::Undelivered;
use crate::cell::{Cell, Meta, Resident, Task, Turn};

/// Where an actor stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Live,
    /// It waits for its children to end.
    Children,
    /// Its state is gone; what is queued becomes dead letters.
    Draining,
}

/// See the module. All of it that needs a drop is gone when the actor has ended.
pub(crate) struct Body<A> {
    pub(crate) value: Option<A>,
    pub(crate) phase: Phase,
}

impl<A: Actor> Resident for Body<A> {
    type Value = A;
    type Context = Context<A>;
    const META: &'static Meta = &Meta {
        type_name: std::any::type_name::<A>,
        type_id: TypeId::of::<A>,
        messages: A::NAMES,
        layout: Cell::<Self>::LAYOUT,
        discard: |delivery| A::discard(Undelivered::new(delivery)),
    };

    fn run(turn: Turn<'_, Self>) -> Option<Task> {
        run::turn(turn)
    }
}
