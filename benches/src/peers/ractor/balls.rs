//! Messages that cause messages: `balls` and `big`.

use std::sync::mpsc;

use ractor::{Actor, ActorProcessingErr, ActorRef};

use super::spawn;
use crate::measure::{Outcome, timed};
use crate::peers::tasks;
use crate::workloads::Item;

pub(super) fn balls(rings: u64, players: u64, hops: u64) -> Outcome {
    let runtime = tasks::runtime();
    let ring = || (0..players).map(|_| runtime.block_on(spawn(Player, ()))).collect();
    let rings: Vec<Vec<_>> = (0..rings).map(|_| ring()).collect();
    timed(hops, |count| {
        let count = (count / rings.len() as u64).max(1);
        let (done, hits) = mpsc::channel();
        for ring in &rings {
            for (player, next) in ring.iter().zip(ring.iter().cycle().skip(1)) {
                let _ = player.cast(Play::Begin(Game { to: next.clone(), done: done.clone() }));
            }
        }
        drop(done);
        rings.iter().for_each(|ring| drop(ring[0].cast(Play::Ball(Item::new(count)))));
        hits.iter().sum()
    })
}

enum Play {
    Begin(Game),
    Ball(Item),
}

struct Game {
    to: ActorRef<Play>,
    done: mpsc::Sender<u64>,
}

struct Player;

#[derive(Default)]
struct Hits {
    hits: u64,
    game: Option<Game>,
}

impl Hits {
    /// The last hop carries 1. A ball with 0 goes round once more and ends the game for each.
    fn hit(&mut self, ball: Item) {
        let Some(game) = &self.game else { return };
        if ball.value > 0 {
            self.hits += 1;
        }
        let _ = game.to.cast(Play::Ball(Item::new(ball.value.saturating_sub(1))));
        if ball.value <= 1 {
            let _ = game.done.send(self.hits);
            self.game = None;
        }
    }
}

impl Actor for Player {
    type Msg = Play;
    type State = Hits;
    type Arguments = ();

    async fn pre_start(&self, _: ActorRef<Play>, (): ()) -> Result<Hits, ActorProcessingErr> {
        Ok(Hits::default())
    }

    async fn handle(
        &self,
        _: ActorRef<Play>,
        message: Play,
        state: &mut Hits,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            Play::Begin(game) => *state = Hits { hits: 0, game: Some(game) },
            Play::Ball(ball) => state.hit(ball),
        }
        Ok(())
    }
}

pub(super) fn big(actors: u64, messages: u64) -> Outcome {
    let runtime = tasks::runtime();
    let actors: Vec<_> = (0..actors).map(|_| runtime.block_on(spawn(Sociable, ()))).collect();
    for (own, actor) in actors.iter().enumerate() {
        let mut others = actors.clone();
        others.swap_remove(own);
        let _ = actor.cast(Talk::Meet(others));
    }
    timed(messages, |count| {
        let others = actors.len() as u64 - 1;
        let rounds = (count / (others + 1) / others).max(1);
        let (done, came) = mpsc::channel();
        for actor in &actors {
            let _ = actor.cast(Talk::Prepare(rounds, done.clone()));
        }
        drop(done);
        actors.iter().for_each(|actor| drop(actor.cast(Talk::Begin)));
        came.iter().sum()
    })
}

enum Talk {
    Meet(Vec<ActorRef<Talk>>),
    Prepare(u64, mpsc::Sender<u64>),
    Begin,
    Item(#[expect(dead_code, reason = "it is there to be moved")] Item),
}

struct Sociable;

#[derive(Default)]
struct Rounds {
    others: Vec<ActorRef<Talk>>,
    came: u64,
    until: u64,
    sent: u64,
    rounds: u64,
    done: Option<mpsc::Sender<u64>>,
}

impl Rounds {
    fn prepare(&mut self, rounds: u64, done: mpsc::Sender<u64>) {
        (self.came, self.until, self.sent) = (0, u64::MAX, 0);
        (self.rounds, self.done) = (rounds, Some(done));
    }

    /// Sends a round, when as many have come as it has sent.
    fn go_on(&mut self) {
        while self.came >= self.until {
            if self.sent == self.rounds {
                let _ = self.done.take().map(|done| done.send(self.came));
                return;
            }
            for other in &self.others {
                let _ = other.cast(Talk::Item(Item::new(self.sent)));
            }
            self.sent += 1;
            self.until += self.others.len() as u64;
        }
    }
}

impl Actor for Sociable {
    type Msg = Talk;
    type State = Rounds;
    type Arguments = ();

    async fn pre_start(&self, _: ActorRef<Talk>, (): ()) -> Result<Rounds, ActorProcessingErr> {
        Ok(Rounds::default())
    }

    async fn handle(
        &self,
        _: ActorRef<Talk>,
        message: Talk,
        state: &mut Rounds,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            Talk::Meet(others) => state.others = others,
            Talk::Prepare(rounds, done) => state.prepare(rounds, done),
            Talk::Begin => state.until = 0,
            Talk::Item(_) => state.came += 1,
        }
        state.go_on();
        Ok(())
    }
}
