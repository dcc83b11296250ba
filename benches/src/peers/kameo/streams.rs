//! Streams: `fan_in` and `fan_out`.

use std::sync::mpsc;

use kameo::prelude::*;

use super::order;
use crate::measure::{Outcome, timed};
use crate::peers::tasks;
use crate::workloads::{BURST, Item};

pub(super) fn fan_in(senders: u64, messages: u64) -> Outcome {
    let runtime = tasks::runtime();
    let _inside = runtime.enter();
    let receiver = Receiver::spawn(Receiver::default());
    let sender = |_| Sender::spawn(Sender { to: receiver.clone(), next: 0, end: 0 });
    let senders: Vec<_> = (0..senders).map(sender).collect();
    timed(messages, |count| {
        let share = count / senders.len() as u64;
        let (done, sum) = mpsc::channel();
        order(&receiver, Expect { count: share * senders.len() as u64, done });
        senders.iter().for_each(|sender| order(sender, Produce(share)));
        sum.recv().expect("the receiver lives")
    })
}

pub(super) fn fan_out(receivers: u64, messages: u64) -> Outcome {
    let runtime = tasks::runtime();
    let _inside = runtime.enter();
    let receivers: Vec<_> = (0..receivers).map(|_| Receiver::spawn(Receiver::default())).collect();
    let dealer = Dealer::spawn(Dealer { to: receivers.clone(), turn: 0, next: 0, end: 0 });
    timed(messages, |count| {
        let share = (count / receivers.len() as u64).max(1);
        let (done, sums) = mpsc::channel();
        for receiver in &receivers {
            order(receiver, Expect { count: share, done: done.clone() });
        }
        drop(done);
        order(&dealer, Produce(share * receivers.len() as u64));
        sums.iter().sum()
    })
}

struct Expect {
    count: u64,
    done: mpsc::Sender<u64>,
}

#[derive(Actor, Default)]
struct Receiver {
    left: u64,
    sum: u64,
    done: Option<mpsc::Sender<u64>>,
}

impl Message<Expect> for Receiver {
    type Reply = ();
    async fn handle(&mut self, expect: Expect, _: &mut Context<Self, ()>) {
        *self = Self { left: expect.count, sum: 0, done: Some(expect.done) };
    }
}

impl Message<Item> for Receiver {
    type Reply = ();
    async fn handle(&mut self, item: Item, _: &mut Context<Self, ()>) {
        self.sum += item.value;
        self.left -= 1;
        if self.left == 0
            && let Some(done) = self.done.take()
        {
            let _ = done.send(self.sum);
        }
    }
}

struct Produce(u64);
struct Continue;

/// Sends to one receiver.
#[derive(Actor)]
struct Sender {
    to: ActorRef<Receiver>,
    next: u64,
    end: u64,
}

impl Message<Produce> for Sender {
    type Reply = ();
    async fn handle(&mut self, Produce(count): Produce, ctx: &mut Context<Self, ()>) {
        (self.next, self.end) = (0, count);
        let _ = ctx.actor_ref().tell(Continue).await;
    }
}

impl Message<Continue> for Sender {
    type Reply = ();
    async fn handle(&mut self, _: Continue, ctx: &mut Context<Self, ()>) {
        let stop = self.end.min(self.next + BURST);
        for value in self.next..stop {
            let _ = self.to.tell(Item::new(value)).await;
        }
        self.next = stop;
        if self.next < self.end {
            let _ = ctx.actor_ref().tell(Continue).await;
        }
    }
}

/// Sends to many receivers in turn.
#[derive(Actor)]
struct Dealer {
    to: Vec<ActorRef<Receiver>>,
    turn: usize,
    next: u64,
    end: u64,
}

impl Message<Produce> for Dealer {
    type Reply = ();
    async fn handle(&mut self, Produce(count): Produce, ctx: &mut Context<Self, ()>) {
        (self.turn, self.next, self.end) = (0, 0, count);
        let _ = ctx.actor_ref().tell(Continue).await;
    }
}

impl Message<Continue> for Dealer {
    type Reply = ();
    async fn handle(&mut self, _: Continue, ctx: &mut Context<Self, ()>) {
        let stop = self.end.min(self.next + BURST);
        for value in self.next..stop {
            let _ = self.to[self.turn].tell(Item::new(value)).await;
            self.turn = (self.turn + 1) % self.to.len();
        }
        self.next = stop;
        if self.next < self.end {
            let _ = ctx.actor_ref().tell(Continue).await;
        }
    }
}
