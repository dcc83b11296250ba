//! Keeps the counts of its share of all words.

use zactor::prelude::*;

use crate::census::vocabulary::{Limit, Vocabulary};
use crate::census::words::WordMap;

/// Words to add; the map comes back empty.
#[derive(Message)]
#[message(reply = WordMap)]
pub(crate) struct Add(pub(crate) WordMap);

/// Asks for everything.
#[derive(Message)]
#[message(reply = Vocabulary)]
pub(crate) struct Take;

#[actor(Add, Take)]
pub(crate) struct Counter {
    limit: Limit,
    words: Vocabulary,
}

impl Counter {
    pub(crate) fn new(limit: Limit) -> Self {
        Self { limit, words: Vocabulary::new(limit) }
    }
}

impl Handler<Add> for Counter {
    fn handle(&mut self, Add(mut words): Add, ctx: &mut Context<Self>) -> WordMap {
        if let Err(error) = self.words.absorb(&words) {
            ctx.fail(error);
        }
        words.clear();
        words
    }
}

impl Handler<Take> for Counter {
    fn handle(&mut self, _: Take, _ctx: &mut Context<Self>) -> Vocabulary {
        std::mem::replace(&mut self.words, Vocabulary::new(self.limit))
    }
}
