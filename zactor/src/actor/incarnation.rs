//! What lives in a cell: the user's value, and where the actor stands in its life.

use std::any::TypeId;

use super::{Actor, Context, run, suspended};
use crate::__private::Undelivered;
use crate::cell::{Cell, Held, Meta, Resident, Task, Turn};
use crate::supervision::Restart;

/// Where an actor stands. All but `Live` handle no messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Live,
    /// It has failed, and its supervisor has not decided.
    Failed,
    /// It waits until it may start again.
    BackingOff(Then),
    /// It waits for its children to end, before it goes on.
    Leaving(After),
    /// Its incarnation is finished; its group begins the next one.
    Halted,
    /// It ends, and waits for its children to do so.
    Children,
    /// Its state is gone; what is queued becomes dead letters.
    Draining,
}

/// What follows a delay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Then {
    Restart,
    /// The restart concerns others too: the supervisor begins it.
    Report,
}

/// What follows the end of the children.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum After {
    /// The next incarnation.
    Begin,
    /// The group's word for the next incarnation.
    Halt,
    /// The failure that too many restarts of children are.
    Fail,
}

/// What the next incarnation is made with.
pub(crate) struct Renewal<A> {
    pub(crate) factory: Box<dyn FnMut() -> A + Send>,
    pub(crate) restart: Restart,
}

/// See the module. All of it that needs a drop is gone when the actor has ended.
pub(crate) struct Body<A> {
    pub(crate) value: Option<A>,
    /// `None` for a temporary actor.
    pub(crate) renewal: Option<Box<Renewal<A>>>,
    pub(crate) phase: Phase,
}

impl<A> Body<A> {
    pub(crate) fn restart(&self) -> Restart {
        self.renewal.as_ref().map_or(Restart::Temporary, |renewal| renewal.restart)
    }
}

const fn meta<A: Actor>(ends_unreferenced: bool) -> Meta {
    Meta {
        type_name: std::any::type_name::<A>,
        type_id: TypeId::of::<A>,
        messages: A::NAMES,
        layout: Cell::<Body<A>>::LAYOUT,
        discard: |delivery| A::discard(Undelivered::new(delivery)),
        decides: A::OPTIONS.decides,
        errand: false,
        ends_unreferenced,
    }
}

impl<A: Actor> Resident for Body<A> {
    type Value = A;
    type Context = Context<A>;
    const META: &'static Meta = &meta::<A>(false);
    const COUNTED: &'static Meta = &meta::<A>(true);

    fn run(turn: Turn<'_, Self>) -> Option<Task> {
        run::turn(turn)
    }

    fn resume(held: Held<'_, Self>) -> Option<Task> {
        suspended::turn(held)
    }
}
