//! Trees of actors: `tree`.

use std::sync::mpsc;

use zactor::error::SpawnError;

use super::start;
use crate::actors::tree::{Grow, Node, Up};
use crate::measure::{Outcome, timed_once};
use crate::workloads::tree::Seed;

pub(super) fn tree(seed: Seed, units: u64) -> Result<Outcome, SpawnError> {
    let system = start();
    let (done, sum) = mpsc::channel();
    let root = system.spawn(Node::new(Up::Outside(done)))?;
    Ok(timed_once(units, || {
        root.tell(Grow(seed)).expect("the root lives");
        sum.recv().expect("the root lives")
    }))
}
