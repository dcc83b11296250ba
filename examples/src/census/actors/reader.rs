//! Reads files, piece by piece, as long as it has an empty buffer, and hands them to its analyser, which is its child.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;

use zactor::prelude::*;

use crate::census::Job;
use crate::census::actors::analyser::{Analyse, Analyser, End};
use crate::census::actors::counter::Counter;
use crate::census::actors::reporter::{Part, Reporter};
use crate::census::actors::walker::{NextFiles, Walker};
use crate::census::files::{PIECE, Piece, Reading};
use crate::census::tally::{Note, Tally};
use crate::ui::Delivered;

/// Buffers of a reader, full and empty together.
pub(crate) const BUFFERS: u32 = 8;
/// Files that a reader asks for at a time; it asks again while half of them are left.
const FILES: usize = 64;

/// A buffer with a piece of a file.
pub(crate) struct Load {
    pub(crate) buffer: Box<[u8]>,
    pub(crate) len: usize,
    /// The file that begins with this piece.
    pub(crate) begins: Option<PathBuf>,
    /// Whether the file ends with this piece.
    pub(crate) ends: bool,
}

/// Begin to read.
#[derive(Message)]
pub(crate) struct Begin;

/// A buffer that has been read.
#[derive(Message)]
pub(crate) struct Empty(pub(crate) Load);

#[actor(Begin, Empty, lifecycle)]
pub(crate) struct Reader {
    number: u32,
    job: Job,
    walker: ActorRef<Walker>,
    reporter: ActorRef<Reporter>,
    counters: Arc<[ActorRef<Counter>]>,
    analyser: Option<ActorRef<Analyser>>,
    empty: Vec<Load>,
    files: VecDeque<PathBuf>,
    open: Option<(PathBuf, Reading)>,
    state: State,
    tally: Tally,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    /// There may be more files.
    Idle,
    /// The walker has been asked for some.
    Asked,
    /// The walker has no more.
    LastFiles,
    Finished,
}

impl Lifecycle for Reader {
    fn pre_start(&mut self, ctx: &mut Context<Self>) -> Result<(), Failure> {
        let analyser =
            Analyser::new(&self.job, ctx.me(), self.reporter.clone(), Arc::clone(&self.counters));
        let child = ctx.actor_of(analyser).name(format!("analyser-{}", self.number));
        self.analyser = Some(child.mailbox_capacity(BUFFERS + 1).spawn()?);
        Ok(())
    }
}

impl Handler<Begin> for Reader {
    fn handle(&mut self, _: Begin, ctx: &mut Context<Self>) {
        self.read_on(ctx);
    }
}

impl Handler<Empty> for Reader {
    fn handle(&mut self, Empty(load): Empty, ctx: &mut Context<Self>) {
        self.empty.push(load);
        self.read_on(ctx);
    }
}

impl Reader {
    pub(crate) fn new(
        number: u32,
        job: &Job,
        walker: ActorRef<Walker>,
        reporter: ActorRef<Reporter>,
        counters: Arc<[ActorRef<Counter>]>,
    ) -> Self {
        let load = || Load { buffer: vec![0; PIECE].into(), len: 0, begins: None, ends: false };
        Self {
            number,
            job: job.clone(),
            walker,
            reporter,
            counters,
            analyser: None,
            empty: (0..BUFFERS).map(|_| load()).collect(),
            files: VecDeque::new(),
            open: None,
            state: State::Idle,
            tally: Tally::default(),
        }
    }

    fn read_on(&mut self, ctx: &mut Context<Self>) {
        let Some(analyser) = self.analyser.clone() else { return };
        while let Some(mut load) = self.empty.pop() {
            if self.fill(&mut load) {
                analyser.tell(Analyse(load)).delivered();
            } else {
                self.empty.push(load);
                break;
            }
        }
        if self.state == State::Idle && self.files.len() <= FILES / 2 {
            self.ask_for_files(ctx);
        }
        if self.state == State::LastFiles && self.files.is_empty() && self.open.is_none() {
            self.state = State::Finished;
            analyser.tell(End).delivered();
            self.reporter.tell(Part(std::mem::take(&mut self.tally))).delivered();
        }
    }

    fn ask_for_files(&mut self, ctx: &mut Context<Self>) {
        self.state = State::Asked;
        ctx.ask(&self.walker, NextFiles(FILES)).then(|this, files, ctx| match files {
            Ok(files) => {
                this.state = if files.len() < FILES { State::LastFiles } else { State::Idle };
                this.files.extend(files);
                this.read_on(ctx);
            }
            Err(error) => ctx.fail(error),
        });
    }

    /// Puts the next piece into `load`; false if there is none for now.
    fn fill(&mut self, load: &mut Load) -> bool {
        loop {
            let Some((path, mut reading)) = self.open.take().or_else(|| self.open_next(load))
            else {
                return false;
            };
            load.len = match reading.read(&mut load.buffer) {
                Piece::Text(len) => len,
                Piece::Broken(len, error) => {
                    self.tally.note(Note::Unreadable, path.clone(), error.to_string());
                    len
                }
                Piece::Binary(bytes) => {
                    self.tally.binary(path, bytes, self.job.huge);
                    continue;
                }
            };
            load.ends = load.len < PIECE;
            if !load.ends {
                self.open = Some((path, reading));
            }
            return true;
        }
    }

    /// Opens the first of the files that can be opened.
    fn open_next(&mut self, load: &mut Load) -> Option<(PathBuf, Reading)> {
        loop {
            let path = self.files.pop_front()?;
            match Reading::open(&path) {
                Ok(reading) => {
                    load.begins = Some(path.clone());
                    return Some((path, reading));
                }
                Err(error) => self.tally.note(Note::Unreadable, path, error.to_string()),
            }
        }
    }
}
