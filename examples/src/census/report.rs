//! The result, as tables and as JSON.

use std::cmp::Reverse;
use std::fmt::Write;

use serde_json::{Value, json};
use zactor::Percentiles;

use crate::census::actors::Machine;
use crate::census::tally::{KindCounts, Note, Tally};
use crate::census::text::Counts;
use crate::census::{Comparison, Run};
use crate::ui;

/// Names of each note in the tables; the JSON has all that are kept.
const NAMES_SHOWN: usize = 5;

pub(crate) struct Report<'a> {
    pub(crate) run: &'a Run,
    pub(crate) machine: &'a Machine,
    pub(crate) comparison: Option<&'a Comparison>,
    pub(crate) top: usize,
}

impl Report<'_> {
    /// Tables for a terminal.
    pub(crate) fn text(&self) -> String {
        let mut parts =
            vec![self.kinds(), self.words(), self.longest_lines(), self.notes(), self.machine()];
        parts.extend(self.comparison.map(verdict));
        parts.retain(|part| !part.is_empty());
        parts.join("\n\n")
    }

    fn kinds(&self) -> String {
        let kinds = by_bytes(&self.tally().kinds);
        let row = |name: &str, counts: &KindCounts| {
            let KindCounts { files, text: Counts { bytes, lines, words, .. } } = *counts;
            let counts = [ui::count(files), ui::count(lines), ui::count(words), ui::bytes(bytes)];
            [name.to_owned()].into_iter().chain(counts).collect()
        };
        let mut rows: Vec<_> =
            kinds.iter().take(self.top).map(|(kind, counts)| row(kind, counts)).collect();
        if kinds.len() > self.top {
            let mut rest = KindCounts::default();
            kinds[self.top..].iter().for_each(|(_, counts)| rest.add(counts));
            rows.push(row(&format!("({} more kinds)", kinds.len() - self.top), &rest));
        }
        rows.push(row("all", &self.tally().total()));
        ui::table(&["kind", "files", "lines", "words", "bytes"], 1, rows).to_string()
    }

    fn words(&self) -> String {
        let most = &self.run.most;
        let words: Vec<String> = most
            .words
            .iter()
            .map(|(word, n)| format!("{} {}", String::from_utf8_lossy(word), ui::count(*n)))
            .collect();
        let overlong = self.tally().total().text.overlong;
        format!(
            "{} different words, {} overlong; most frequent: {}",
            ui::count(most.different),
            ui::count(overlong),
            words.join(", ")
        )
    }

    fn longest_lines(&self) -> String {
        let longest = &self.tally().longest;
        if longest.is_empty() {
            return String::new();
        }
        let row = |(Reverse(bytes), path, number): &(Reverse<u64>, std::path::PathBuf, u64)| {
            vec![format!("{}:{number}", path.display()), ui::count(*bytes)]
        };
        ui::table(&["longest line of a file", "bytes"], 1, longest.iter().map(row).collect())
            .to_string()
    }

    fn notes(&self) -> String {
        let mut out = String::new();
        for (note, noted) in &self.tally().notes {
            let _ = writeln!(out, "{} {}:", ui::count(noted.count), note.name());
            for (path, detail) in noted.names.iter().take(NAMES_SHOWN) {
                let detail = if detail.is_empty() { String::new() } else { format!(" ({detail})") };
                let _ = writeln!(out, "  {}{detail}", path.display());
            }
            if noted.count > NAMES_SHOWN as u64 {
                let _ = writeln!(out, "  ..");
            }
        }
        out.truncate(out.trim_end().len());
        out
    }

    fn machine(&self) -> String {
        let (time, machine, files) = (self.run.time, self.machine, self.tally().total().files);
        let percentiles = |of: &Percentiles| {
            let [p50, p95, p99, max] = [of.p50, of.p95, of.p99, of.max].map(ui::time);
            format!("p50 {p50}, p95 {p95}, p99 {p99}, longest {max}")
        };
        let text = ui::byte_rate(self.tally().text_bytes, time);
        let (actors, workers) = (machine.stats.actors.created, machine.stats.workers);
        let (handled, refused) = (machine.stats.messages.handled, machine.stats.messages.rejected);
        let messages = [ui::count(handled), ui::rate(handled, time), ui::count(refused)];
        ui::facts(&[
            ("time", ui::time(time)),
            ("throughput", format!("{text} of text, {} files", ui::rate(files, time))),
            ("actors", format!("{} on {workers} workers", ui::count(actors))),
            (
                "messages",
                format!("{} handled, {}, {} refused", messages[0], messages[1], messages[2]),
            ),
            ("from send to end", percentiles(&machine.latency.send_to_end)),
            ("handler alone", percentiles(&machine.latency.handler)),
            ("deepest queue", format!("{} ({})", machine.deepest.0, machine.deepest.1)),
            ("peak memory", ui::peak_memory().map_or("unknown".into(), ui::bytes)),
        ])
        .to_string()
    }

    /// The same and more for programs.
    pub(crate) fn json(&self) -> String {
        let tally = self.tally();
        let counts = |counts: &KindCounts| {
            let KindCounts { files, text: Counts { bytes, lines, words, overlong } } = *counts;
            json!({ "files": files, "lines": lines, "words": words, "overlong": overlong, "bytes": bytes })
        };
        let kinds: serde_json::Map<_, _> =
            tally.kinds.iter().map(|(kind, of)| (kind.clone(), counts(of))).collect();
        let words: Vec<Value> = self
            .run
            .most
            .words
            .iter()
            .map(|(word, count)| json!({ "word": String::from_utf8_lossy(word), "count": count }))
            .collect();
        let longest: Vec<Value> = tally.longest.iter()
            .map(|(Reverse(bytes), path, line)| json!({ "path": path.to_string_lossy(), "line": line, "bytes": bytes }))
            .collect();
        let value = json!({
            "kinds": kinds,
            "total": counts(&tally.total()),
            "different_words": self.run.most.different,
            "most_frequent_words": words,
            "longest_lines": longest,
            "notes": notes_json(tally),
            "machine": self.machine_json(),
            "verify": self.comparison.map(|comparison| json!({
                "identical": comparison.differences.is_empty(),
                "differences": comparison.differences,
                "plain_seconds": comparison.plain.as_secs_f64(),
                "actors_seconds": comparison.actors.as_secs_f64(),
                "speedup": comparison.speedup(),
            })),
        });
        format!("{value:#}")
    }

    fn machine_json(&self) -> Value {
        let (time, machine, tally) = (self.run.time, self.machine, self.tally());
        let percentiles = |of: &Percentiles| {
            json!({
                "p50_ns": nanos(of.p50), "p95_ns": nanos(of.p95), "p99_ns": nanos(of.p99),
                "p999_ns": nanos(of.p999), "max_ns": nanos(of.max), "samples": of.samples,
            })
        };
        let messages = machine.stats.messages;
        json!({
            "seconds": time.as_secs_f64(),
            "text_bytes_per_second": ui::per_second(tally.text_bytes, time),
            "files_per_second": ui::per_second(tally.total().files, time),
            "workers": machine.stats.workers,
            "actors": machine.stats.actors.created,
            "messages": messages.handled,
            "messages_per_second": ui::per_second(messages.handled, time),
            "refused": messages.rejected,
            "latency": percentiles(&machine.latency.send_to_end),
            "handler": percentiles(&machine.latency.handler),
            "deepest_queue": { "messages": machine.deepest.0, "actor": machine.deepest.1 },
            "peak_memory_bytes": ui::peak_memory(),
        })
    }

    fn tally(&self) -> &Tally {
        &self.run.counted.tally
    }
}

