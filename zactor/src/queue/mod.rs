//! Queues that know nothing of actors.
//!
//! * [`mpsc`]: many producers, one consumer; its intrusive core lies under every mailbox.
//!
//! Handed upward within the crate: the core of `mpsc` (`Head`, `Tail`, `Link`).

mod channel;
pub mod mpsc;

#[cfg(all(test, loom))]
mod models;
#[cfg(test)]
#[cfg(not(loom))]
mod tests;
