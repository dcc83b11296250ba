//! Placeholder for the system; so far its configuration and its figures.

mod config;
#[allow(dead_code, reason = "recorded into by the workers")]
pub(crate) mod histogram;
#[allow(dead_code, reason = "filled by the system")]
pub(crate) mod stats;

pub use config::{PerformanceConfig, SystemConfig};
pub use stats::{
    ActorCounts, ActorInfo, ActorState, Latency, MemoryStats, MessageCounts, Percentiles,
    ShutdownReport, SystemStats, Throughput,
};
