//! Takes the measurements: a process each, the peers in turn, round by round, so that a slow minute of the machine
//! meets all of them alike.

use std::fs;
use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::measure::Outcome;
use crate::peers::{self, Peer};
use crate::workloads::{Size, Workload};

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Measurements of each peer in each workload.
    pub rounds: usize,
    /// How long one measurement shall take, where the workload leaves that open.
    pub time: Duration,
    /// Whether workloads of a fixed size take the smaller one.
    pub quick: bool,
}

/// All measurements of one peer in one workload.
#[derive(Clone, Debug)]
pub struct Row {
    /// The peer.
    pub peer: &'static str,
    /// One for each round, by rate, the slowest first.
    pub outcomes: Vec<Outcome>,
    /// How many measurements were repeated since other processes had disturbed them.
    pub repeated: usize,
    /// How many are disturbed all the same.
    pub disturbed: usize,
    /// What was wrong, if anything: a wrong result, a crash, no end.
    pub failure: Option<String>,
}

impl Row {
    /// The measurement in the middle.
    pub fn median(&self) -> Option<&Outcome> {
        self.outcomes.get(self.outcomes.len() / 2)
    }
}

/// Longest time that a measurement may take.
const LIMIT: Duration = Duration::from_secs(120);

/// How often a disturbed measurement is repeated, unless the one before had to be kept disturbed: then the machine is
/// busy, and to wait for better times would take for ever.
const REPEATS: usize = 2;

/// The switch by which `compare` calls itself for one measurement: workload, peer and size follow it.
pub const MEASURE: &str = "measure";

/// Measures `workload` on all of `peers`, and says on the error stream where it is.
pub fn measure(workload: &Workload, peers: &[&'static dyn Peer], plan: Plan) -> Vec<Row> {
    let mut entrants: Vec<_> =
        peers.iter().filter_map(|peer| Entrant::qualify(workload, peer.name(), plan)).collect();
    let mut busy = false;
    for round in 1..=plan.rounds {
        for entrant in entrants.iter_mut().filter(|entrant| entrant.row.failure.is_none()) {
            eprintln!("{} {round}/{} {}", workload.name, plan.rounds, entrant.row.peer);
            busy = entrant.measure(workload, if busy { 0 } else { REPEATS });
        }
    }
    entrants.into_iter().map(|entrant| entrant.row).collect()
}

/// A peer with the size that fills its round.
struct Entrant {
    row: Row,
    count: u64,
}

impl Entrant {
    /// Finds the size; what is measured on the way warms the machine up and is not kept. `None` if the peer has no form.
    fn qualify(workload: &Workload, peer: &'static str, plan: Plan) -> Option<Self> {
        let row = Row { peer, outcomes: Vec::new(), repeated: 0, disturbed: 0, failure: None };
        let (mut count, mut fixed) = match workload.size {
            Size::Fixed { quick, probe, .. } if plan.quick => (probe, Some(quick)),
            Size::Fixed { full, probe, .. } => (probe, Some(full)),
            Size::Time(begin) => (begin, None),
        };
        loop {
            let outcome = match in_own_process(workload, peer, count) {
                Ok(outcome) => outcome?,
                Err(failure) => {
                    return Some(Self { row: Row { failure: Some(failure), ..row }, count });
                }
            };
            if let Some(count) = fixed.take() {
                return Some(Self { row, count });
            }
            let share = plan.time.as_secs_f64() / outcome.elapsed.as_secs_f64();
            count = workload.rounded(scaled(count, share));
            if share < 4.0 {
                return Some(Self { row, count });
            }
        }
    }

    /// Says whether the measurement that it kept is disturbed.
    fn measure(&mut self, workload: &Workload, repeats: usize) -> bool {
        let mut left = repeats;
        loop {
            let before = Load::now();
            let outcome = match in_own_process(workload, self.row.peer, self.count) {
                Ok(Some(outcome)) => outcome,
                Ok(None) => return self.fail("gave no result".into()),
                Err(failure) => return self.fail(failure),
            };
            let disturbed = before.is_some_and(Load::has_grown_by_others);
            if disturbed && left > 0 {
                left -= 1;
                self.row.repeated += 1;
                continue;
            }
            self.row.disturbed += usize::from(disturbed);
            let place = self.row.outcomes.partition_point(|other| other.rate() < outcome.rate());
            self.row.outcomes.insert(place, outcome);
            return disturbed;
        }
    }

    fn fail(&mut self, failure: String) -> bool {
        self.row.failure = Some(failure);
        false
    }
}

/// At most twenty times as much at once: the first, short measurement says little about a long one.
#[expect(clippy::cast_possible_truncation, reason = "a count of units, far below 2^53")]
#[expect(clippy::cast_sign_loss, reason = "both factors are positive")]
fn scaled(count: u64, share: f64) -> u64 {
    ((count as f64 * share.clamp(0.01, 20.0)) as u64).max(1)
}

/// One measurement, checked. `Ok(None)` if the peer has no form of the workload.
fn in_own_process(workload: &Workload, peer: &str, count: u64) -> Result<Option<Outcome>, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut child = Command::new(program)
        .args([MEASURE, workload.name, peer, &count.to_string()])
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| error.to_string())?;
    if !ends_in_time(&mut child)? {
        return Err(format!("no end within {LIMIT:?}, {count} {}", workload.unit));
    }
    let mut text = String::new();
    let mut out = child.stdout.take().ok_or("no output")?;
    out.read_to_string(&mut text).map_err(|error| error.to_string())?;
    judged(workload, count, &text)
}

