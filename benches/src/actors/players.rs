//! Actors in a ring that send one ball round; two of them play ping-pong.

use std::sync::mpsc;

use zactor::prelude::*;

use super::stream::Item;

/// Tells a player to whom it plays, and whom to tell how often the ball came.
#[derive(Debug, Message)]
pub struct Play {
    /// The next player.
    pub to: ActorRef<Player>,
    /// Gets the number of hits when the game is over.
    pub done: mpsc::Sender<u64>,
}

/// Sends the ball on with one hop less.
#[actor(Play, Item)]
#[derive(Debug, Default)]
pub struct Player {
    hits: u64,
    game: Option<Play>,
}

impl Handler<Play> for Player {
    fn handle(&mut self, play: Play, _: &mut Context<Self>) {
        *self = Self { hits: 0, game: Some(play) };
    }
}

impl Handler<Item> for Player {
    /// The last hop carries 1. A ball with 0 goes round once more and ends the game for each.
    fn handle(&mut self, Item(ball): Item, _: &mut Context<Self>) {
        let Some(game) = &self.game else { return };
        if ball.value > 0 {
            self.hits += 1;
        }
        let _ = game.to.tell(Item::new(ball.value.saturating_sub(1)));
        if ball.value <= 1 {
            let _ = game.done.send(self.hits);
            self.game = None;
        }
    }
}
