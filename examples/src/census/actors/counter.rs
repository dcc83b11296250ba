//! Keeps the counts of its share of all words.

use zactor::prelude::*;

use crate::census::vocabulary::{Limit, Vocabulary};
use crate::census::words::WordMap;

/// Words to add; the map comes back empty.
#[derive(Message)]
#[message(reply = Box<WordMap>)]
pub(crate) struct Add(pub(crate) Box<WordMap>);

/// Asks for everything.
#[derive(Message)]
#[message(reply = Box<Vocabulary>)]
pub(crate) struct Take;

#[actor(Add, Take)]
pub(crate) struct Counter {
    limit: Limit,
    words: Box<Vocabulary>,
}

impl Counter {
    pub(crate) fn new(limit: Limit) -> Self {
        Self { limit, words: Box::new(Vocabulary::new(limit)) }
    }
}

impl Handler<Add> for Counter {
    fn handle(&mut self, Add(mut words): Add, ctx: &mut Context<Self>) -> Box<WordMap> {
        if let Err(error) = self.words.absorb(&words) {
            ctx.fail(error);
        }
        words.clear();
        words
    }
}

impl Handler<Take> for Counter {
    fn handle(&mut self, _: Take, _ctx: &mut Context<Self>) -> Box<Vocabulary> {
        std::mem::replace(&mut self.words, Box::new(Vocabulary::new(self.limit)))
    }
}
