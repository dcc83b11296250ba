//! Layer 8: a [`Failure`] goes in, a [`Directive`] comes out.
//!
//! * `failure.rs` is what ends an incarnation, `end.rs` how an actor ended, as its watchers learn it.
//! * `options.rs` is what a user says about children: [`Supervise`], [`Restart`], [`Directive`].
//! * `strategy.rs` says whom a failure concerns and what a directive means, `restarts.rs` how often and
//!   how soon a child may start again. Both are pure: the time and the chance are arguments.

mod end;
mod failure;
mod options;
#[allow(dead_code, reason = "taken into use with restarts")]
pub(crate) mod restarts;
#[allow(dead_code, reason = "taken into use with restarts")]
pub(crate) mod strategy;

pub use end::{ChildRef, EndReason, Terminated};
pub use failure::Failure;
pub use options::{Directive, Restart, Supervise};
