//! What a census knows but for the words: counts by kind of file, the longest lines, and files that are out of the
//! ordinary. Tallies of parts add up to the tally of the whole, in whichever order.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::census::text::{Counts, Finished, LongestLine};

/// Files with the longest lines that are kept.
const LONGEST_LINES: usize = 10;
/// Names that are kept for each note, the first in alphabetical order.
const NAMES: usize = 100;

/// Why a file is named in the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Note {
    /// It, or a part of it, could not be read; nothing but what was read is counted.
    Unreadable,
    /// It does not begin as text does; its bytes are counted, nothing else.
    Binary,
    /// It is text, but not in UTF-8; all is counted.
    NotUtf8,
    /// It is larger than most; all is counted.
    Huge,
    /// Neither a file nor a directory: a link (not followed), a socket ..; not counted.
    Special,
}

impl Note {
    pub(crate) const ALL: [Self; 5] =
        [Self::Unreadable, Self::Binary, Self::NotUtf8, Self::Huge, Self::Special];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::Binary => "binary",
            Self::NotUtf8 => "not UTF-8",
            Self::Huge => "huge",
            Self::Special => "special",
        }
    }
}

/// How many files have a note, and the names of some.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Noted {
    pub(crate) count: u64,
    pub(crate) names: BTreeSet<(PathBuf, String)>,
}

/// Files of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct KindCounts {
    pub(crate) files: u64,
    pub(crate) text: Counts,
}

impl KindCounts {
    pub(crate) fn add(&mut self, other: &Self) {
        self.files += other.files;
        self.text.bytes += other.text.bytes;
        self.text.lines += other.text.lines;
        self.text.words += other.text.words;
        self.text.overlong += other.text.overlong;
    }
}

/// Everything but the words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) kinds: BTreeMap<String, KindCounts>,
    /// By length, the longest first, then by path; with the number of the line.
    pub(crate) longest: BTreeSet<(Reverse<u64>, PathBuf, u64)>,
    pub(crate) notes: BTreeMap<Note, Noted>,
    /// Bytes of text; of binary files only the beginning is read.
    pub(crate) text_bytes: u64,
}

impl Tally {
    /// Counts a text that has been read to its end.
    pub(crate) fn text(&mut self, path: PathBuf, text: Finished, huge: u64) {
        self.count(&path, text.counts);
        self.text_bytes += text.counts.bytes;
        if text.counts.bytes >= huge {
            self.note(Note::Huge, path.clone(), String::new());
        }
        if !text.utf8 {
            self.note(Note::NotUtf8, path.clone(), String::new());
        }
        self.line(text.longest, path);
    }

    /// Counts a binary file of `bytes` bytes.
    pub(crate) fn binary(&mut self, path: PathBuf, bytes: u64, huge: u64) {
        self.count(&path, Counts { bytes, ..Counts::default() });
        if bytes >= huge {
            self.note(Note::Huge, path.clone(), String::new());
        }
        self.note(Note::Binary, path, String::new());
    }

    /// Counts and, among the first, names something out of the ordinary.
    pub(crate) fn note(&mut self, note: Note, path: PathBuf, detail: String) {
        let noted = self.notes.entry(note).or_default();
        noted.count += 1;
        insert_bounded(&mut noted.names, (path, detail), NAMES);
    }

    /// Adds another tally to this one.
    pub(crate) fn add(&mut self, other: Self) {
        self.text_bytes += other.text_bytes;
        for (kind, counts) in other.kinds {
            self.kinds.entry(kind).or_default().add(&counts);
        }
        for line in other.longest {
            insert_bounded(&mut self.longest, line, LONGEST_LINES);
        }
        for (note, noted) in other.notes {
            let sum = self.notes.entry(note).or_default();
            sum.count += noted.count;
            for name in noted.names {
                insert_bounded(&mut sum.names, name, NAMES);
            }
        }
    }

    /// All kinds together.
    pub(crate) fn total(&self) -> KindCounts {
        let mut total = KindCounts::default();
        self.kinds.values().for_each(|kind| total.add(kind));
        total
    }

