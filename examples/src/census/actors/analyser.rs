//! Counts lines and words, piece by piece; one map of words for each counter, and a second one while the first is there.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;

use zactor::prelude::*;

use crate::census::Job;
use crate::census::actors::counter::{Add, Counter};
use crate::census::actors::reader::{Empty, Reader};
use crate::census::actors::reporter::{Part, Progressed, Reporter};
use crate::census::actors::supply::Load;
use crate::census::tally::Tally;
use crate::census::text::Text;
use crate::census::words::{WordMap, hash, shard};
use crate::ui::Delivered;

/// Words in a map that goes to its counter: three quarters of a power of two fill it best.
const FULL: usize = 12 << 10;
/// Bytes between two notices of progress.
const NOTICE: u64 = 4 << 20;

/// A piece of a file; the buffer goes back to the reader.
#[derive(Message)]
pub(crate) struct Analyse(pub(crate) Load);

/// There are no more pieces.
#[derive(Message)]
pub(crate) struct End;

#[actor(Analyse, End)]
pub(crate) struct Analyser {
    huge: u64,
    reader: ActorRef<Reader>,
    reporter: ActorRef<Reporter>,
    counters: Arc<[ActorRef<Counter>]>,
    /// The words of each counter's share.
    words: Vec<WordMap>,
    /// The second map of each, unless it is with the counter.
    spare: Vec<Option<WordMap>>,
    /// Pieces that came while a map was full and its second away.
    held: VecDeque<Load>,
    open: Option<(PathBuf, Text)>,
    tally: Tally,
    progress: Progressed,
    reporting: bool,
    state: State,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    Reading,
    LastPieces,
    Finished,
}

impl Handler<Analyse> for Analyser {
    fn handle(&mut self, Analyse(load): Analyse, ctx: &mut Context<Self>) {
        self.held.push_back(load);
        self.go_on(ctx);
    }
}

impl Handler<End> for Analyser {
    fn handle(&mut self, _: End, ctx: &mut Context<Self>) {
        self.state = State::LastPieces;
        self.go_on(ctx);
    }
}

impl Analyser {
    pub(crate) fn new(
        job: &Job,
        reader: ActorRef<Reader>,
        reporter: ActorRef<Reporter>,
        counters: Arc<[ActorRef<Counter>]>,
    ) -> Self {
        Self {
            huge: job.huge,
            reader,
            reporter,
            words: counters.iter().map(|_| WordMap::new()).collect(),
            spare: counters.iter().map(|_| Some(WordMap::new())).collect(),
            counters,
            held: VecDeque::new(),
            open: None,
            tally: Tally::default(),
            progress: Progressed::default(),
            reporting: false,
            state: State::Reading,
        }
    }

    /// All that can be done until something comes back.
    fn go_on(&mut self, ctx: &mut Context<Self>) {
        while self.hand_over(ctx, FULL) {
            let Some(load) = self.held.pop_front() else { break };
            self.analyse(load);
        }
        self.report(ctx);
        if self.state == State::LastPieces && self.held.is_empty() && self.hand_over(ctx, 1) {
            let all_are_back = self.spare.iter().all(Option::is_some);
            if all_are_back {
                self.state = State::Finished;
                self.reporter.tell(Part(std::mem::take(&mut self.tally))).delivered();
            }
        }
    }

    fn analyse(&mut self, mut load: Load) {
        if let Some(path) = load.begins.take() {
            self.open = Some((path, Text::default()));
        }
        let Some((path, mut text)) = self.open.take() else { return };
        let (words, shards) = (&mut self.words, self.counters.len());
        let mut count = |word: &[u8]| {
            let hash = hash(word);
            words[shard(hash, shards)].add(hash, word, 1);
        };
        text.feed(&load.buffer[..load.len], &mut count);
        self.progress.bytes += load.len as u64;
        if load.ends {
            let finished = text.finish(&mut count);
            self.tally.text(path, finished, self.huge);
            self.progress.files += 1;
        } else {
            self.open = Some((path, text));
        }
        self.reader.tell(Empty(load)).delivered();
    }

    /// Hands maps of at least `full` words to their counters; false if one must stay, for its second is not back yet.
    fn hand_over(&mut self, ctx: &mut Context<Self>, full: usize) -> bool {
        let mut handed = true;
        for (n, words) in self.words.iter_mut().enumerate().filter(|(_, words)| words.len() >= full)
        {
            let Some(empty) = self.spare[n].take() else {
                handed = false;
                continue;
            };
            let words = std::mem::replace(words, empty);
            ctx.ask(&self.counters[n], Add(words)).then(move |this, emptied, ctx| match emptied {
                Ok(words) => {
                    this.spare[n] = Some(words);
                    this.go_on(ctx);
                }
                Err(error) => ctx.fail(error),
            });
        }
        handed
    }

    /// Tells the reporter how far it is, unless the last notice is still on its way.
    fn report(&mut self, ctx: &mut Context<Self>) {
        if self.progress.bytes < NOTICE || std::mem::replace(&mut self.reporting, true) {
            return;
        }
        let progress = std::mem::take(&mut self.progress);
        ctx.ask(&self.reporter, progress).then(|this, _, _| this.reporting = false);
    }
}
