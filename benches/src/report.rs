//! The figures, as tables for people and as JSON for programs.

use std::collections::BTreeMap;
use std::time::Duration;

use comfy_table::{CellAlignment, Table, presets};
use serde::Serialize;

use crate::rounds::Row;
use crate::workloads::Workload;

/// One peer in one workload, as it stands in the JSON file.
#[derive(Clone, Debug, Serialize)]
pub struct Figures {
    /// Units per second, the median of the rounds.
    pub rate: f64,
    /// The slowest round.
    pub min: f64,
    /// The fastest round.
    pub max: f64,
    /// Median latency of one unit, of the median round.
    pub p50_ns: Option<u64>,
    /// 99th percentile of the same.
    pub p99_ns: Option<u64>,
    /// Bytes of one unit, of the median round.
    pub bytes: Option<u64>,
}

impl Figures {
    /// The figures of a row, `None` if it has none.
    pub fn of(row: &Row) -> Option<Self> {
        let median = row.median()?;
        Some(Self {
            rate: median.rate(),
            min: row.outcomes.first()?.rate(),
            max: row.outcomes.last()?.rate(),
            p50_ns: median.p50_ns,
            p99_ns: median.p99_ns,
            bytes: median.bytes,
        })
    }
}

/// All figures: by workload, then by peer.
pub type Report = BTreeMap<&'static str, BTreeMap<&'static str, Figures>>;

/// The table of one workload. The last column says how many times as fast as this row the first one is.
pub fn table(workload: &Workload, rows: &[Row]) -> String {
    let mut table = Table::new();
    table.load_preset(presets::ASCII_MARKDOWN);
    table.set_header(["peer", workload.unit, "min", "max", "p50", "p99", "bytes", "ratio"]);
    for column in 1..8 {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let first = rows.first().and_then(Figures::of);
    for row in rows {
        let Some(figures) = Figures::of(row) else { continue };
        let ratio = first.as_ref().map(|first| first.rate / figures.rate);
        table.add_row([
            row.peer.to_owned(),
            short(figures.rate),
            short(figures.min),
            short(figures.max),
            figures.p50_ns.map_or_else(String::new, nanoseconds),
            figures.p99_ns.map_or_else(String::new, nanoseconds),
            figures.bytes.map_or_else(String::new, |bytes| bytes.to_string()),
            ratio.map_or_else(String::new, |ratio| format!("{ratio:.2}")),
        ]);
    }
    format!("{}: {}\n{table}\n{}", workload.name, workload.about, remarks(rows))
}

/// What must be known about the figures: failures and disturbed measurements.
fn remarks(rows: &[Row]) -> String {
    let mut text = String::new();
    for row in rows {
        if let Some(failure) = &row.failure {
            text += &format!("{}: FAILED, {failure}\n", row.peer);
        }
    }
    let total: usize = rows.iter().map(|row| row.outcomes.len()).sum();
    let repeated: usize = rows.iter().map(|row| row.repeated).sum();
    let disturbed: usize = rows.iter().map(|row| row.disturbed).sum();
    if repeated + disturbed > 0 {
        text += &format!(
            "Other processes ran: {repeated} measurements were repeated, {disturbed} of {total} kept all the same.\n"
        );
    }
    text
}

fn short(rate: f64) -> String {
    match rate {
        _ if rate >= 1e6 => format!("{:.2} M", rate / 1e6),
        _ if rate >= 1e3 => format!("{:.1} k", rate / 1e3),
        _ => format!("{rate:.0}"),
    }
}

fn nanoseconds(nanoseconds: u64) -> String {
    format!("{:.1?}", Duration::from_nanos(nanoseconds))
}
