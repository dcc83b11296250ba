//! Layer 8: a [`Failure`] goes in, a [`Directive`] comes out.
//!
//! * `failure.rs` is what ends an incarnation, `end.rs` how an actor ended, as its watchers learn it.
//! * `options.rs` is what a user says about children: [`Supervise`], [`Restart`], [`Directive`].
//! * `strategy.rs` says whom a failure concerns and what a directive means, `restarts.rs` how often and
//!   how soon a child may start again. Both are pure: the time and the chance are arguments.
//! * `faults.rs` is what a child and its supervisor say to each other, `group.rs` the restart of several children in
//!   their order, `waiting.rs` the time that a child has to end. What the two do in their turns stands in `actor/supervise.rs` and `actor/restart.rs`.

mod end;
mod failure;
mod faults;
mod group;
#[cfg(all(test, loom))]
mod models;
mod options;
pub(crate) mod restarts;
pub(crate) mod strategy;
mod waiting;

pub use end::{ChildRef, EndReason, Terminated};
pub use failure::Failure;
pub(crate) use faults::{Counted, Effects, Faults, Report, Standing, Verdict, pronounce};
pub(crate) use group::Supervision;
pub(crate) use options::Given;
pub use options::{Directive, Restart, Supervise};
pub(crate) use waiting::Waiting;
