//! The tests by promise: a module a promise, a test named for it, with its number in docs/semantics.md.

#![allow(
    unreachable_pub,
    clippy::unit_arg,
    dropping_copy_types,
    reason = "one binary, read by nobody else"
)]

mod lines;
mod support;

mod ask;
mod batch;
mod blocking;
mod children;
mod config;
mod containment;
mod continuations;
mod contract;
mod dead_letters;
mod deferred;
mod delivery;
mod faults;
mod errands;
mod executors;
mod lifecycle;
mod macros;
mod memory;
mod names;
mod ordering;
mod overflow;
mod payload;
#[cfg(unix)]
mod postgres;
mod pressure;
mod pinned;
mod priorities;
mod queues;
mod references;
mod restart;
mod scheduler;
mod shutdown;
mod stash;
mod stats;
mod stop;
mod storm;
mod supervision;
mod suspended;
mod tidy;
mod timers;
mod unreferenced;
mod watch;
mod wakers;
