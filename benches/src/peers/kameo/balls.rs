//! Messages that cause messages: `balls` and `big`.

use std::sync::mpsc;

use kameo::mailbox;
use kameo::prelude::*;

use super::order;
use crate::measure::{Outcome, timed};
use crate::peers::tasks;
use crate::workloads::Item;

pub(super) fn balls(rings: u64, players: u64, hops: u64) -> Outcome {
    let runtime = tasks::runtime();
    let _inside = runtime.enter();
    let ring = || (0..players).map(|_| Player::spawn(Player::default())).collect();
    let rings: Vec<Vec<_>> = (0..rings).map(|_| ring()).collect();
    timed(hops, |count| {
        let count = (count / rings.len() as u64).max(1);
        let (done, hits) = mpsc::channel();
        for ring in &rings {
            for (player, next) in ring.iter().zip(ring.iter().cycle().skip(1)) {
                order(player, Play { to: next.clone(), done: done.clone() });
            }
        }
        drop(done);
        rings.iter().for_each(|ring| order(&ring[0], Item::new(count)));
        hits.iter().sum()
    })
}

struct Play {
    to: ActorRef<Player>,
    done: mpsc::Sender<u64>,
}

#[derive(Actor, Default)]
struct Player {
    hits: u64,
    game: Option<Play>,
}

impl Message<Play> for Player {
    type Reply = ();
    async fn handle(&mut self, play: Play, _: &mut Context<Self, ()>) {
        *self = Self { hits: 0, game: Some(play) };
    }
}

impl Message<Item> for Player {
    type Reply = ();

    /// The last hop carries 1. A ball with 0 goes round once more and ends the game for each.
    async fn handle(&mut self, ball: Item, _: &mut Context<Self, ()>) {
        let Some(game) = &self.game else { return };
        if ball.value > 0 {
            self.hits += 1;
        }
        let _ = game.to.tell(Item::new(ball.value.saturating_sub(1))).await;
        if ball.value <= 1 {
            let _ = game.done.send(self.hits);
            self.game = None;
        }
    }
}

/// Two rounds of the others must fit a mailbox: a handler that waits for room takes nothing from its own.
const CAPACITY: usize = 1_024;

pub(super) fn big(actors: u64, messages: u64) -> Outcome {
    let runtime = tasks::runtime();
    let _inside = runtime.enter();
    let actor = |_| Sociable::spawn_with_mailbox(Sociable::default(), mailbox::bounded(CAPACITY));
    let actors: Vec<_> = (0..actors).map(actor).collect();
    for (own, actor) in actors.iter().enumerate() {
        let mut others = actors.clone();
        others.swap_remove(own);
        order(actor, Meet(others));
    }
    timed(messages, |count| {
        let others = actors.len() as u64 - 1;
        let rounds = (count / (others + 1) / others).max(1);
        let (done, came) = mpsc::channel();
        for actor in &actors {
            order(actor, Prepare { rounds, done: done.clone() });
        }
        drop(done);
        actors.iter().for_each(|actor| order(actor, Begin));
        came.iter().sum()
    })
}

struct Meet(Vec<ActorRef<Sociable>>);

struct Prepare {
    rounds: u64,
    done: mpsc::Sender<u64>,
}

struct Begin;

#[derive(Actor, Default)]
struct Sociable {
    others: Vec<ActorRef<Sociable>>,
    came: u64,
    until: u64,
    sent: u64,
    rounds: u64,
    done: Option<mpsc::Sender<u64>>,
}

impl Sociable {
    /// Sends a round, when as many have come as it has sent.
    async fn go_on(&mut self) {
        while self.came >= self.until {
            if self.sent == self.rounds {
                let _ = self.done.take().map(|done| done.send(self.came));
                return;
            }
            for other in &self.others {
                let _ = other.tell(Item::new(self.sent)).await;
            }
            self.sent += 1;
            self.until += self.others.len() as u64;
        }
    }
}

impl Message<Meet> for Sociable {
    type Reply = ();
    async fn handle(&mut self, Meet(others): Meet, _: &mut Context<Self, ()>) {
        self.others = others;
    }
}

impl Message<Prepare> for Sociable {
    type Reply = ();
    async fn handle(&mut self, Prepare { rounds, done }: Prepare, _: &mut Context<Self, ()>) {
        (self.came, self.until, self.sent) = (0, u64::MAX, 0);
        (self.rounds, self.done) = (rounds, Some(done));
    }
}

impl Message<Begin> for Sociable {
    type Reply = ();
    async fn handle(&mut self, _: Begin, _: &mut Context<Self, ()>) {
        self.until = 0;
        self.go_on().await;
    }
}

impl Message<Item> for Sociable {
    type Reply = ();
    async fn handle(&mut self, _: Item, _: &mut Context<Self, ()>) {
        self.came += 1;
        self.go_on().await;
    }
}