fn by_bytes(kinds: &std::collections::BTreeMap<String, KindCounts>) -> Vec<(&String, &KindCounts)> {
    let mut sorted: Vec<_> = kinds.iter().collect();
    sorted.sort_by_key(|(_, counts)| Reverse(counts.text.bytes));
    sorted
}

fn verdict(comparison: &Comparison) -> String {
    let (plain, actors) = (ui::time(comparison.plain), ui::time(comparison.actors));
    let times =
        format!("plain loop {plain}, actors {actors}: {:.2} times as fast", comparison.speedup());
    if comparison.differences.is_empty() {
        return format!("verified: every count is the same. {times}");
    }
    format!(
        "THE RESULTS DIFFER (actors and plain loop): {times}\n  {}",
        comparison.differences.join("\n  ")
    )
}

fn notes_json(tally: &Tally) -> Value {
    let note = |note: Note| {
        let noted = tally.notes.get(&note);
        let names = noted.iter().flat_map(|noted| &noted.names);
        let names: Vec<Value> = names
            .map(|(path, detail)| match detail.as_str() {
                "" => json!(path.to_string_lossy()),
                detail => json!({ "path": path.to_string_lossy(), "why": detail }),
            })
            .collect();
        json!({ "count": noted.map_or(0, |noted| noted.count), "names": names })
    };
    let notes: serde_json::Map<_, _> = Note::ALL
        .into_iter()
        .map(|of| (of.name().to_lowercase().replace([' ', '-'], "_"), note(of)))
        .collect();
    Value::Object(notes)
}

fn nanos(time: std::time::Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
