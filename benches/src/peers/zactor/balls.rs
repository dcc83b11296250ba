//! Messages that cause messages: `balls` and `big`.

use std::sync::mpsc;

use zactor::error::SpawnError;
use zactor::prelude::*;

use super::start;
use crate::actors::players::{Play, Player};
use crate::actors::sociable::{Begin, Meet, Prepare, Sociable};
use crate::actors::stream::Item;
use crate::measure::{Outcome, timed};

pub(super) fn balls(rings: u64, players: u64, hops: u64) -> Result<Outcome, SpawnError> {
    let system = start();
    let ring = || (0..players).map(|_| system.spawn(Player::default())).collect();
    let rings = (0..rings).map(|_| ring()).collect::<Result<Vec<Vec<ActorRef<Player>>>, _>>()?;
    Ok(timed(hops, |count| {
        let count = (count / rings.len() as u64).max(1);
        let (done, hits) = mpsc::channel();
        for ring in &rings {
            for (player, next) in ring.iter().zip(ring.iter().cycle().skip(1)) {
                let play = Play { to: next.clone(), done: done.clone() };
                player.tell(play).expect("the player lives");
            }
        }
        drop(done);
        for ring in &rings {
            ring[0].tell(Item::new(count)).expect("the player lives");
        }
        hits.iter().sum()
    }))
}

pub(super) fn big(actors: u64, messages: u64) -> Result<Outcome, SpawnError> {
    let system = start();
    let actors = (0..actors)
        .map(|_| system.spawn(Sociable::default()))
        .collect::<Result<Vec<ActorRef<Sociable>>, _>>()?;
    for (own, actor) in actors.iter().enumerate() {
        let mut others = actors.clone();
        others.swap_remove(own);
        actor.tell(Meet(others)).expect("the actor lives");
    }
    Ok(timed(messages, |count| {
        let others = actors.len() as u64 - 1;
        let rounds = (count / (others + 1) / others).max(1);
        let (done, came) = mpsc::channel();
        for actor in &actors {
            let prepare = Prepare { rounds, done: done.clone() };
            actor.tell(prepare).expect("the actor lives");
        }
        drop(done);
        for actor in &actors {
            actor.tell(Begin).expect("the actor lives");
        }
        came.iter().sum()
    }))
}
