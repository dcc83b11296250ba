//! What users import.
//!
//! ```
//! use zactor::prelude::*;
//! ```

pub use crate::{
    Accepts, Actor, ActorId, ActorRef, ActorSystem, AskError, BatchError, ChildRef, Context,
    DeadLetter, Directive, Dispatcher, EndReason, Failure, Handler, Lifecycle, Message, Overflow,
    PerformanceConfig, Priority, Recipient, Reply, Restart, SendError, Supervise, Supervisor,
    SystemConfig, Terminated, Timer, WeakActorRef, actor, handlers,
};
