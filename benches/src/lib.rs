//! zactor beside its peers: the same work, done by each in its best idiomatic form.
//!
//! A workload says what is done and what must come out; a peer says how it does that. One measurement is one process
//! of its own, so that memory is counted from a clean start and no peer meets what another has left behind.
//! `compare` (in `bin`) runs them in turn and prints the table. `instructions` counts what a message costs, `waits` measures what waiting does.

pub mod memory;
pub mod measure;
pub mod tally;
pub mod actors;
pub mod workloads;
pub mod peers;
pub mod rounds;
pub mod report;
pub mod scenarios;
