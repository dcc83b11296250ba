//! Trees of actors: `tree`.

use std::sync::mpsc;

use kameo::prelude::*;

use super::order;
use crate::measure::{Outcome, timed_once};
use crate::peers::tasks;
use crate::workloads::tree::{Branches, Growth, Seed};

pub(super) fn tree(seed: Seed, units: u64) -> Outcome {
    let runtime = tasks::runtime();
    let _inside = runtime.enter();
    timed_once(units, || {
        let (done, sum) = mpsc::channel();
        order(&Node::spawn(Node::new(Up::Outside(done))), Grow(seed));
        sum.recv().expect("the root lives")
    })
}

struct Grow(Seed);

struct Below(u64);

enum Up {
    Branch(ActorRef<Node>),
    Outside(mpsc::Sender<u64>),
}

#[derive(Actor)]
struct Node {
    up: Up,
    left: u64,
    sum: u64,
}

impl Node {
    fn new(up: Up) -> Self {
        Self { up, left: 0, sum: 0 }
    }

    async fn spread(&mut self, branches: Branches, ctx: &Context<Self, ()>) {
        self.left = branches.left();
        for seed in branches {
            let node = Self::spawn(Self::new(Up::Branch(ctx.actor_ref().clone())));
            let _ = node.tell(Grow(seed)).await;
        }
    }

    async fn end(&mut self, sum: u64, ctx: &mut Context<Self, ()>) {
        match &self.up {
            Up::Branch(branch) => drop(branch.tell(Below(sum)).await),
            Up::Outside(done) => drop(done.send(sum)),
        }
        ctx.stop();
    }
}

impl Message<Grow> for Node {
    type Reply = ();
    async fn handle(&mut self, Grow(seed): Grow, ctx: &mut Context<Self, ()>) {
        match seed.grow() {
            Growth::Leaf(value) => self.end(value, ctx).await,
            Growth::Branch(branches) => self.spread(branches, ctx).await,
        }
    }
}

impl Message<Below> for Node {
    type Reply = ();
    async fn handle(&mut self, Below(value): Below, ctx: &mut Context<Self, ()>) {
        self.sum += value;
        self.left -= 1;
        if self.left == 0 {
            self.end(self.sum, ctx).await;
        }
    }
}
