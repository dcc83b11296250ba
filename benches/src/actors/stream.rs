//! Senders that stream to receivers, which add up.

use std::sync::mpsc;

use zactor::prelude::*;

use crate::workloads::{self, BURST};

/// A numbered message of 16 bytes.
#[derive(Debug, Message)]
pub struct Item(pub workloads::Item);

impl Item {
    /// The item that carries `value`.
    pub fn new(value: u64) -> Self {
        Self(workloads::Item::new(value))
    }
}

/// Tells a receiver how many items will come, and whom to give their sum.
#[derive(Debug, Message)]
pub struct Expect {
    /// How many.
    pub count: u64,
    /// Gets the sum.
    pub done: mpsc::Sender<u64>,
}

/// Adds up.
#[actor(Expect, Item)]
#[derive(Debug, Default)]
pub struct Receiver {
    left: u64,
    sum: u64,
    done: Option<mpsc::Sender<u64>>,
}

impl Handler<Expect> for Receiver {
    fn handle(&mut self, expect: Expect, _: &mut Context<Self>) {
        *self = Self { left: expect.count, sum: 0, done: Some(expect.done) };
    }
}

impl Handler<Item> for Receiver {
    fn handle(&mut self, Item(item): Item, _: &mut Context<Self>) {
        self.sum += item.value;
        self.left -= 1;
        if self.left == 0
            && let Some(done) = self.done.take()
        {
            let _ = done.send(self.sum);
        }
    }
}

/// Orders a sender to send so many items, numbered from 0.
#[derive(Debug, Message)]
pub struct Produce(pub u64);

/// A sender's next turn.
#[derive(Debug, Message)]
pub struct Continue;

/// Sends a burst to one receiver in one handler and then tells itself to go on.
#[actor(Produce, Continue)]
#[derive(Debug)]
pub struct Sender {
    to: ActorRef<Receiver>,
    next: u64,
    end: u64,
}

impl Sender {
    /// A sender that waits for its order.
    pub fn new(to: ActorRef<Receiver>) -> Self {
        Self { to, next: 0, end: 0 }
    }
}

impl Handler<Produce> for Sender {
    fn handle(&mut self, Produce(count): Produce, ctx: &mut Context<Self>) {
        (self.next, self.end) = (0, count);
        let _ = ctx.tell_self(Continue);
    }
}

impl Handler<Continue> for Sender {
    fn handle(&mut self, _: Continue, ctx: &mut Context<Self>) {
        let stop = self.end.min(self.next + BURST);
        while self.next < stop {
            if self.to.tell(Item::new(self.next)).is_err() {
                break; // full: the next turn begins with this one
            }
            self.next += 1;
        }
        if self.next < self.end {
            let _ = ctx.tell_self(Continue);
        }
    }
}

/// The same to many receivers in turn.
#[actor(Produce, Continue)]
#[derive(Debug)]
pub struct Dealer {
    to: Vec<ActorRef<Receiver>>,
    turn: usize,
    next: u64,
    end: u64,
}

impl Dealer {
    /// A sender that waits for its order.
    pub fn new(to: Vec<ActorRef<Receiver>>) -> Self {
        Self { to, turn: 0, next: 0, end: 0 }
    }
}

impl Handler<Produce> for Dealer {
    fn handle(&mut self, Produce(count): Produce, ctx: &mut Context<Self>) {
        (self.turn, self.next, self.end) = (0, 0, count);
        let _ = ctx.tell_self(Continue);
    }
}

impl Handler<Continue> for Dealer {
    fn handle(&mut self, _: Continue, ctx: &mut Context<Self>) {
        let stop = self.end.min(self.next + BURST);
        while self.next < stop {
            if self.to[self.turn].tell(Item::new(self.next)).is_err() {
                break; // full: the next turn begins with this one
            }
            self.next += 1;
            self.turn = (self.turn + 1) % self.to.len();
        }
        if self.next < self.end {
            let _ = ctx.tell_self(Continue);
        }
    }
}
