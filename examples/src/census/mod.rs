//! An inventory of a directory tree, and how it flows through the actors:
//!
//! ```text
//!            asks for files          pieces of files            maps full of words
//! Walker  ◀────────────────  Reader ────────────────▶ Analyser ────────────────────▶ Counter (its share of the words)
//!         ────────────────▶         ◀────────────────          ◀────────────────────
//!           so many paths            empty buffers              the map, emptied
//! ```
//! Whoever is behind sends nothing back, and so stops those before it: readers have eight buffers each, analysers two
//! maps for each counter, and the walker walks only as far as it is asked. Memory depends neither on the number of files
//! nor on their size; the words that do not fit are kept on disk. All of it ends in the reporter.

use std::error::Error;
use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::ui::{self, Outcome, Progress};

mod text;
pub(crate) mod words;
pub(crate) mod vocabulary;
pub(crate) mod tally;
pub(crate) mod files;
pub(crate) mod plain;
mod actors;
mod report;
#[cfg(test)]
mod tests;

use tally::Tally;
use vocabulary::{Limit, MostFrequent, Vocabulary};

const HOW_IT_COUNTS: &str = "\
Text is read as bytes. A word is a run of letters, digits, underscores and non-ASCII bytes that does not begin with a digit; \
words over 64 bytes are counted as overlong, not each by itself. A line ends with a line feed or with its file.

Binary files (in the first 8 KiB is a control byte that text does not have) count with their bytes only. Symbolic links are \
not followed. What cannot be read in a tree is counted and named, and ends nothing.

Exit code: 0; 1 if --verify found a difference; 2 if the census itself failed.";

#[derive(clap::Args)]
#[command(after_help = HOW_IT_COUNTS)]
pub(crate) struct Arguments {
    /// Files and directories.
    #[arg(default_value = ".")]
    paths: Vec<PathBuf>,
    /// Print the result as JSON.
    #[arg(long)]
    json: bool,
    /// Do the same in a plain loop too, compare exactly, exit with 1 if anything differs. All files are read once before.
    #[arg(long)]
    verify: bool,
    /// With --verify: do both so many times, in turn, and compare the best times.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,
    /// Pass over files and directories of this name (may be given several times).
    #[arg(long, value_name = "NAME")]
    skip: Vec<String>,
    /// Rows of kinds and words in the report.
    #[arg(long, default_value_t = 20)]
    top: usize,
    /// Name files from this size on as huge.
    #[arg(long, default_value_t = 64, value_name = "MIB")]
    huge: u64,
    /// Worker threads; 0 = one for each core.
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u32).range(..=1024))]
    workers: u32,
}

/// What is to be counted.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    pub(crate) paths: Vec<PathBuf>,
    pub(crate) skip: Vec<String>,
    /// Bytes from which on a file is huge.
    pub(crate) huge: u64,
    pub(crate) workers: u32,
    /// How many words stay in memory.
    pub(crate) limit: Limit,
}

/// A complete census.
#[derive(Debug)]
pub(crate) struct Counted {
    pub(crate) tally: Tally,
    /// No word stands in two of them.
    pub(crate) words: Vec<Vocabulary>,
}

/// A census and what it took.
pub(crate) struct Run {
    pub(crate) counted: Counted,
    pub(crate) most: MostFrequent,
    pub(crate) time: Duration,
}

/// What `--verify` found.
pub(crate) struct Comparison {
    /// The best times of the plain loop and of the actors.
    pub(crate) plain: Duration,
    pub(crate) actors: Duration,
    pub(crate) differences: Vec<String>,
}

pub(crate) fn run(arguments: Arguments) -> Outcome {
    let Arguments { paths, skip, json, verify, runs, top, huge, workers } = arguments;
    for path in &paths {
        path.symlink_metadata().map_err(|error| format!("{}: {error}", path.display()))?;
    }
    let job =
        Job { paths, skip, huge: huge.saturating_mul(1 << 20), workers, limit: Limit::DEFAULT };
    let total = if verify { Some(read_all(&job)) } else { None };
    let (mut run, mut machine) = by_actors(&job, top, total)?;
    let comparison = if verify {
        let mut comparison = compare(&run, by_plain_loop(&job, top, total)?)?;
        for _ in 1..runs {
            drop(run);
            (run, machine) = by_actors(&job, top, total)?;
            comparison.add(compare(&run, by_plain_loop(&job, top, total)?)?);
        }
        Some(comparison)
    } else {
        None
    };
    let report =
        report::Report { run: &run, machine: &machine, comparison: comparison.as_ref(), top };
    ui::print(&if json { report.json() } else { report.text() })?;
    Ok(ui::checked(comparison.is_none_or(|comparison| comparison.differences.is_empty())))
}

fn by_actors(
    job: &Job,
    top: usize,
    total: Option<u64>,
) -> Result<(Run, actors::Machine), Box<dyn Error + Send + Sync>> {
    let progress = Progress::new("actors", total);
    let start = Instant::now();
    let mut running = actors::start(job)?;
    let counted = running.wait(&progress)?;
    let most = vocabulary::most_frequent(&counted.words, top)?;
    let time = start.elapsed();
    Ok((Run { counted, most, time }, running.end()?))
}

fn by_plain_loop(job: &Job, top: usize, total: Option<u64>) -> io::Result<Run> {
    let progress = Progress::new("plain loop", total);
    let start = Instant::now();
    let counted = plain::count(job, |bytes| progress.add(bytes))?;
    let most = vocabulary::most_frequent(&counted.words, top)?;
    Ok(Run { counted, most, time: start.elapsed() })
}

/// Reads all text once, so that both ways find it in memory, and says how much it is.
fn read_all(job: &Job) -> u64 {
    let progress = Progress::new("reading", None);
    let mut buffer = vec![0; files::PIECE];
    let mut bytes = 0;
    for path in files::Walk::new(job) {
        let Ok(mut reading) = files::Reading::open(&path) else { continue };
        while let files::Piece::Text(len) = reading.read(&mut buffer) {
            bytes += len as u64;
            progress.add(len as u64);
            if len < buffer.len() {
                break;
            }
        }
    }
    bytes
}

fn compare(actors: &Run, plain: Run) -> io::Result<Comparison> {
    let (a, b) = (&actors.counted, &plain.counted);
    let mut differences = tally::differences(&a.tally, &b.tally);
    let (words, named) = vocabulary::differences(&a.words, &b.words)?;
    differences.extend(named);
    if words > 0 {
        differences.push(format!("{words} words in all"));
    }
    for (who, run) in [("actors", actors), ("plain loop", &plain)] {
        let text = run.counted.tally.total().text;
        if run.most.counted + text.overlong != text.words {
            differences.push(format!(
                "{who}: the counts of words add up to {}, not {}",
                run.most.counted, text.words
            ));
        }
    }
    if actors.most != plain.most {
        differences.push("most frequent words".into());
    }
    Ok(Comparison { plain: plain.time, actors: actors.time, differences })
}

impl Comparison {
    fn add(&mut self, other: Self) {
        self.plain = self.plain.min(other.plain);
        self.actors = self.actors.min(other.actors);
        self.differences.extend(other.differences);
    }

    /// How many times faster the actors were.
    pub(crate) fn speedup(&self) -> f64 {
        self.plain.as_secs_f64() / self.actors.as_secs_f64().max(1e-9)
    }
}
