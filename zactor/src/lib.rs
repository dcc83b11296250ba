//! An actor framework with closed typed protocols, allocation-free sends and exact accounting.
//!
//! ```
//! use zactor::prelude::*;
//!
//! #[actor]
//! struct Counter { n: u64 }
//!
//! #[handlers]
//! impl Counter {
//!     fn add(&mut self, by: u64) { self.n += by; }
//!     fn get(&self) -> u64 { self.n }
//! }
//!
//! let system = ActorSystem::start("first")?;
//! let counter = system.spawn(Counter { n: 0 })?;
//! counter.add(3)?;
//! assert_eq!(counter.get().wait()?, 3);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![warn(clippy::unwrap_used, clippy::print_stdout)]

#[cfg(doctest)]
#[doc = include_str!("../../docs/guide.md")]
struct Guide;

#[cfg(test)]
extern crate self as zactor;

pub mod error;
pub(crate) mod sync;
#[allow(unsafe_code, reason = "intrusive nodes, ring slots and reply slots")]
pub mod queue;
#[allow(unsafe_code, reason = "typed payloads in untyped bytes")]
pub mod message;
#[allow(unsafe_code, reason = "memory from the operating system, cut into blocks")]
pub(crate) mod memory;
pub(crate) mod mailbox;
#[allow(unsafe_code, reason = "the memory of an actor, shared and freed by hand")]
pub(crate) mod cell;
pub(crate) mod scheduler;
pub mod supervision;
pub mod actor;
pub mod system;
pub mod testing;
pub mod prelude;
#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;

pub use zactor_macros::{Message, actor, handlers};

pub use actor::{
    Actor, ActorRef, Asking, AsyncHandler, Context, DeferredHandler, Handler, Lifecycle, Recipient,
    Reply, ReplyTo, Sending, Spawned, StopHandle, Supervisor, Timer, WeakActorRef,
};
pub use error::{
    AskError, AskState, BatchError, ConfigError, Origin, PayloadTooLarge, SendError, SpawnError,
    StuckActor, SystemError,
};
pub use mailbox::Overflow;
pub use message::{Accepts, ActorId, FastMessage, Message, Priority};
pub use scheduler::Dispatcher;
pub use supervision::{ChildRef, Directive, EndReason, Failure, Restart, Supervise, Terminated};
pub use system::{
    ActorBuilder, ActorCounts, ActorInfo, ActorState, ActorSystem, DeadLetter, DeadLetterReason,
    DeadLetters, Latency, MemoryStats, MessageCounts, Percentiles, PerformanceConfig,
    ShutdownReport, SystemBuilder, SystemConfig, SystemStats, Throughput,
};
