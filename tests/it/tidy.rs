//! The rules of the tree, read from the sources: what leans on what, how long, and where the dangerous is.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// In reading order: a layer uses only those before it.
const LAYERS: [&str; 10] = [
    "sync",
    "queue",
    "message",
    "memory",
    "mailbox",
    "cell",
    "scheduler",
    "supervision",
    "actor",
    "system",
];
/// What an earlier layer may name of a later one all the same (ARCHITECTURE.md), besides the types of `WORDS`.
const NAMED: [(&str, &str); 6] = [
    ("message", "actor::Actor"),
    ("cell", "system::Core"),
    ("scheduler", "system::Core"),
    ("supervision", "system::Core"),
    ("actor", "system::Core"),
    ("actor", "system::ActorSystem"),
];
/// The layer whose plain types are words that all use.
const WORDS: &str = "supervision";
const UNSAFE: [&str; 4] = ["queue", "message", "memory", "cell"];
const MOST_LINES: usize = 400;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

/// A source file: where it lies below the root, its code without comments and unit tests, line by line.
struct Source {
    path: String,
    code: Vec<(usize, String)>,
    text: String,
}

impl Source {
    fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).unwrap();
        let relative = path.strip_prefix(root()).unwrap();
        Self { path: relative.to_str().unwrap().replace('\\', "/"), code: code(&text), text }
    }

    /// The layer that a file of `zactor/src` belongs to.
    fn layer(&self) -> Option<usize> {
        let below = self.path.strip_prefix("zactor/src/")?;
        let first = below.split('/').next()?.trim_end_matches(".rs");
        LAYERS.iter().position(|layer| *layer == first)
    }

    /// Whether it holds nothing but tests or loom models.
    fn is_test(&self) -> bool {
        let name = self.path.rsplit('/').next().unwrap();
        name == "tests.rs"
            || name == "models.rs"
            || self.path.contains("/tests/")
            || self.path.contains("/models/")
    }
}

/// The lines that are code: no blanks, no comments, and nothing from a `#[cfg(.. test ..)] mod` in the file to its end.
fn code(text: &str) -> Vec<(usize, String)> {
    let mut lines = Vec::new();
    let mut skipping_to: Option<String> = None;
    let mut behind_cfg_test = false;
    for (number, line) in text.lines().enumerate() {
        if let Some(closing) = &skipping_to {
            if line == closing {
                skipping_to = None;
            }
            continue;
        }
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with("//") {
            continue;
        }
        let is_test_cfg = trimmed.starts_with("#[cfg(") && trimmed.contains("test");
        let opens_mod = trimmed.starts_with("mod ") || trimmed.starts_with("pub(crate) mod ");
        if behind_cfg_test && opens_mod && trimmed.ends_with('{') {
            let indent = &line[..line.len() - line.trim_start().len()];
            skipping_to = Some(format!("{indent}}}"));
        }
        behind_cfg_test = is_test_cfg || (behind_cfg_test && trimmed.starts_with('#'));
        let without_comment = trimmed.split(" // ").next().unwrap_or(trimmed);
        lines.push((number + 1, without_comment.to_string()));
    }
    lines
}

fn sources(below: &[&str]) -> Vec<Source> {
    let mut found = Vec::new();
    let mut open: Vec<PathBuf> = below.iter().map(|folder| root().join(folder)).collect();
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display())) {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("target") {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(Source::read(&path));
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(!found.is_empty());
    found
}

fn the_crate() -> Vec<Source> {
    sources(&["zactor/src"])
}

#[track_caller]
fn none(mistakes: &[String]) {
    assert!(mistakes.is_empty(), "\n{}\n", mistakes.join("\n"));
}

/// Each `word` that stands in a line with no identifier character around it.
fn has_word(line: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        !line[..at].chars().next_back().is_some_and(is_part)
            && !line[at + word.len()..].chars().next().is_some_and(is_part)
    })
}

