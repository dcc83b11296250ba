//! Finds files, as many as a reader asks for. Each ask is credit for that many; without credit the walk stands still.

use std::path::PathBuf;

use zactor::prelude::*;

use crate::census::Job;
use crate::census::actors::reporter::{Part, Reporter};
use crate::census::files::Walk;
use crate::ui::Delivered;

/// Asks for so many files; fewer come when there are no more.
#[derive(Message)]
#[message(reply = Vec<PathBuf>)]
pub(crate) struct NextFiles(pub(crate) usize);

#[actor(NextFiles)]
pub(crate) struct Walker {
    walk: Walk,
    over: bool,
    reporter: ActorRef<Reporter>,
}

impl Walker {
    pub(crate) fn new(job: &Job, reporter: ActorRef<Reporter>) -> Self {
        Self { walk: Walk::new(job), over: false, reporter }
    }
}

impl Handler<NextFiles> for Walker {
    fn handle(&mut self, NextFiles(credit): NextFiles, _ctx: &mut Context<Self>) -> Vec<PathBuf> {
        let files: Vec<_> = self.walk.by_ref().take(credit).collect();
        if files.len() < credit && !std::mem::replace(&mut self.over, true) {
            self.reporter.tell(Part(std::mem::take(&mut self.walk.tally))).delivered();
        }
        files
    }
}
