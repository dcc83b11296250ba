//! Reads files, piece by piece, as long as it has an empty buffer, and hands them to its analyser, which is its child.

use std::sync::Arc;

use zactor::prelude::*;

use crate::census::Job;
use crate::census::actors::analyser::{Analyse, Analyser, End};
use crate::census::actors::counter::Counter;
use crate::census::actors::reporter::{Part, Reporter};
use crate::census::actors::supply::{Load, Supply};
use crate::census::actors::walker::{NextFiles, Walker};
use crate::ui::Delivered;

/// Buffers of a reader, full and empty together.
pub(crate) const BUFFERS: u32 = 8;
/// Files that a reader asks for at a time; it asks again while half of them are left.
const FILES: usize = 64;

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
    supply: Supply,
    state: State,
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
        Self {
            number,
            job: job.clone(),
            walker,
            reporter,
            counters,
            analyser: None,
            empty: (0..BUFFERS).map(|_| Load::empty()).collect(),
            supply: Supply::default(),
            state: State::Idle,
        }
    }

    fn read_on(&mut self, ctx: &mut Context<Self>) {
        let Some(analyser) = self.analyser.clone() else { return };
        while let Some(mut load) = self.empty.pop() {
            if self.supply.next(&mut load, self.job.huge) {
                analyser.tell(Analyse(load)).delivered();
            } else {
                self.empty.push(load);
                break;
            }
        }
        if self.state == State::Idle && self.supply.files.len() <= FILES / 2 {
            self.ask_for_files(ctx);
        }
        if self.state == State::LastFiles && self.supply.is_empty() {
            self.state = State::Finished;
            analyser.tell(End).delivered();
            self.reporter.tell(Part(std::mem::take(&mut self.supply.tally))).delivered();
        }
    }

    fn ask_for_files(&mut self, ctx: &mut Context<Self>) {
        self.state = State::Asked;
        ctx.ask(&self.walker, NextFiles(FILES)).then(|this, files, ctx| match files {
            Ok(files) => {
                this.state = if files.len() < FILES { State::LastFiles } else { State::Idle };
                this.supply.files.extend(files);
                this.read_on(ctx);
            }
            Err(error) => ctx.fail(error),
        });
    }
}
