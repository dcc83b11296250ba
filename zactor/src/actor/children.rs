//! The end of an actor's children, when it ends or starts again: one by one, the youngest first, each within its
//! `stop_timeout`.
//!
//! 1. Past its time a child is killed, and whoever waits below it hurries as well. One that stands in a handler or hook
//!    even then, for some turns of its parent, is cut off: it is no child any more, counts as dead, its name is free. Its
//!    order to end stands, so it ends when its handler returns.
//! 2. The parent parks, with one alarm in the wheel that it looks at the clock for. So an alarm that is left over does no
//!    harm, and a hundred thousand children cost one.

use std::time::Duration;

use super::restart::hand_on;
use crate::cell::state::order;
use crate::cell::{CellRef, Header, Local, NOTHING, Rare, Task, Whom, panics};
use crate::sync::lock;
use crate::system::Core;

/// Turns that a parent lets pass before it gives up a child that was killed and stands in a handler.
const PATIENCE: u32 = 1_000;

/// Whether there is a child to wait for.
pub(super) enum Children {
    Gone,
    /// The caller parks.
    Wait,
    /// The caller comes again.
    Again,
}

/// Gives the youngest of `whom` its `orders`, or what follows them.
pub(super) fn stop_youngest(me: &CellRef, local: &Local, whom: Whom, orders: u64) -> Children {
    let core = me.core();
    loop {
        let Some(rare) = me.rare_if_made() else { return Children::Gone };
        let youngest = lock(&rare.family).await_youngest(whom);
        let Some(child) = youngest else {
            forget(me);
            return Children::Gone;
        };
        let now = core.clock.now();
        let mut waiting = lock(rare.waiting());
        let awaited = waiting.for_child(child.id, now, limit(&child));
        if orders & order::HURRY != 0 {
            awaited.until = awaited.until.min(now);
        };
        if now < awaited.until {
            let until = awaited.until;
            waiting.ring(core, me.id, now, until);
            drop(waiting);
            hand_on(core, local, give(&child, orders));
            return Children::Wait;
        }
        let late = *awaited.late.get_or_insert(0);
        if child.current() == NOTHING {
            drop(waiting);
            hand_on(core, local, child.order(orders | order::KILL | order::HURRY));
            return Children::Wait;
        }
        awaited.late = Some(late + 1);
        drop(waiting);
        if late < PATIENCE {
            if late == 0 {
                hand_on(core, local, child.order(orders | order::KILL | order::HURRY));
            }
            return Children::Again;
        }
        if !cut_off(core, me, local, &child) {
            return Children::Again;
        }
    }
}

/// Orders the child to end. Work beside the mailbox, and one that waits for a decision of its parent, which ends, have
/// nothing to drain.
fn give(child: &CellRef, orders: u64) -> Option<Task> {
    if orders & order::DRAIN == 0 {
        return child.order(orders);
    }
    let faults = child.rare_if_made().and_then(Rare::faults_if_made);
    if child.meta.errand || faults.is_some_and(|faults| lock(faults).waits()) {
        return child.order(orders & !order::DRAIN | order::STOP);
    }
    child.order_drain(orders)
}

/// How long a child and all below it may take.
fn limit(child: &Header) -> Duration {
    let given = child.rare_if_made().and_then(|rare| rare.given.get());
    given.and_then(|given| given.stop_timeout).unwrap_or(child.core().config.stop_timeout)
}

/// Nobody is waited for any more.
fn forget(me: &Header) {
    let Some(waiting) = me.rare_if_made().and_then(|rare| rare.waiting_if_made()) else { return };
    let before = std::mem::take(&mut *lock(waiting));
    before.forget(me.core());
}

/// The child stands in a handler and cannot be interrupted: it is left to itself, and so are those below it, killed.
/// False: it has ended at last, or is about to.
fn cut_off(core: &Core, me: &CellRef, local: &Local, child: &CellRef) -> bool {
    if !core.locals.refuse_sends_of(child) || !lock(&me.rare().family).cut_off(child) {
        return false;
    }
    let (name, message) =
        (child.name().map_or("", |name| name), child.message_name(child.current()));
    // The subscriber is the user's.
    let _ = panics(|| {
        let what = "actor did not stop in time and is cut off: it stands in a handler";
        tracing::error!(actor = %child.id, name, message, "{what}");
    });
    child.close();
    if let Some(name) = child.name() {
        core.names.release(name, child.id);
    }
    core.life.keep_stuck(child.id);
    let mut left = vec![child.clone()];
    while let Some(cell) = left.pop() {
        let Some(rare) = cell.rare_if_made() else { continue };
        let below = lock(&rare.family).all();
        for cell in &below {
            hand_on(core, local, cell.order(order::KILL | order::HURRY));
        }
        left.extend(below);
    }
    true
}
