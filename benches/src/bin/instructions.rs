//! How many instructions does a message cost? `instructions [--keep DIR] [SCENARIO..]`
//!
//! Each scenario runs twice under callgrind, in a process of its own on one worker: once with so many messages, once
//! with twice as many. The difference is what the messages cost; start and end of the system cancel out. The figure
//! does not depend on the machine's speed nor on what else runs, so a budget can hold it.
//!
//! Ends with 1 when a scenario costs more than its budget. Without valgrind nothing is counted, and it says so.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::{env, fs};

use clap::Parser;
use zactor_benches::scenarios::{self, Scenario};

/// Counts the instructions of a message, and holds them against a budget.
#[derive(Debug, Parser)]
struct Arguments {
    /// Keep callgrind's files in this folder, for `callgrind_annotate`.
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
    /// Count only these scenarios.
    #[arg(value_name = "SCENARIO", value_parser = known_scenario)]
    scenarios: Vec<String>,
}

/// The switch by which this program calls itself under valgrind: name and count follow it.
const RUN: &str = "run-scenario";

fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    if let [RUN, name, count] = words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        return told(run_here(name, count));
    }
    let arguments = Arguments::parse();
    if !has_valgrind() {
        println!("valgrind is not installed: no instructions were counted");
        return ExitCode::SUCCESS;
    }
    told(count_all(&arguments))
}

fn count_all(arguments: &Arguments) -> Result<(), String> {
    let passing = env::temp_dir().join(format!("zactor-instructions-{}", std::process::id()));
    let folder = arguments.keep.as_ref().unwrap_or(&passing);
    fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    println!("| scenario | instructions | budget |\n|---|---:|---:|");
    let mut over = Vec::new();
    for scenario in chosen(&arguments.scenarios) {
        let each = instructions_each(scenario, folder)?;
        println!("| {} | {each:.1} | {} |", scenario.name, scenario.budget);
        if each > f64::from(scenario.budget) {
            over.push(scenario.name);
        }
    }
    let _ = fs::remove_dir_all(passing);
    if over.is_empty() { Ok(()) } else { Err(format!("over budget: {}", over.join(", "))) }
}

/// The instructions of one message, from two runs of different length.
fn instructions_each(scenario: &Scenario, folder: &Path) -> Result<f64, String> {
    let short = instructions(scenario, scenario.count, folder)?;
    let long = instructions(scenario, 2 * scenario.count, folder)?;
    Ok((long as f64 - short as f64) / scenario.count as f64)
}

/// All instructions of one process that runs the scenario with `count` messages.
fn instructions(scenario: &Scenario, count: u64, folder: &Path) -> Result<u64, String> {
    let out = folder.join(format!("{}-{count}.callgrind", scenario.name));
    let program = env::current_exe().map_err(|error| error.to_string())?;
    let ran = Command::new("valgrind")
        .args(["--tool=callgrind", "--quiet", "--error-exitcode=0"])
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg(program)
        .args([RUN, scenario.name, &count.to_string()])
        .output()
        .map_err(|error| format!("valgrind: {error}"))?;
    if !ran.status.success() {
        let said = String::from_utf8_lossy(&ran.stderr);
        return Err(format!("{}: {}: {said}", scenario.name, ran.status));
    }
    let text = fs::read_to_string(&out).map_err(|error| format!("{}: {error}", out.display()))?;
    total(&text).ok_or(format!("{} has no total", out.display()))
}

/// The total of a file of callgrind's: the sum over all its parts.
fn total(text: &str) -> Option<u64> {
    let totals = text.lines().filter_map(|line| line.strip_prefix("totals:"));
    totals.map(|number| number.trim().parse::<u64>().ok()).sum()
}

fn run_here(name: &str, count: &str) -> Result<(), String> {
    let scenario = scenarios::find(name).ok_or(format!("no scenario {name}"))?;
    let count = count.parse().map_err(|_| format!("no number: {count}"))?;
    (scenario.run)(count)
}

fn has_valgrind() -> bool {
    let asked = Command::new("valgrind").arg("--version").stdout(Stdio::null()).status();
    asked.is_ok_and(|status| status.success())
}

fn chosen(names: &[String]) -> Vec<&'static Scenario> {
    let all = scenarios::ALL.iter();
    all.filter(|scenario| names.is_empty() || names.iter().any(|name| name == scenario.name))
        .collect()
}

fn known_scenario(name: &str) -> Result<String, String> {
    if scenarios::find(name).is_some() {
        return Ok(name.to_owned());
    }
    let names: Vec<_> = scenarios::ALL.iter().map(|scenario| scenario.name).collect();
    Err(format!("allowed are {}", names.join(", ")))
}

fn told(result: Result<(), String>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("instructions: {error}");
            ExitCode::FAILURE
        }
    }
}
