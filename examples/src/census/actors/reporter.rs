//! Adds the parts up, fetches the words when all parts are there, and hands the whole to whoever waits outside.

use std::sync::mpsc;

use zactor::prelude::*;

use crate::census::Counted;
use crate::census::actors::counter::{Counter, Take};
use crate::census::tally::Tally;
use crate::census::vocabulary::Vocabulary;

/// What the outside hears.
pub(crate) enum Update {
    Progress { bytes: u64, files: u64 },
    Finished(Box<Counted>),
}

/// So much more has been analysed.
#[derive(Message, Default)]
pub(crate) struct Progressed {
    pub(crate) bytes: u64,
    pub(crate) files: u64,
}

/// The part of an actor that has finished.
#[derive(Message)]
pub(crate) struct Part(pub(crate) Tally);

#[actor(Progressed, Part)]
pub(crate) struct Reporter {
    outside: mpsc::Sender<Update>,
    counters: Vec<ActorRef<Counter>>,
    /// Parts that have not come yet.
    missing: u32,
    progress: Progressed,
    tally: Tally,
    words: Vec<Vocabulary>,
}

impl Reporter {
    pub(crate) fn new(
        outside: mpsc::Sender<Update>,
        parts: u32,
        counters: Vec<ActorRef<Counter>>,
    ) -> Self {
        let (progress, tally) = (Progressed::default(), Tally::default());
        Self { outside, counters, missing: parts, progress, tally, words: Vec::new() }
    }

    /// Nobody may be listening any more; then there is nothing to do.
    fn tell_outside(&self, update: Update) {
        self.outside.send(update).ok();
    }
}

impl Handler<Progressed> for Reporter {
    fn handle(&mut self, more: Progressed, _ctx: &mut Context<Self>) {
        self.progress.bytes += more.bytes;
        self.progress.files += more.files;
        self.tell_outside(Update::Progress {
            bytes: self.progress.bytes,
            files: self.progress.files,
        });
    }
}

impl Handler<Part> for Reporter {
    fn handle(&mut self, Part(tally): Part, ctx: &mut Context<Self>) {
        self.tally.add(tally);
        self.missing -= 1;
        if self.missing > 0 {
            return;
        }
        for counter in self.counters.clone() {
            ctx.ask(&counter, Take).then(|this, words, ctx| match words {
                Ok(words) => this.collect(words),
                Err(error) => ctx.fail(error),
            });
        }
    }
}

impl Reporter {
    fn collect(&mut self, words: Vocabulary) {
        self.words.push(words);
        if self.words.len() == self.counters.len() {
            let (tally, words) = (std::mem::take(&mut self.tally), std::mem::take(&mut self.words));
            self.tell_outside(Update::Finished(Box::new(Counted { tally, words })));
        }
    }
}
