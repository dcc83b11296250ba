//! Does tasks, and is struck while it does. Its state lives in memory alone: when it fails, the state is gone, and its next
//! incarnation asks the coordinator for the ledger that the journal has of it. Until that has come, offers are put aside.

use std::sync::Arc;

use zactor::prelude::*;

use crate::chaos::PATIENCE;
use crate::chaos::coordinator::{Coordinator, Entry, Recall, Reported};
use crate::chaos::faults::{Faults, Place, pass};
use crate::chaos::work::{Ledger, Work};
use crate::ui::Delivered;

/// Do this task. The answer says that it has been done, by this attempt or by an earlier one.
#[derive(Message)]
#[message(reply = ())]
pub(crate) struct Offer {
    pub(crate) task: u64,
    pub(crate) attempt: u32,
}

/// All is done: tell the coordinator your state.
#[derive(Message)]
pub(crate) struct Report;

#[actor(deferred Offer, Report, lifecycle)]
pub(crate) struct Worker<W: Work> {
    number: usize,
    work: Arc<W>,
    faults: Faults,
    coordinator: ActorRef<Coordinator<W>>,
    /// None until the journal has answered.
    ledger: Option<Ledger<W>>,
    /// What arrived meanwhile.
    aside: Vec<(Offer, ReplyTo<()>)>,
    report: bool,
}

impl<W: Work> Worker<W> {
    pub(crate) fn new(
        number: usize,
        work: Arc<W>,
        faults: Faults,
        coordinator: ActorRef<Coordinator<W>>,
    ) -> Self {
        let (ledger, aside, report) = (None, Vec::new(), false);
        Self { number, work, faults, coordinator, ledger, aside, report }
    }

    /// The state is there again. What was put aside goes back into the mailbox: there it outlives the next fault.
    fn resume(&mut self, ledger: Ledger<W>, ctx: &mut Context<Self>) {
        self.ledger = Some(ledger);
        for (offer, reply) in self.aside.drain(..) {
            reply.forward(&ctx.me(), offer).delivered();
        }
        if self.report {
            ctx.tell_self(Report).delivered();
        }
    }
}

impl<W: Work> Lifecycle for Worker<W> {
    fn pre_start(&mut self, _ctx: &mut Context<Self>) -> Result<(), Failure> {
        self.ledger = Some(Ledger::new());
        Ok(())
    }

    fn post_restart(&mut self, ctx: &mut Context<Self>, _: &Failure) -> Result<(), Failure> {
        let recall = Recall::new(self.number);
        ctx.ask(&self.coordinator, recall).timeout(PATIENCE).then(
            |worker, ledger, ctx| match ledger {
                Ok(ledger) => worker.resume(ledger, ctx),
                Err(error) => ctx.fail(error),
            },
        );
        Ok(())
    }
}

impl<W: Work> DeferredHandler<Offer> for Worker<W> {
    fn handle(&mut self, offer: Offer, reply: ReplyTo<()>, _ctx: &mut Context<Self>) {
        let Some(ledger) = &mut self.ledger else { return self.aside.push((offer, reply)) };
        let strike = self.faults.strike(offer.task, offer.attempt);
        pass(strike, Place::BeforeEffect);
        let effect = (!ledger.has(offer.task)).then(|| self.work.perform(offer.task));
        if let Some(effect) = &effect {
            ledger.enter(offer.task, effect);
        }
        pass(strike, Place::BeforeJournal);
        if let Some(effect) = effect {
            let entry = Entry { worker: self.number, task: offer.task, effect };
            self.coordinator.tell(entry).delivered();
        }
        pass(strike, Place::BeforeAnswer);
        reply.send(());
        pass(strike, Place::AfterAnswer);
    }
}

impl<W: Work> Handler<Report> for Worker<W> {
    fn handle(&mut self, _: Report, _ctx: &mut Context<Self>) {
        match &self.ledger {
            Some(ledger) => {
                let reported = Reported { worker: self.number, state: ledger.state.clone() };
                self.coordinator.tell(reported).delivered();
            }
            None => self.report = true,
        }
    }
}