/// What a process has printed, if it can be believed.
fn judged(workload: &Workload, count: u64, text: &str) -> Result<Option<Outcome>, String> {
    let outcome: Option<Outcome> =
        serde_json::from_str(text).map_err(|_| format!("crashed, {count} {}", workload.unit))?;
    let Some(outcome) = outcome else { return Ok(None) };
    let expected = (workload.expected)(count);
    if outcome.check != expected {
        return Err(format!("wrong result: {} instead of {expected}", outcome.check));
    }
    Ok(Some(outcome))
}

/// Waits for the end of the process, and ends it when the time is over. Its output is one short line, so it fits the pipe.
fn ends_in_time(child: &mut Child) -> Result<bool, String> {
    let start = Instant::now();
    while child.try_wait().map_err(|error| error.to_string())?.is_none() {
        if start.elapsed() > LIMIT {
            let _ = child.kill();
            let _ = child.wait();
            return Ok(false);
        }
        thread::sleep(Duration::from_millis(10));
    }
    Ok(true)
}

/// The other side of [`measure`]: does one measurement and prints it as one line of JSON.
///
/// # Errors
/// Says which of the three words it does not know.
pub fn measure_here(workload: &str, peer: &str, count: &str) -> Result<(), String> {
    let workload = crate::workloads::find(workload).ok_or(format!("no workload {workload}"))?;
    let peer = peers::find(peer).ok_or(format!("no peer {peer}"))?;
    let count = count.parse().map_err(|_| format!("no number: {count}"))?;
    let outcome = (workload.run)(peer, count);
    println!("{}", serde_json::to_string(&outcome).map_err(|error| error.to_string())?);
    Ok(())
}

/// Processor time used so far, in ticks of 10 ms: by all processes, and by this one with its ended children.
#[derive(Clone, Copy)]
struct Load {
    all: u64,
    own: u64,
    at: Instant,
}

impl Load {
    fn now() -> Option<Self> {
        let numbers = |text: &str| -> Vec<u64> {
            text.split_whitespace().filter_map(|word| word.parse().ok()).collect()
        };
        let stat = fs::read_to_string("/proc/stat").ok()?;
        // user, nice, system, (idle, waiting,) interrupts, soft interrupts
        let all = numbers(stat.lines().next()?);
        let own = fs::read_to_string("/proc/self/stat").ok()?;
        let own = numbers(own.rsplit_once(')')?.1);
        // After the name and the letter of the state: 10..14 are utime, stime, cutime, cstime.
        Some(Self {
            all: all.get(..3)?.iter().chain(all.get(5..7)?).sum(),
            own: own.get(10..14)?.iter().sum(),
            at: Instant::now(),
        })
    }

    /// Whether others have used more than a twentieth of a core since.
    fn has_grown_by_others(self) -> bool {
        let Some(now) = Self::now() else { return false };
        let others = (now.all - self.all).saturating_sub(now.own - self.own);
        let ticks = self.at.elapsed().as_millis() / 10;
        u128::from(others) > ticks / 20 + 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workloads::{fan_in, tell_1to1};

    #[track_caller]
    fn is_refused(outcome: &Outcome, because: &str) {
        let text = serde_json::to_string(&Some(outcome)).unwrap();
        let refused = judged(&tell_1to1::WORKLOAD, 4, &text).unwrap_err();
        assert!(refused.contains(because), "{refused}");
    }

    #[test]
    fn a_wrong_result_is_a_failure() {
        let right = Outcome::new(4, Duration::from_secs(1), 6);
        let text = serde_json::to_string(&right).unwrap();
        assert_eq!(judged(&tell_1to1::WORKLOAD, 4, &text), Ok(Some(right.clone())));
        is_refused(&Outcome { check: 5, ..right }, "5 instead of 6");
    }

    #[test]
    fn a_peer_may_have_no_form_but_not_crash() {
        assert_eq!(judged(&tell_1to1::WORKLOAD, 4, "null\n"), Ok(None));
        assert!(judged(&tell_1to1::WORKLOAD, 4, "").unwrap_err().contains("crashed"));
    }

    #[test]
    fn sizes_are_shared_out_evenly() {
        assert_eq!(fan_in::EIGHT.rounded(9), 16);
        assert_eq!(fan_in::EIGHT.rounded(0), 8);
        assert_eq!(scaled(1_000, 1_000.0), 20_000);
        assert_eq!(scaled(1_000, 0.5), 500);
    }
}
