//! Placeholder for the system; so far its configuration and its figures.

mod config;

pub use config::{PerformanceConfig, SystemConfig};
