//! Lines, words and UTF-8 of one text that arrives in pieces: no line, word or character needs to lie within one piece.
//!
//! A *word* is a run of letters, digits, `_` and bytes above 127 that does not begin with a digit. Of a run that
//! the end of a piece cuts, at most [`LONGEST_WORD`] bytes are kept until the next piece, of a line only its length.

/// Longer words are counted as overlong, and not stored.
pub(crate) const LONGEST_WORD: usize = 64;

/// What a text consists of. `lines` counts a last line without a line feed as well.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) bytes: u64,
    pub(crate) lines: u64,
    pub(crate) words: u64,
    /// Of the words, those over [`LONGEST_WORD`] bytes.
    pub(crate) overlong: u64,
}

/// The longest line, the first of several: its length in bytes without the line feed, and its number from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LongestLine {
    pub(crate) bytes: u64,
    pub(crate) number: u64,
}

/// What is known of a text after its last piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Finished {
    pub(crate) counts: Counts,
    pub(crate) longest: LongestLine,
    pub(crate) utf8: bool,
}

/// A text, as far as it has been fed.
#[derive(Debug)]
pub(crate) struct Text {
    counts: Counts,
    longest: LongestLine,
    /// Bytes of the current line in earlier pieces.
    line: u64,
    /// The run that the last piece ended in: its length, and as much of it as a word may have.
    run: u64,
    held: [u8; LONGEST_WORD],
    utf8: Utf8,
}

impl Default for Text {
    fn default() -> Self {
        Self {
            counts: Counts::default(),
            longest: LongestLine::default(),
            line: 0,
            run: 0,
            held: [0; LONGEST_WORD],
            utf8: Utf8::default(),
        }
    }
}

impl Text {
    /// Counts one more piece; `word` sees each word that ended in it.
    pub(crate) fn feed(&mut self, piece: &[u8], mut word: impl FnMut(&[u8])) {
        self.counts.bytes += piece.len() as u64;
        self.utf8.feed(piece);
        let mut at = if self.run > 0 { self.resume(piece, &mut word) } else { 0 };
        let mut line_start = 0;
        while let Some(&byte) = piece.get(at) {
            match CLASS[byte as usize] {
                Class::Other => at += 1,
                Class::LineFeed => {
                    self.end_line((at - line_start) as u64);
                    at += 1;
                    line_start = at;
                }
                Class::Digit | Class::Letter => {
                    let run = &piece[at..end_of_run(piece, at + 1)];
                    at += run.len();
                    if at == piece.len() {
                        self.hold(run);
                    } else {
                        self.end_run(run, &mut word);
                    }
                }
            }
        }
        self.line += (piece.len() - line_start) as u64;
    }

    /// The text has ended; `word` sees the word that it ended with, if it did.
    pub(crate) fn finish(mut self, mut word: impl FnMut(&[u8])) -> Finished {
        self.end_held(&mut word);
        if self.line > 0 {
            self.end_line(0);
        }
        Finished { counts: self.counts, longest: self.longest, utf8: self.utf8.finish() }
    }

    fn end_line(&mut self, bytes: u64) {
        let bytes = self.line + bytes;
        self.line = 0;
        self.counts.lines += 1;
        if bytes > self.longest.bytes {
            self.longest = LongestLine { bytes, number: self.counts.lines };
        }
    }

    fn end_run(&mut self, run: &[u8], word: &mut impl FnMut(&[u8])) {
        if run[0].is_ascii_digit() {
            return;
        }
        self.counts.words += 1;
        if run.len() > LONGEST_WORD {
            self.counts.overlong += 1;
        } else {
            word(run);
        }
    }

    /// Keeps the part of a run that the end of the piece cut off.
    fn hold(&mut self, part: &[u8]) {
        let held = LONGEST_WORD.min(usize::try_from(self.run).unwrap_or(LONGEST_WORD));
        let kept = part.len().min(LONGEST_WORD - held);
        self.held[held..held + kept].copy_from_slice(&part[..kept]);
        self.run += part.len() as u64;
    }

    /// The run held back goes on with this piece; returns where it ends.
    fn resume(&mut self, piece: &[u8], word: &mut impl FnMut(&[u8])) -> usize {
        let end = end_of_run(piece, 0);
        self.hold(&piece[..end]);
        if end < piece.len() {
            self.end_held(word);
        }
        end
    }

    fn end_held(&mut self, word: &mut impl FnMut(&[u8])) {
        let (run, held) = (std::mem::take(&mut self.run), self.held);
        match usize::try_from(run) {
            Ok(0) => {}
            Ok(len) if len <= LONGEST_WORD => self.end_run(&held[..len], word),
            _ if held[0].is_ascii_digit() => {}
            _ => {
                self.counts.words += 1;
                self.counts.overlong += 1;
            }
        }
    }
}

