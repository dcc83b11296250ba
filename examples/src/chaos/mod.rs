//! A bank and a census whose workers panic at random, and whose results are nevertheless exact:
//!
//! ```text
//!                offers a task, again if the worker failed
//!              ─────────────────────────────────────────▶
//! Coordinator  ◀───────────────────────────────────────── Worker   ✗ struck before, between and after its effects:
//!  (journal)     what was done, for the journal; the answer           its state is lost
//!              ─────────────────────────────────────────▶
//!                the ledger, to the worker's next incarnation
//! ```
//! The coordinator supervises the workers. A task may be offered many times, and is done once: the journal knows which are.
//! Checked, against a run without faults: each worker's state at the end, one restart for each planned fault, and that no
//! message was lost but those in flight.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use zactor::SystemStats;
use zactor::prelude::*;

use crate::census::Job;
use crate::census::vocabulary::Limit;
use crate::ui::{self, Failed, Outcome};

mod faults;
mod work;
mod worker;
mod coordinator;
mod bank;
mod census;
mod view;
#[cfg(test)]
mod tests;

use bank::Bank;
use census::Census;
use coordinator::{Begin, Coordinator, News};
use faults::Faults;
use view::View;
use work::Work;

/// How often the view changes.
const LOOK: Duration = Duration::from_millis(50);
/// An answer may take as long as all that was offered before.
const PATIENCE: Duration = Duration::from_secs(3600);

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Files and directories for the census.
    #[arg(default_value = ".")]
    paths: Vec<PathBuf>,
    /// The probability that a panic strikes an attempt at a task.
    #[arg(long, default_value_t = 0.001, value_parser = probability)]
    faults: f64,
    /// Another seed, other transfers and other faults; the same seed, the same.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Accounts of the bank.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    accounts: u32,
    /// Transfers among them.
    #[arg(long, default_value_t = 500_000)]
    transfers: u64,
    /// Pass over files and directories of this name (may be given several times).
    #[arg(long, value_name = "NAME", default_values = ["target", ".git"])]
    skip: Vec<String>,
    /// Worker threads; 0 = one for each core.
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u32).range(..=1024))]
    workers: u32,
}

fn probability(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(probability) if (0.0..=0.9).contains(&probability) => Ok(probability),
        _ => Err("allowed are numbers from 0 to 0.9".into()),
    }
}

/// What a run came to.
struct Run<S> {
    states: Vec<S>,
    stats: SystemStats,
    time: Duration,
    /// The most restarts seen in a while, and how long that was.
    peak: (u64, Duration),
}

/// A run with faults, compared with one without.
struct Compared<S> {
    calm: Run<S>,
    struck: Run<S>,
    planned: u64,
    differences: Vec<String>,
}

pub(crate) fn run(arguments: Arguments) -> Outcome {
    let Arguments { paths, faults, seed, accounts, transfers, skip, workers } = arguments;
    ui::print(&format!("seed {seed}, a fault in {faults} of all attempts"))?;
    let job = Job { paths, skip, huge: u64::MAX, workers, limit: Limit::DEFAULT };
    let bank = Arc::new(Bank { accounts, transfers, seed });
    let census = Arc::new(Census::new(job));
    // Task 7 of the one is not to be struck because that of the other is.
    let (in_bank, in_census) = (Faults::new(seed, faults), Faults::new(!seed, faults));
    let compared = [
        row("bank", &*bank, compare("bank", &bank, in_bank, workers)?),
        row("census", &*census, compare("census", &census, in_census, workers)?),
    ];
    let header =
        ["work", "workers", "tasks", "faults", "restarts", "restarts/s", "at most", "time", "calm"];
    let (rows, differences): (Vec<_>, Vec<_>) = compared.into_iter().unzip();
    ui::print(&ui::table(&header, 1, rows).to_string())?;
    let differences = differences.concat();
    differences.iter().try_for_each(|difference| ui::print(difference))?;
    if differences.is_empty() {
        ui::print("both results are exactly those of a run without faults")?;
    }
    Ok(ui::checked(differences.is_empty()))
}

/// A row of the table, and what is wrong.
fn row<W: Work>(what: &str, work: &W, of: Compared<W::State>) -> (Vec<String>, Vec<String>) {
    let restarts = of.struck.stats.actors.restarted;
    let (average, peak) = ((restarts, of.struck.time), of.struck.peak);
    let per_second = |(n, time)| ui::per_second(n, time);
    // A short run has no window of its own.
    let most = if per_second(peak) > per_second(average) { peak } else { average };
    let row = vec![
        what.to_owned(),
        ui::count(work.workers() as u64),
        ui::count(work.tasks()),
        ui::count(of.planned),
        ui::count(restarts),
        ui::rate(average.0, average.1),
        ui::rate(most.0, most.1),
        ui::time(of.struck.time),
        ui::time(of.calm.time),
    ];
    (row, of.differences)
}

fn compare<W: Work>(
    what: &'static str,
    work: &Arc<W>,
    faults: Faults,
    workers: u32,
) -> Result<Compared<W::State>, Failed> {
    faults::silence();
    let calm = perform(what, work, Faults::none(), workers)?;
    let struck = perform(what, work, faults, workers)?;
    let planned = faults.planned(work.tasks());
    let mut differences = Vec::new();
    let different = calm.states.iter().zip(&struck.states).filter(|(a, b)| a != b).count();
    if different > 0 || calm.states.len() != struck.states.len() {
        differences.push(format!("{what}: {different} WORKERS ENDED DIFFERENTLY"));
    }
    for (run, faults) in [(&calm, 0), (&struck, planned)] {
        let (restarts, messages) = (run.stats.actors.restarted, run.stats.messages);
        if restarts != faults {
            differences.push(format!("{what}: {faults} FAULTS WERE PLANNED, {restarts} RESTARTS"));
        }
        if messages.failed != faults || messages.accepted != messages.handled + faults {
            differences.push(format!("{what}: MESSAGES WERE LOST: {messages:?}"));
        }
    }
    Ok(Compared { calm, struck, planned, differences })
}

/// Does all the work under these faults.
fn perform<W: Work>(
    what: &'static str,
    work: &Arc<W>,
    faults: Faults,
    workers: u32,
) -> Result<Run<W::State>, Failed> {
    let performance = PerformanceConfig { worker_threads: workers, ..PerformanceConfig::default() };
    let config = SystemConfig { performance, ..SystemConfig::default() };
    let system = ActorSystem::builder("chaos").config(config).start()?;
    let (sender, news) = mpsc::channel();
    let coordinator = system
        .actor_of(Coordinator::new(Arc::clone(work), faults, sender))
        .name("coordinator")
        .unbounded()
        .supervise(Supervise::one_for_one().max_restarts(u32::MAX).within(Duration::MAX))
        .spawn()?;
    let mut view = View::new(what, work.jobs());
    let start = Instant::now();
    coordinator.tell(Begin)?;
    let states = loop {
        match news.recv_timeout(LOOK) {
            Ok(News::Finished(jobs)) => view.finished(jobs),
            Ok(News::Done(states)) => break states,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Err("the coordinator failed".into()),
        }
        view.look(|| system.stats().actors.restarted);
    };
    let time = start.elapsed();
    let stats = system.drain_and_shutdown(PATIENCE)?.stats;
    Ok(Run { states, stats, time, peak: view.peak })
}
