//! All mistakes of one attribute: each at its own token, each with the cure, reported together.
use std::fmt::{Display, Write as _};

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::Error;

/// What was found wrong so far. Steps go on after a mistake with what they could understand.
#[derive(Default)]
pub(crate) struct Mistakes {
    all: Option<Error>,
    everything_available: bool,
}

impl Mistakes {
    /// A mistake shown under all of `tokens`.
    pub(crate) fn at(&mut self, tokens: impl ToTokens, text: impl Display) {
        self.push(Error::new_spanned(tokens, text));
    }

    /// A mistake shown at `span`.
    pub(crate) fn at_span(&mut self, span: Span, text: impl Display) {
        self.push(Error::new(span, text));
    }

    pub(crate) fn push(&mut self, error: Error) {
        match &mut self.all {
            None => self.all = Some(error),
            Some(all) => all.combine(error),
        }
    }

    /// Refuses at `tokens` what is parsed and checked in full, but belongs to a later version.
    pub(crate) fn later(&mut self, what: &str, tokens: impl ToTokens) {
        if !self.everything_available {
            self.at(tokens, format_args!("{what} not available in this version of zactor"));
        }
    }

    /// The mistakes as `compile_error!`s; nothing if there are none.
    pub(crate) fn into_compile_errors(self) -> TokenStream {
        self.all.map(Error::into_compile_error).unwrap_or_default()
    }
}

#[cfg(test)]
impl Mistakes {
    /// Refuses nothing for being of a later version.
    pub(crate) fn with_everything_available() -> Self {
        Mistakes { all: None, everything_available: true }
    }

    /// The texts, in the order in which they were found.
    pub(crate) fn texts(&self) -> Vec<String> {
        self.all.iter().flatten().map(|error| error.to_string()).collect()
    }
}

/// ``unknown key `mailbx`, did you mean `mailbox`?`` or, with nothing alike, what is allowed.
pub(crate) fn unknown(what: &str, word: &str, allowed: &[&str]) -> String {
    let mut text = format!("unknown {what} `{word}`");
    match closest(word, allowed) {
        Some(close) => write!(text, ", did you mean `{close}`?"),
        None => write!(text, ", allowed are {}", listed(allowed)),
    }
    .expect("writing to a string cannot fail");
    text
}

/// `` `a`, `b` and `c` ``
pub(crate) fn listed(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.as_slice() {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// The word of `allowed` that `word` was meant to be: at most a third of its letters differ.
pub(crate) fn closest<'a>(word: &str, allowed: &[&'a str]) -> Option<&'a str> {
    let near = allowed.iter().map(|&candidate| (distance(word, candidate), candidate));
    let (distance, candidate) = near.min_by_key(|&(distance, _)| distance)?;
    (distance <= candidate.chars().count().div_ceil(3)).then_some(candidate)
}

/// Letters to insert, delete or replace to get from one word to the other.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, &b) in to.iter().enumerate() {
            let replaced = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_word_is_answered_with_the_right_one() {
        let allowed = ["mailbox", "batch", "priority"];
        assert_eq!(
            unknown("key", "mailbx", &allowed),
            "unknown key `mailbx`, did you mean `mailbox`?"
        );
        assert_eq!(unknown("key", "bacth", &allowed), "unknown key `bacth`, did you mean `batch`?");
        assert_eq!(
            unknown("key", "zebra", &allowed),
            "unknown key `zebra`, allowed are `mailbox`, `batch` and `priority`"
        );
    }

    #[test]
    fn distance_counts_edits() {
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abc", "abc"), 0);
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
