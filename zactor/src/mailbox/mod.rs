//! Placeholder for the mailbox; so far what a user says about one.

mod options;

pub use options::{Overflow, Priority};
