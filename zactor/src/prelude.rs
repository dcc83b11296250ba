//! What users import.
//!
//! ```
//! use zactor::prelude::*;
//! ```

pub use crate::{
    Accepts, Actor, ActorId, ActorRef, ActorSystem, AskError, AsyncHandler, BatchError, ChildRef,
    Context, DeadLetter, DeferredHandler, Directive, Dispatcher, EndReason, Failure, Handler,
    Lifecycle, Message, Overflow, PerformanceConfig, Priority, Recipient, Reply, ReplyTo, Restart,
    SendError, Supervise, Supervisor, SystemConfig, Terminated, Timer, WeakActorRef, actor,
    handlers,
};
