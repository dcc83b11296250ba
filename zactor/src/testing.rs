//! What makes tests of actors quick and repeatable.

pub use crate::scheduler::clock::ManualClock;