    fn count(&mut self, path: &Path, text: Counts) {
        self.kinds.entry(kind_of(path)).or_default().add(&KindCounts { files: 1, text });
    }

    fn line(&mut self, line: LongestLine, path: PathBuf) {
        if line.bytes > 0 {
            insert_bounded(
                &mut self.longest,
                (Reverse(line.bytes), path, line.number),
                LONGEST_LINES,
            );
        }
    }
}

/// Inserts, and drops the last when there are more than `most`.
fn insert_bounded<T: Ord>(set: &mut BTreeSet<T>, value: T, most: usize) {
    if set.len() < most || set.last().is_some_and(|last| value < *last) {
        set.insert(value);
        if set.len() > most {
            set.pop_last();
        }
    }
}

/// The kind of a file: its extension in lower case. Odd ones share a kind, so that there are not as many as files.
fn kind_of(path: &Path) -> String {
    let Some(extension) = path.extension() else { return "(none)".into() };
    match extension.to_str() {
        Some(name)
            if name.len() <= 12
                && name.bytes().all(|byte| {
                    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'+')
                })
                && name.bytes().any(|byte| byte.is_ascii_alphabetic()) =>
        {
            name.to_ascii_lowercase()
        }
        _ => "(other)".into(),
    }
}

/// What differs between two tallies, in words.
pub(crate) fn differences(a: &Tally, b: &Tally) -> Vec<String> {
    let mut found = Vec::new();
    let kinds: BTreeSet<&String> = a.kinds.keys().chain(b.kinds.keys()).collect();
    for kind in kinds {
        let of = |tally: &Tally| tally.kinds.get(kind).copied().unwrap_or_default();
        if of(a) != of(b) {
            found.push(format!("kind `{kind}`: {:?} and {:?}", of(a), of(b)));
        }
    }
    if a.longest != b.longest {
        found.push(format!("longest lines: {:?} and {:?}", a.longest, b.longest));
    }
    for note in Note::ALL {
        if a.notes.get(&note) != b.notes.get(&note) {
            found.push(format!(
                "{}: {:?} and {:?}",
                note.name(),
                a.notes.get(&note),
                b.notes.get(&note)
            ));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: u64, utf8: bool) -> Finished {
        let counts = Counts { bytes, lines: 1, words: 1, overlong: 0 };
        Finished { counts, longest: LongestLine { bytes, number: 1 }, utf8 }
    }

    #[test]
    fn kinds_are_extensions_in_lower_case() {
        let kinds = [
            "a/b.rs",
            "B.RS",
            "Makefile",
            ".gitignore",
            "x.tar.gz",
            "a.1",
            "b.this-is-no-kind",
            "c.ü",
        ];
        let found: Vec<_> = kinds.iter().map(|path| kind_of(Path::new(path))).collect();
        assert_eq!(found, ["rs", "rs", "(none)", "(none)", "gz", "(other)", "(other)", "(other)"]);
    }

    #[test]
    fn parts_add_up_in_any_order() {
        let part = |from: u64| {
            let mut tally = Tally::default();
            for n in from..from + 200 {
                tally.text(format!("f{}.rs", n * 7 % 400).into(), text(n % 37, n % 2 == 0), 30);
                tally.binary(format!("f{n}.bin").into(), n, 150);
            }
            tally
        };
        let (mut forth, mut back) = (part(0), part(200));
        forth.add(part(200));
        back.add(part(0));
        assert_eq!(forth, back);
        assert_eq!(differences(&forth, &back), Vec::<String>::new());
        assert_eq!(forth.notes[&Note::NotUtf8].count, 200);
        assert_eq!(forth.notes[&Note::Binary].names.len(), NAMES);
        assert_eq!(forth.longest.len(), LONGEST_LINES);
        assert_eq!(forth.total().files, 800);
        back.note(Note::Special, "x".into(), String::new());
        assert_eq!(differences(&forth, &back).len(), 1);
    }
}
