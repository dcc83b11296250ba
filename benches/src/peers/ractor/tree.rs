//! Trees of actors: `tree`.

use std::sync::mpsc;

use ractor::{Actor, ActorProcessingErr, ActorRef};

use super::spawn;
use crate::measure::{Outcome, timed_once};
use crate::peers::tasks;
use crate::workloads::tree::{Growth, Seed};

pub(super) fn tree(seed: Seed, units: u64) -> Outcome {
    let runtime = tasks::runtime();
    timed_once(units, || {
        let (done, sum) = mpsc::channel();
        let root = runtime.block_on(spawn(Node(Up::Outside(done)), ()));
        let _ = root.cast(Growing::Grow(seed));
        sum.recv().expect("the root lives")
    })
}

enum Growing {
    Grow(Seed),
    Below(u64),
}

enum Up {
    Branch(ActorRef<Growing>),
    Outside(mpsc::Sender<u64>),
}

struct Node(Up);

#[derive(Default)]
struct Sum {
    left: u64,
    sum: u64,
}

impl Node {
    fn end(&self, sum: u64, myself: &ActorRef<Growing>) {
        match &self.0 {
            Up::Branch(branch) => drop(branch.cast(Growing::Below(sum))),
            Up::Outside(done) => drop(done.send(sum)),
        }
        myself.stop(None);
    }
}

impl Actor for Node {
    type Msg = Growing;
    type State = Sum;
    type Arguments = ();

    async fn pre_start(&self, _: ActorRef<Growing>, (): ()) -> Result<Sum, ActorProcessingErr> {
        Ok(Sum::default())
    }

    async fn handle(
        &self,
        myself: ActorRef<Growing>,
        message: Growing,
        state: &mut Sum,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            Growing::Grow(seed) => match seed.grow() {
                Growth::Leaf(value) => self.end(value, &myself),
                Growth::Branch(branches) => {
                    state.left = branches.left();
                    for seed in branches {
                        let node = spawn(Self(Up::Branch(myself.clone())), ()).await;
                        node.cast(Growing::Grow(seed))?;
                    }
                }
            },
            Growing::Below(value) => {
                state.sum += value;
                state.left -= 1;
                if state.left == 0 {
                    self.end(state.sum, &myself);
                }
            }
        }
        Ok(())
    }
}
