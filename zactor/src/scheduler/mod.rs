//! Placeholder for the scheduler; so far what a user says about it.

mod dispatcher;

pub use dispatcher::Dispatcher;
