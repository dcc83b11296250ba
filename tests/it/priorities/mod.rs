//! Priorities: of messages, which are the lanes of a mailbox, and of actors among those that are ready. S2.

mod actors;
mod lanes;
mod sends;
mod storm;

use std::sync::{Arc, Mutex};

use crate::support::*;
use zactor::prelude::*;

/// What an actor with lanes has handled: the lane and the number.
type Seen = Arc<Mutex<Vec<(Priority, u32)>>>;

/// A message of the most important lane.
#[derive(Debug, Message)]
#[message(priority = high)]
struct High(Item);

/// A message of the lane that all have which say nothing.
#[derive(Debug, Message)]
#[message(priority = normal)]
struct Normal(Item);

/// A message of the least important lane.
#[derive(Debug, Message)]
#[message(priority = low)]
struct Low(Item);

/// Stands at the gate.
#[derive(Message)]
struct Stand(Gate);

/// Fails the actor.
#[derive(Message)]
struct Fail;

#[derive(Message)]
#[message(reply = u32, priority = high)]
struct AskHigh(u32);

#[derive(Message)]
#[message(reply = u32, priority = low)]
struct AskLow(u32);

/// Has a mailbox with lanes; notes what it handles.
#[actor(High, Normal, Low, Stand, Fail, AskHigh, AskLow)]
struct Laned(Seen);

impl Laned {
    fn note(&self, lane: Priority, item: &Item) {
        item.handle();
        self.0.lock().unwrap().push((lane, item.id));
    }
}

impl Handler<High> for Laned {
    fn handle(&mut self, High(item): High, _: &mut Context<Self>) {
        self.note(Priority::High, &item);
    }
}

impl Handler<Normal> for Laned {
    fn handle(&mut self, Normal(item): Normal, _: &mut Context<Self>) {
        self.note(Priority::Normal, &item);
    }
}

impl Handler<Low> for Laned {
    fn handle(&mut self, Low(item): Low, _: &mut Context<Self>) {
        self.note(Priority::Low, &item);
    }
}

impl Handler<Stand> for Laned {
    fn handle(&mut self, Stand(gate): Stand, _: &mut Context<Self>) {
        gate.pass();
    }
}

impl Handler<Fail> for Laned {
    fn handle(&mut self, _: Fail, _: &mut Context<Self>) {
        give_up();
    }
}

impl Handler<AskHigh> for Laned {
    fn handle(&mut self, AskHigh(id): AskHigh, _: &mut Context<Self>) -> u32 {
        self.0.lock().unwrap().push((Priority::High, id));
        id
    }
}

impl Handler<AskLow> for Laned {
    fn handle(&mut self, AskLow(id): AskLow, _: &mut Context<Self>) -> u32 {
        self.0.lock().unwrap().push((Priority::Low, id));
        id
    }
}

/// Sends an item in this lane. `Err` is the item.
fn tell(to: &ActorRef<Laned>, lane: Priority, item: Item) -> Result<(), SendError<Item>> {
    match lane {
        Priority::High => to.tell(High(item)).map_err(|error| error.map(|High(item)| item)),
        Priority::Normal => to.tell(Normal(item)).map_err(|error| error.map(|Normal(item)| item)),
        Priority::Low => to.tell(Low(item)).map_err(|error| error.map(|Low(item)| item)),
    }
}

const LANES: [Priority; 3] = [Priority::High, Priority::Normal, Priority::Low];

/// Keeps the actor in a handler until the result is dropped; returns once it stands there.
fn stand(laned: &ActorRef<Laned>) -> Opens {
    let gate = Gate::new();
    laned.tell(Stand(gate.clone())).unwrap();
    gate.wait_for(1);
    Opens(gate)
}

fn seen(by: &Seen) -> Vec<(Priority, u32)> {
    by.lock().unwrap().clone()
}
