//! A tree of actors that adds up what its leaves say.

use std::sync::mpsc;

use zactor::prelude::*;

use crate::workloads::tree::{Branches, Growth, Seed};

/// Tells an actor what to become.
#[derive(Debug, Message)]
pub struct Grow(pub Seed);

/// What came from one below.
#[derive(Debug, Message)]
pub struct Below(u64);

/// Where a sum goes.
#[derive(Debug)]
pub enum Up {
    /// To the branch that it hangs on.
    Branch(ActorRef<Node>),
    /// To the thread that wants to know.
    Outside(mpsc::Sender<u64>),
}

/// Becomes a leaf or a branch, says its sum, and stops.
#[actor(Grow, Below)]
#[derive(Debug)]
pub struct Node {
    up: Up,
    left: u64,
    sum: u64,
}

impl Node {
    /// An actor that waits for its seed.
    pub fn new(up: Up) -> Self {
        Self { up, left: 0, sum: 0 }
    }

    fn spread(&mut self, branches: Branches, ctx: &mut Context<Self>) {
        self.left = branches.left();
        for seed in branches {
            let up = Up::Branch(ctx.me());
            let _ = ctx.spawn(Self::new(up)).map(|node| node.tell(Grow(seed)));
        }
    }

    fn end(&mut self, sum: u64, ctx: &mut Context<Self>) {
        match &self.up {
            Up::Branch(branch) => drop(branch.tell(Below(sum))),
            Up::Outside(done) => drop(done.send(sum)),
        }
        ctx.stop();
    }
}

impl Handler<Grow> for Node {
    fn handle(&mut self, Grow(seed): Grow, ctx: &mut Context<Self>) {
        match seed.grow() {
            Growth::Leaf(value) => self.end(value, ctx),
            Growth::Branch(branches) => self.spread(branches, ctx),
        }
    }
}

impl Handler<Below> for Node {
    fn handle(&mut self, Below(value): Below, ctx: &mut Context<Self>) {
        self.sum += value;
        self.left -= 1;
        if self.left == 0 {
            self.end(self.sum, ctx);
        }
    }
}
