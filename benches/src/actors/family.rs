//! A parent whose children live for one message.

use std::sync::mpsc;

use zactor::prelude::*;

use super::stream::Item;
use crate::workloads::fork_join::BATCH;

/// Orders so many children, a batch at a time.
#[derive(Debug, Message)]
pub struct Fork {
    /// How many.
    pub count: u64,
    /// Gets the sum of what they were told.
    pub done: mpsc::Sender<u64>,
}

/// What a child was told.
#[derive(Debug, Message)]
pub struct Joined(u64);

/// Spawns a batch of children, tells each a number, and spawns the next when all have said it.
#[actor(Fork, Joined)]
#[derive(Debug, Default)]
pub struct Parent {
    next: u64,
    joined: u64,
    sum: u64,
    order: Option<Fork>,
}

impl Parent {
    fn fork(&mut self, ctx: &mut Context<Self>) {
        let Some(order) = &self.order else { return };
        let end = order.count.min(self.next + BATCH);
        for value in self.next..end {
            let parent = ctx.me();
            let _ = ctx.spawn(Leaf { parent }).map(|leaf| leaf.tell(Item::new(value)));
        }
        self.next = end;
    }
}

impl Handler<Fork> for Parent {
    fn handle(&mut self, order: Fork, ctx: &mut Context<Self>) {
        *self = Self { order: Some(order), ..Self::default() };
        self.fork(ctx);
    }
}

impl Handler<Joined> for Parent {
    fn handle(&mut self, Joined(value): Joined, ctx: &mut Context<Self>) {
        self.sum += value;
        self.joined += 1;
        if self.joined < self.next {
            return;
        }
        match self.order.take_if(|order| order.count == self.joined) {
            Some(order) => drop(order.done.send(self.sum)),
            None => self.fork(ctx),
        }
    }
}

/// Says what it was told, and stops.
#[actor(Item)]
#[derive(Debug)]
pub struct Leaf {
    parent: ActorRef<Parent>,
}

impl Handler<Item> for Leaf {
    fn handle(&mut self, Item(item): Item, ctx: &mut Context<Self>) {
        let _ = self.parent.tell(Joined(item.value));
        ctx.stop();
    }
}
