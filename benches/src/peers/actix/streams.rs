//! Streams: `fan_in` and `fan_out`.

use std::sync::mpsc;

use actix::prelude::*;
use tokio::task::yield_now;

use super::{Arbiters, Item};
use crate::measure::{Outcome, timed};
use crate::workloads::BURST;

pub(super) fn fan_in(senders: u64, messages: u64) -> Outcome {
    let arbiter = Arbiters::start();
    let receiver = arbiter.spawn(Receiver::default);
    let spawn = |_| {
        let to = receiver.clone();
        arbiter.spawn(move || Sender { to, next: 0, end: 0 })
    };
    let senders: Vec<_> = (0..senders).map(spawn).collect();
    timed(messages, |count| {
        let share = count / senders.len() as u64;
        let (done, sum) = mpsc::channel();
        receiver.do_send(Expect { count: share * senders.len() as u64, done });
        for sender in &senders {
            sender.do_send(Produce(share));
        }
        sum.recv().expect("the receiver lives")
    })
}

pub(super) fn fan_out(receivers: u64, messages: u64) -> Outcome {
    let arbiter = Arbiters::start();
    let receivers: Vec<_> = (0..receivers).map(|_| arbiter.spawn(Receiver::default)).collect();
    let to = receivers.clone();
    let sender = arbiter.spawn(move || Dealer { to, turn: 0, next: 0, end: 0 });
    timed(messages, |count| {
        let share = (count / receivers.len() as u64).max(1);
        let (done, sums) = mpsc::channel();
        for receiver in &receivers {
            receiver.do_send(Expect { count: share, done: done.clone() });
        }
        drop(done);
        sender.do_send(Produce(share * receivers.len() as u64));
        sums.iter().sum()
    })
}

#[derive(Message)]
#[rtype(result = "()")]
struct Expect {
    count: u64,
    done: mpsc::Sender<u64>,
}

#[derive(Default)]
struct Receiver {
    left: u64,
    sum: u64,
    done: Option<mpsc::Sender<u64>>,
}

impl Actor for Receiver {
    type Context = Context<Self>;
}

impl Handler<Expect> for Receiver {
    type Result = ();
    fn handle(&mut self, expect: Expect, _: &mut Self::Context) {
        *self = Self { left: expect.count, sum: 0, done: Some(expect.done) };
    }
}

impl Handler<Item> for Receiver {
    type Result = ();
    fn handle(&mut self, Item(item): Item, _: &mut Self::Context) {
        self.sum += item.value;
        self.left -= 1;
        if self.left == 0
            && let Some(done) = self.done.take()
        {
            let _ = done.send(self.sum);
        }
    }
}

#[derive(Message)]
#[rtype(result = "()")]
struct Produce(u64);

/// Sends to one receiver.
struct Sender {
    to: Addr<Receiver>,
    next: u64,
    end: u64,
}

impl Actor for Sender {
    type Context = Context<Self>;
}

impl Handler<Produce> for Sender {
    type Result = ();
    fn handle(&mut self, Produce(count): Produce, ctx: &mut Self::Context) {
        (self.next, self.end) = (0, count);
        self.burst(ctx);
    }
}

impl Sender {
    /// A message to itself would come before all others on the arbiter; a yield lets them have their turn.
    fn burst(&mut self, ctx: &mut Context<Self>) {
        let stop = self.end.min(self.next + BURST);
        for value in self.next..stop {
            self.to.do_send(Item::new(value));
        }
        self.next = stop;
        if self.next < self.end {
            ctx.spawn(yield_now().into_actor(self).map(|(), this, ctx| this.burst(ctx)));
        }
    }
}

/// Sends to many receivers in turn.
struct Dealer {
    to: Vec<Addr<Receiver>>,
    turn: usize,
    next: u64,
    end: u64,
}

impl Actor for Dealer {
    type Context = Context<Self>;
}

impl Handler<Produce> for Dealer {
    type Result = ();
    fn handle(&mut self, Produce(count): Produce, ctx: &mut Self::Context) {
        (self.turn, self.next, self.end) = (0, 0, count);
        self.burst(ctx);
    }
}

impl Dealer {
    fn burst(&mut self, ctx: &mut Context<Self>) {
        let stop = self.end.min(self.next + BURST);
        for value in self.next..stop {
            self.to[self.turn].do_send(Item::new(value));
            self.turn = (self.turn + 1) % self.to.len();
        }
        self.next = stop;
        if self.next < self.end {
            ctx.spawn(yield_now().into_actor(self).map(|(), this, ctx| this.burst(ctx)));
        }
    }
}
