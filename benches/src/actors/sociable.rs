//! Actors each of which sends to each.

use std::sync::mpsc;

use zactor::prelude::*;

use super::stream::Item;

/// Tells an actor who the others are.
#[derive(Debug, Message)]
pub struct Meet(pub Vec<ActorRef<Sociable>>);

/// Tells an actor how many rounds it will send, and whom to tell how many messages came. All must know before any begins.
#[derive(Debug, Message)]
pub struct Prepare {
    /// How many.
    pub rounds: u64,
    /// Gets the number of messages that came.
    pub done: mpsc::Sender<u64>,
}

/// Has an actor send its first round.
#[derive(Debug, Message)]
pub struct Begin;

/// Sends a message to each of the others, and again when as many have come.
#[actor(Meet, Prepare, Begin, Item)]
#[derive(Debug, Default)]
pub struct Sociable {
    others: Vec<ActorRef<Sociable>>,
    came: u64,
    until: u64,
    sent: u64,
    rounds: u64,
    done: Option<mpsc::Sender<u64>>,
}

impl Sociable {
    /// Sends a round, when as many have come as it has sent.
    fn go_on(&mut self) {
        while self.came >= self.until {
            if self.sent == self.rounds {
                let _ = self.done.take().map(|done| done.send(self.came));
                return;
            }
            for other in &self.others {
                let _ = other.tell(Item::new(self.sent));
            }
            self.sent += 1;
            self.until += self.others.len() as u64;
        }
    }
}

impl Handler<Meet> for Sociable {
    fn handle(&mut self, Meet(others): Meet, _: &mut Context<Self>) {
        self.others = others;
    }
}

impl Handler<Prepare> for Sociable {
    fn handle(&mut self, Prepare { rounds, done }: Prepare, _: &mut Context<Self>) {
        (self.came, self.until, self.sent) = (0, u64::MAX, 0);
        (self.rounds, self.done) = (rounds, Some(done));
    }
}

impl Handler<Begin> for Sociable {
    fn handle(&mut self, _: Begin, _: &mut Context<Self>) {
        self.until = 0;
        self.go_on();
    }
}

impl Handler<Item> for Sociable {
    fn handle(&mut self, _: Item, _: &mut Context<Self>) {
        self.came += 1;
        self.go_on();
    }
}
