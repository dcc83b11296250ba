//! The actors of zactor that are measured, each once: `compare`, `instructions` and the benches use the same.

pub mod stream;
pub mod players;
pub mod sociable;
pub mod service;
pub mod idle;
pub mod family;
pub mod tree;
