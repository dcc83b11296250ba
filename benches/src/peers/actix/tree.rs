//! Trees of actors: `tree`.

use std::sync::mpsc;

use actix::prelude::*;

use super::Arbiters;
use crate::measure::{Outcome, timed_once};
use crate::workloads::tree::{Branches, Growth, Seed};

pub(super) fn tree(seed: Seed, units: u64) -> Outcome {
    let arbiter = Arbiters::start();
    timed_once(units, || {
        let (done, sum) = mpsc::channel();
        arbiter.spawn(|| Node::new(Up::Outside(done))).do_send(Grow(seed));
        sum.recv().expect("the root lives")
    })
}

#[derive(Message)]
#[rtype(result = "()")]
struct Grow(Seed);

#[derive(Message)]
#[rtype(result = "()")]
struct Below(u64);

enum Up {
    Branch(Addr<Node>),
    Outside(mpsc::Sender<u64>),
}

struct Node {
    up: Up,
    left: u64,
    sum: u64,
}

impl Node {
    fn new(up: Up) -> Self {
        Self { up, left: 0, sum: 0 }
    }

    fn spread(&mut self, branches: Branches, ctx: &mut Context<Self>) {
        self.left = branches.left();
        for seed in branches {
            Self::new(Up::Branch(ctx.address())).start().do_send(Grow(seed));
        }
    }

    fn end(&mut self, sum: u64, ctx: &mut Context<Self>) {
        match &self.up {
            Up::Branch(branch) => branch.do_send(Below(sum)),
            Up::Outside(done) => drop(done.send(sum)),
        }
        ctx.stop();
    }
}

impl Actor for Node {
    type Context = Context<Self>;
}

impl Handler<Grow> for Node {
    type Result = ();
    fn handle(&mut self, Grow(seed): Grow, ctx: &mut Self::Context) {
        match seed.grow() {
            Growth::Leaf(value) => self.end(value, ctx),
            Growth::Branch(branches) => self.spread(branches, ctx),
        }
    }
}

impl Handler<Below> for Node {
    type Result = ();
    fn handle(&mut self, Below(value): Below, ctx: &mut Self::Context) {
        self.sum += value;
        self.left -= 1;
        if self.left == 0 {
            self.end(self.sum, ctx);
        }
    }
}
