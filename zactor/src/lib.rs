//! An actor framework with closed typed protocols, allocation-free sends and exact accounting.
#![warn(clippy::unwrap_used, clippy::print_stdout)]

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

pub use error::{
    AskError, AskState, BatchError, ConfigError, PayloadTooLarge, SendError, SpawnError,
    StuckActor, SystemError,
};
pub use mailbox::{Overflow, Priority};
pub use scheduler::Dispatcher;
pub use supervision::{ChildRef, Directive, EndReason, Failure, Restart, Supervise, Terminated};
pub use system::{
    ActorCounts, ActorInfo, ActorState, Latency, MemoryStats, MessageCounts, Percentiles,
    PerformanceConfig, ShutdownReport, SystemConfig, SystemStats, Throughput,
};
