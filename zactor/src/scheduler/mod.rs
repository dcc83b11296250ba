//! Layer 7: which thread runs which actor, and when.
//!
//! [`Scheduler::schedule`] is the only way into a run queue. `run_queue.rs` says where a task goes, `worker.rs` where a
//! worker takes the next one from, `classes.rs` what an actor's priority changes of both, `idle.rs` who sleeps and whom to wake,
//! `pinned.rs` the thread of one actor, `blocking.rs` those for closures that block. `timer/` is the wheel, `timers.rs` fires it,
//! `clock.rs` is the one source of time, `chance.rs` that of chance.

pub(crate) mod blocking;
pub(crate) mod chance;
mod classes;
pub(crate) mod clock;
mod dispatcher;
mod idle;
#[cfg(all(test, loom))]
mod models;
mod pinned;
mod run_queue;
mod slab;
pub(crate) mod timer;
pub(crate) mod timers;
mod worker;

pub use dispatcher::Dispatcher;
pub(crate) use pinned::run_pinned;
pub(crate) use run_queue::{Rules, Scheduler};
pub(crate) use worker::run;

use crate::cell::{Local, Task};
use crate::system::Core;

/// Hands a task, if there is one, to the run queues of its system.
pub(crate) fn schedule(core: &Core, task: Option<Task>) {
    if let Some(task) = task {
        Local::with(core, |local| core.scheduler.schedule(local, task));
    }
}
