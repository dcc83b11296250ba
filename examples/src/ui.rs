//! What all examples need: how they end, and how numbers, tables and progress look.

use std::error::Error;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::time::Duration;

use comfy_table::{CellAlignment, Table, presets};
use indicatif::{ProgressBar, ProgressStyle};
use zactor::prelude::SendError;

/// The code to exit with: 1 when a check of the example itself failed. An error exits with 2.
pub(crate) type Outcome = Result<ExitCode, Failed>;
pub(crate) type Failed = Box<dyn Error + Send + Sync>;

/// The end of an example that checked itself.
pub(crate) fn checked(right: bool) -> ExitCode {
    if right { ExitCode::SUCCESS } else { ExitCode::from(1) }
}

/// In the examples no mailbox is ever full, for nobody sends more than it was given credit for. A refusal is a mistake.
pub(crate) trait Delivered {
    /// Fails the actor that sent.
    fn delivered(self);
}

impl<M> Delivered for Result<(), SendError<M>> {
    #[track_caller]
    fn delivered(self) {
        if let Err(error) = self {
            panic!("`{}` was refused: {error}", std::any::type_name::<M>());
        }
    }
}

/// Prints to standard output; a reader that has gone away (`| head`) is no error.
pub(crate) fn print(text: &str) -> io::Result<()> {
    match writeln!(io::stdout(), "{text}") {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

/// A table whose columns but the first `left` ones are numbers.
pub(crate) fn table(header: &[&str], left: usize, rows: Vec<Vec<String>>) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_BORDERS_ONLY).set_header(header.to_vec()).add_rows(rows);
    for column in table.column_iter_mut().skip(left) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// A table of names and values.
pub(crate) fn facts(rows: &[(&str, String)]) -> Table {
    let rows = rows.iter().map(|(name, value)| vec![(*name).to_owned(), value.clone()]);
    let mut table = Table::new();
    table.load_style(presets::UTF8_BORDERS_ONLY).add_rows(rows);
    table
}

/// `1234567` as `1,234,567`.
pub(crate) fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

const BYTES: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];

/// A number of bytes with a unit that suits it.
pub(crate) fn bytes(n: u64) -> String {
    scaled(n as f64, 1024.0, &BYTES)
}

/// A duration with a unit that suits it.
pub(crate) fn time(time: Duration) -> String {
    scaled(time.as_nanos() as f64, 1000.0, &["ns", "µs", "ms", "s"])
}

/// How many a second.
pub(crate) fn rate(n: u64, time: Duration) -> String {
    let units = ["", "thousand", "million", "billion"];
    format!("{}/s", scaled(per_second(n, time), 1000.0, &units).trim_end())
}

/// How many bytes a second.
pub(crate) fn byte_rate(n: u64, time: Duration) -> String {
    format!("{}/s", scaled(per_second(n, time), 1024.0, &BYTES))
}

/// `n` in `time`, by the second.
pub(crate) fn per_second(n: u64, time: Duration) -> f64 {
    n as f64 / time.as_secs_f64().max(1e-9)
}

fn scaled(mut n: f64, step: f64, units: &[&str]) -> String {
    let mut unit = 0;
    while n >= step && unit + 1 < units.len() {
        n /= step;
        unit += 1;
    }
    let digits = if n.fract() == 0.0 && unit == 0 || n >= 100.0 {
        0
    } else if n >= 10.0 {
        1
    } else {
        2
    };
    format!("{n:.digits$} {}", units[unit])
}

/// Bytes done so far, drawn on standard error if that is a terminal.
pub(crate) struct Progress(ProgressBar);

impl Progress {
    /// Without a `total` that is known beforehand there is no bar, but what has been done and how fast.
    pub(crate) fn new(what: &'static str, total: Option<u64>) -> Self {
        if !io::stderr().is_terminal() {
            return Self(ProgressBar::hidden());
        }
        let (bar, template) = match total {
            Some(total) => (
                ProgressBar::new(total),
                "{prefix} [{wide_bar}] {bytes}/{total_bytes} {binary_bytes_per_sec} {msg}",
            ),
            None => (
                ProgressBar::no_length(),
                "{spinner} {prefix} {bytes} {binary_bytes_per_sec} {msg}",
            ),
        };
        let style =
            ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        Self(bar.with_style(style).with_prefix(what))
    }

    pub(crate) fn set(&self, bytes: u64, files: u64) {
        self.0.set_message(format!("{} files", count(files)));
        self.0.set_position(bytes);
    }

    pub(crate) fn add(&self, bytes: u64) {
        self.0.inc(bytes);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// The most memory this process ever had, where the operating system tells.
pub(crate) fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse::<u64>().ok().map(|kib| kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_and_scaled() {
        assert_eq!(
            [0, 12, 123, 1_234, 1_234_567].map(count),
            ["0", "12", "123", "1,234", "1,234,567"]
        );
        assert_eq!([0, 1023, 1536, 200 << 20].map(bytes), ["0 B", "1023 B", "1.50 KiB", "200 MiB"]);
        assert_eq!(time(Duration::from_micros(12_345)), "12.3 ms");
        assert_eq!(rate(3_000_000, Duration::from_secs(2)), "1.50 million/s");
        assert_eq!(rate(30, Duration::from_secs(2)), "15/s");
    }
}
