//! Queues that know nothing of actors.
//!
//! * [`mpsc`]: many producers, one consumer; its intrusive core lies under every mailbox.
//! * [`spsc`]: a ring, one producer and one consumer.
//! * `oneshot`: one value, once, between two threads; a third may call it off. Under every ask.
//!
//! Handed upward within the crate: the core of `mpsc` (`Head`, `Tail`, `Link`) and `oneshot`.

mod channel;
mod link;
pub mod mpsc;
mod nodes;
pub(crate) mod oneshot;
pub mod spsc;

#[cfg(all(test, loom))]
mod models;
#[cfg(test)]
#[cfg(not(loom))]
mod tests;
