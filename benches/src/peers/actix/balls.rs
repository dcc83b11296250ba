//! Messages that cause messages: `balls` and `big`.

use std::sync::mpsc;

use actix::prelude::*;

use super::{Arbiters, Item};
use crate::measure::{Outcome, timed};

pub(super) fn balls(rings: u64, players: u64, hops: u64) -> Outcome {
    let arbiter = Arbiters::start();
    let ring = || (0..players).map(|_| arbiter.spawn(Player::default)).collect();
    let rings: Vec<Vec<_>> = (0..rings).map(|_| ring()).collect();
    timed(hops, |count| {
        let count = (count / rings.len() as u64).max(1);
        let (done, hits) = mpsc::channel();
        for ring in &rings {
            for (player, next) in ring.iter().zip(ring.iter().cycle().skip(1)) {
                player.do_send(Play { to: next.clone(), done: done.clone() });
            }
        }
        drop(done);
        rings.iter().for_each(|ring| ring[0].do_send(Item::new(count)));
        hits.iter().sum()
    })
}

#[derive(Message)]
#[rtype(result = "()")]
struct Play {
    to: Addr<Player>,
    done: mpsc::Sender<u64>,
}

#[derive(Default)]
struct Player {
    hits: u64,
    game: Option<Play>,
}

impl Actor for Player {
    type Context = Context<Self>;
}

impl Handler<Play> for Player {
    type Result = ();
    fn handle(&mut self, play: Play, _: &mut Self::Context) {
        *self = Self { hits: 0, game: Some(play) };
    }
}

impl Handler<Item> for Player {
    type Result = ();

    /// The last hop carries 1. A ball with 0 goes round once more and ends the game for each.
    fn handle(&mut self, Item(ball): Item, _: &mut Self::Context) {
        let Some(game) = &self.game else { return };
        if ball.value > 0 {
            self.hits += 1;
        }
        game.to.do_send(Item::new(ball.value.saturating_sub(1)));
        if ball.value <= 1 {
            let _ = game.done.send(self.hits);
            self.game = None;
        }
    }
}

pub(super) fn big(actors: u64, messages: u64) -> Outcome {
    let arbiter = Arbiters::start();
    let actors: Vec<_> = (0..actors).map(|_| arbiter.spawn(Sociable::default)).collect();
    for (own, actor) in actors.iter().enumerate() {
        let mut others = actors.clone();
        others.swap_remove(own);
        actor.do_send(Meet(others));
    }
    timed(messages, |count| {
        let others = actors.len() as u64 - 1;
        let rounds = (count / (others + 1) / others).max(1);
        let (done, came) = mpsc::channel();
        for actor in &actors {
            actor.do_send(Prepare { rounds, done: done.clone() });
        }
        drop(done);
        actors.iter().for_each(|actor| actor.do_send(Begin));
        came.iter().sum()
    })
}

#[derive(Message)]
#[rtype(result = "()")]
struct Meet(Vec<Addr<Sociable>>);

#[derive(Message)]
#[rtype(result = "()")]
struct Prepare {
    rounds: u64,
    done: mpsc::Sender<u64>,
}

#[derive(Message)]
#[rtype(result = "()")]
struct Begin;

#[derive(Default)]
struct Sociable {
    others: Vec<Addr<Sociable>>,
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
            self.others.iter().for_each(|other| other.do_send(Item::new(self.sent)));
            self.sent += 1;
            self.until += self.others.len() as u64;
        }
    }
}

impl Actor for Sociable {
    type Context = Context<Self>;
}

impl Handler<Meet> for Sociable {
    type Result = ();
    fn handle(&mut self, Meet(others): Meet, _: &mut Self::Context) {
        self.others = others;
    }
}

impl Handler<Prepare> for Sociable {
    type Result = ();
    fn handle(&mut self, Prepare { rounds, done }: Prepare, _: &mut Self::Context) {
        (self.came, self.until, self.sent) = (0, u64::MAX, 0);
        (self.rounds, self.done) = (rounds, Some(done));
    }
}

impl Handler<Begin> for Sociable {
    type Result = ();
    fn handle(&mut self, _: Begin, _: &mut Self::Context) {
        self.until = 0;
        self.go_on();
    }
}

impl Handler<Item> for Sociable {
    type Result = ();
    fn handle(&mut self, _: Item, _: &mut Self::Context) {
        self.came += 1;
        self.go_on();
    }
}