/// What a line names of the crate, as `layer::Item`.
fn named(line: &str) -> Vec<String> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let word = |text: &str| text.split(|c| !is_part(c)).next().unwrap_or_default().to_string();
    let mut found = Vec::new();
    for path in line.split("crate::").skip(1) {
        let layer = word(path);
        match path[layer.len()..].strip_prefix("::") {
            None => found.push(layer),
            Some(rest) => match rest.strip_prefix('{') {
                None => found.push(format!("{layer}::{}", word(rest))),
                Some(list) => {
                    // A list that goes on in the next line names the layer as a whole: no exception covers that.
                    let list = list.split_once('}').map_or("", |(list, _)| list);
                    let items = list.split(',').map(|item| word(item.trim()));
                    found.extend(items.map(|item| format!("{layer}::{item}")));
                }
            },
        }
    }
    found
}

#[test]
fn a_layer_uses_only_earlier_layers() {
    let mut mistakes = Vec::new();
    for source in the_crate() {
        let Some(own) = source.layer() else { continue };
        if source.is_test() {
            continue;
        }
        for (number, line) in &source.code {
            for named in named(line) {
                let (layer, item) = named.split_once("::").unwrap_or((&named, ""));
                let is_later = LAYERS[own + 1..].contains(&layer);
                let is_word = layer == WORDS && item.starts_with(char::is_uppercase);
                if is_later && !is_word && !NAMED.contains(&(LAYERS[own], &named)) {
                    let own = LAYERS[own];
                    mistakes.push(format!("{}:{number}: `{own}` uses `{named}`", source.path));
                }
            }
            let through_root = line
                .split("crate::")
                .skip(1)
                .any(|rest| rest.starts_with(|c: char| c.is_uppercase()) || rest.starts_with('{'));
            if through_root && !line.contains("$crate") {
                mistakes.push(format!("{}:{number}: name the layer: {line}", source.path));
            }
        }
    }
    none(&mistakes);
}

#[test]
fn lib_rs_lists_the_layers_in_order() {
    let lib = Source::read(&root().join("zactor/src/lib.rs"));
    let listed: Vec<&str> = lib
        .code
        .iter()
        .filter_map(|(_, line)| line.split("mod ").nth(1)?.strip_suffix(';'))
        .filter(|name| LAYERS.contains(name))
        .collect();
    assert_eq!(listed, LAYERS);
}

#[test]
fn no_file_has_more_than_400_lines_of_code() {
    let mut mistakes = Vec::new();
    let all = ["zactor/src", "zactor-macros/src", "examples", "benches", "tests/src", "tests/it"];
    for source in sources(&all) {
        if !source.is_test() && source.code.len() > MOST_LINES {
            mistakes.push(format!("{}: {} lines of code", source.path, source.code.len()));
        }
    }
    none(&mistakes);
}

#[test]
fn atomics_come_from_sync_alone() {
    let mut mistakes = Vec::new();
    for source in the_crate() {
        if source.path.starts_with("zactor/src/sync/") || source.is_test() {
            continue;
        }
        for (number, line) in &source.code {
            let std_sync = ["std::sync::", "core::sync::"].iter().any(|path| line.contains(path));
            let atomics = std_sync && (line.contains("atomic") || line.contains("Atomic"));
            if atomics || (has_word(line, "fence") && line.contains("fence(")) {
                mistakes.push(format!("{}:{number}: {line}", source.path));
            }
        }
    }
    none(&mistakes);
}

#[test]
fn unsafe_stands_in_four_layers() {
    let mut mistakes = Vec::new();
    for source in the_crate() {
        if source.layer().is_some_and(|layer| UNSAFE.contains(&LAYERS[layer])) {
            continue;
        }
        for (number, line) in &source.code {
            if has_word(line, "unsafe") && !line.starts_with('"') {
                mistakes.push(format!("{}:{number}: {line}", source.path));
            }
        }
    }
    none(&mistakes);
}