/// Whether text never looks like this, judged by its beginning: a control byte that is not white space, backspace or escape.
pub(crate) fn is_binary(beginning: &[u8]) -> bool {
    beginning.iter().any(|&byte| byte < b' ' && !matches!(byte, 8..=13 | 27))
}

/// Whether the pieces so far are UTF-8, up to a character that the last piece cut.
#[derive(Debug, Default)]
struct Utf8 {
    wrong: bool,
    cut: Vec<u8>,
}

impl Utf8 {
    fn feed(&mut self, mut piece: &[u8]) {
        while !self.cut.is_empty() && !piece.is_empty() && !self.wrong {
            self.cut.push(piece[0]);
            piece = &piece[1..];
            match std::str::from_utf8(&self.cut) {
                Ok(_) => self.cut.clear(),
                Err(error) => self.wrong = error.error_len().is_some(),
            }
        }
        if self.wrong {
            return;
        }
        if let Err(error) = std::str::from_utf8(piece) {
            match error.error_len() {
                Some(_) => self.wrong = true,
                None => self.cut.extend_from_slice(&piece[error.valid_up_to()..]),
            }
        }
    }

    fn finish(&self) -> bool {
        !self.wrong && self.cut.is_empty()
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Class {
    Other,
    LineFeed,
    Digit,
    Letter,
}

const CLASS: [Class; 256] = {
    let mut class = [Class::Other; 256];
    let mut byte = 0_u8;
    loop {
        class[byte as usize] = match byte {
            b'\n' => Class::LineFeed,
            b'0'..=b'9' => Class::Digit,
            b'a'..=b'z' | b'A'..=b'Z' | b'_' | 128..=255 => Class::Letter,
            _ => Class::Other,
        };
        if byte == u8::MAX {
            break class;
        }
        byte += 1;
    }
};

fn end_of_run(piece: &[u8], from: usize) -> usize {
    let rest = &piece[from..];
    let more =
        rest.iter().position(|&byte| !matches!(CLASS[byte as usize], Class::Letter | Class::Digit));
    from + more.unwrap_or(rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds `text` in pieces of `size` bytes.
    fn read(text: &[u8], size: usize) -> (Finished, Vec<Vec<u8>>) {
        let (mut reading, mut words) = (Text::default(), Vec::new());
        for piece in text.chunks(size) {
            reading.feed(piece, |word| words.push(word.to_vec()));
        }
        let finished = reading.finish(|word| words.push(word.to_vec()));
        (finished, words)
    }

    #[test]
    fn words_are_runs_that_do_not_begin_with_a_digit() {
        let (finished, words) = read("let x_1 = 0x1F + 2nd; naïve\n".as_bytes(), 100);
        let expected: Vec<&[u8]> = vec![b"let", b"x_1", "naïve".as_bytes()];
        assert_eq!(words, expected);
        assert_eq!(finished.counts, Counts { bytes: 29, lines: 1, words: 3, overlong: 0 });
    }

    #[test]
    fn pieces_of_any_size_give_the_same() {
        let long = "w".repeat(64);
        let overlong = "w".repeat(65);
        let number = "7".repeat(300);
        let text =
            format!("a\n\nbéta 12ab {long} {overlong}\r\n{number} {overlong}{overlong}\nend\n\nü");
        let (whole, words) = read(text.as_bytes(), text.len());
        assert_eq!((whole.counts.lines, whole.counts.words, whole.counts.overlong), (7, 7, 2));
        assert_eq!(whole.longest, LongestLine { bytes: 300 + 1 + 130, number: 4 });
        assert!(whole.utf8);
        for size in 1..text.len() {
            assert_eq!(read(text.as_bytes(), size), (whole, words.clone()), "pieces of {size}");
        }
    }

    #[test]
    fn empty_text_has_no_line_and_a_last_line_needs_no_line_feed() {
        assert_eq!(read(b"", 1).0.counts, Counts::default());
        assert_eq!(read(b"a", 1).0.counts.lines, 1);
        assert_eq!(read(b"a\n", 1).0.counts.lines, 1);
        assert_eq!(read(b"\n\n", 1).0.counts.lines, 2);
    }

    #[test]
    fn a_character_cut_at_the_end_is_not_utf8() {
        for size in 1..5 {
            assert!(read("aü€𝄞".as_bytes(), size).0.utf8);
            assert!(!read(&"a€".as_bytes()[..3], size).0.utf8);
            assert!(!read(b"a\xFFb", size).0.utf8);
            assert!(!read(b"\xE2\x82a", size).0.utf8);
        }
    }

    #[test]
    fn control_bytes_make_a_file_binary() {
        assert!(is_binary(b"a\0b") && is_binary(b"\x01"));
        assert!(
            !is_binary(b"a\tb\r\n\x0c\x1b[1m") && !is_binary(b"") && !is_binary("ü".as_bytes())
        );
    }
}
