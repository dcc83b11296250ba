//! What the tests by promise, the allocation test and the long runs have in common.

pub mod churn;
pub mod counting;
pub mod faults;
pub mod ledger;
pub mod process;
pub mod rng;
pub mod storm;
pub mod watchdog;