#[test]
fn chance_and_time_have_one_place_each() {
    let mut mistakes = Vec::new();
    for source in the_crate() {
        if source.is_test() || source.path.ends_with("scheduler/clock.rs") {
            continue;
        }
        for (number, line) in &source.code {
            for source_of_chance in
                ["Instant::now", "SystemTime", "thread::current().id", "RandomState", "::sleep("]
            {
                if line.contains(source_of_chance) {
                    mistakes.push(format!("{}:{number}: {line}", source.path));
                }
            }
        }
    }
    none(&mistakes);
}

#[test]
fn no_test_sleeps() {
    let mut mistakes = Vec::new();
    for source in sources(&["tests/it", "tests/src", "zactor/src"]) {
        for (number, line) in source.text.lines().enumerate() {
            // What a handler awaits, in the tests that it may, is no wait of the test.
            let line = line.replace(concat!("tokio::time::", "sleep("), "");
            let call =
                ["thread::", "time::"].iter().any(|path| line.contains(&format!("{path}sleep")));
            if call && !source.path.ends_with("tidy.rs") {
                mistakes.push(format!("{}:{}: {line}", source.path, number + 1));
            }
        }
    }
    none(&mistakes);
}

/// Names of all test functions in the workspace.
fn tests() -> BTreeSet<String> {
    let all = ["zactor/src", "zactor-macros/src", "tests", "examples", "benches"];
    let mut names = BTreeSet::new();
    for source in sources(&all) {
        let mut is_test = false;
        for line in source.text.lines().map(str::trim) {
            is_test |= line == "#[test]";
            if let Some(rest) = line.strip_prefix("fn ").filter(|_| is_test) {
                names.insert(rest.split('(').next().unwrap().to_string());
                is_test = false;
            }
        }
        if source.path.ends_with("payload.rs") {
            let made = source.text.lines().filter_map(|line| line.trim().split_once(" A"));
            names.extend(
                made.map(|(name, _)| name.to_string()).filter(|name| name.starts_with("every_")),
            );
        }
    }
    names
}

#[test]
fn every_promise_is_listed_with_its_tests() {
    let text = fs::read_to_string(root().join("docs/semantics.md")).unwrap();
    let rows: Vec<&str> = text.lines().filter(|line| line.starts_with("| S")).collect();
    let tests = tests();
    let mut mistakes = Vec::new();
    let numbers: Vec<u32> = rows
        .iter()
        .map(|row| row[3..].split([' ', '|']).next().unwrap().parse().unwrap_or(0))
        .collect();
    let expected: Vec<u32> = (1..=54).filter(|number| *number != 46).collect();
    assert_eq!(numbers, expected, "each promise has one row, in order");
    let mut named = BTreeSet::new();
    for row in &rows {
        let shown = row.rsplit('|').nth(1).unwrap();
        // What it waits for names words of the language, not tests.
        let (tests_named, waits) = shown.split_once("waits for").unwrap_or((shown, ""));
        let cited: Vec<&str> = tests_named.split('`').skip(1).step_by(2).collect();
        if cited.is_empty() && waits.is_empty() {
            mistakes.push(format!("neither a test nor what it waits for: {row}"));
        }
        for test in cited {
            if tests.contains(test) {
                named.insert(test.to_string());
            } else {
                mistakes.push(format!("no such test: `{test}` in {row}"));
            }
        }
    }
    for test in
        tests.iter().filter(|test| test.starts_with('s') && test.as_bytes()[1].is_ascii_digit())
    {
        if !named.contains(test) {
            mistakes.push(format!("`{test}` is not listed in docs/semantics.md"));
        }
    }
    none(&mistakes);
}

#[test]
fn every_mutant_in_the_code_is_in_the_script_and_the_other_way_round() {
    let script = fs::read_to_string(root().join(".ci/mutants")).unwrap();
    let listed: BTreeSet<String> = script
        .lines()
        .filter_map(|line| line.strip_prefix("mutant "))
        .map(|row| row.split_whitespace().next().unwrap().to_string())
        .collect();
    let mut seeded = BTreeSet::new();
    for source in the_crate() {
        for part in source.text.split("sync::mutant(\"").skip(1) {
            seeded.insert(part.split('"').next().unwrap().to_string());
        }
    }
    assert_eq!(listed, seeded);
}
