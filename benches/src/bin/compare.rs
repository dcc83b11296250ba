//! zactor beside its peers, in one run: `compare [--quick] [--json FILE] [--peer PEER].. [WORKLOAD..]`.
//!
//! Ends with 1 when a workload's result was wrong, a measurement crashed or did not end.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;
use std::{fs, io};

use clap::Parser;
use zactor_benches::peers::{self, Peer};
use zactor_benches::report::{self, Figures, Report};
use zactor_benches::rounds::{self, MEASURE, Plan};
use zactor_benches::workloads::{self, Workload};

/// Measures zactor beside its peers: in turn, within one run, each measurement in a process of its own.
#[derive(Debug, Parser)]
struct Arguments {
    /// Fewer and shorter rounds: minutes instead of a quarter of an hour.
    #[arg(long)]
    quick: bool,
    /// Write the figures to this file, as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Measure only these peers. The first one given is what the ratio refers to.
    #[arg(long = "peer", value_name = "PEER", value_parser = known_peer)]
    peers: Vec<String>,
    /// How often each is measured: the default is 5, with --quick 3.
    #[arg(long, value_name = "NUMBER")]
    rounds: Option<usize>,
    /// Say what each workload does, and end.
    #[arg(long)]
    list: bool,
    /// Measure only these workloads.
    #[arg(value_name = "WORKLOAD", value_parser = known_workload)]
    workloads: Vec<String>,
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if let [MEASURE, workload, peer, count] =
        words.iter().map(String::as_str).collect::<Vec<_>>().as_slice()
    {
        return told(rounds::measure_here(workload, peer, count));
    }
    let arguments = Arguments::parse();
    if arguments.list {
        for workload in workloads::ALL {
            println!("{:15} {:12} {}", workload.name, workload.unit, workload.about);
        }
        return ExitCode::SUCCESS;
    }
    told(run(&arguments))
}

fn run(arguments: &Arguments) -> Result<(), String> {
    let quick = arguments.quick;
    let rounds = arguments.rounds.unwrap_or(if quick { 3 } else { 5 }).max(1);
    let time = Duration::from_millis(if quick { 300 } else { 1_000 });
    let plan = Plan { rounds, time, quick };
    if let Some(file) = &arguments.json {
        // Better known now than when everything has been measured.
        fs::OpenOptions::new().append(true).create(true).open(file).map_err(at(file))?;
    }
    let peers = chosen_peers(&arguments.peers);
    let mut report = Report::new();
    let mut failures = 0;
    for workload in chosen_workloads(&arguments.workloads) {
        let rows = rounds::measure(workload, &peers, plan);
        println!("{}", report::table(workload, &rows));
        failures += rows.iter().filter(|row| row.failure.is_some()).count();
        let figures = rows.iter().filter_map(|row| Some((row.peer, Figures::of(row)?)));
        report.insert(workload.name, figures.collect());
    }
    if let Some(file) = &arguments.json {
        let text = serde_json::to_string_pretty(&report).map_err(|error| error.to_string())?;
        fs::write(file, text + "\n").map_err(at(file))?;
    }
    if failures > 0 {
        return Err(format!("{failures} failed, see above"));
    }
    Ok(())
}

fn at(file: &Path) -> impl Fn(io::Error) -> String {
    move |error| format!("{}: {error}", file.display())
}

fn chosen_peers(names: &[String]) -> Vec<&'static dyn Peer> {
    match names {
        [] => peers::ALL.to_vec(),
        names => names.iter().filter_map(|name| peers::find(name)).collect(),
    }
}

fn chosen_workloads(names: &[String]) -> Vec<&'static Workload> {
    match names {
        [] => workloads::ALL.iter().collect(),
        names => names.iter().filter_map(|name| workloads::find(name)).collect(),
    }
}

fn known_workload(name: &str) -> Result<String, String> {
    let names: Vec<_> = workloads::ALL.iter().map(|workload| workload.name).collect();
    known(name, &names)
}

fn known_peer(name: &str) -> Result<String, String> {
    let names: Vec<_> = peers::ALL.iter().map(|peer| peer.name()).collect();
    known(name, &names)
}

fn known(name: &str, names: &[&str]) -> Result<String, String> {
    if names.contains(&name) {
        return Ok(name.to_owned());
    }
    Err(format!("allowed are {}", names.join(", ")))
}

fn told(result: Result<(), String>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("compare: {error}");
            ExitCode::FAILURE
        }
    }
}
