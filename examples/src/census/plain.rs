//! The same census by a plain loop on one thread: what the actors are compared with.

use std::io;
use std::path::PathBuf;

use crate::census::files::{PIECE, Piece, Reading, Walk};
use crate::census::tally::{Note, Tally};
use crate::census::text::Text;
use crate::census::vocabulary::Vocabulary;
use crate::census::{Counted, Job};

/// Counts everything; `see` hears of each file and its bytes.
pub(crate) fn count(job: &Job, mut see: impl FnMut(u64)) -> io::Result<Counted> {
    let mut words = Vocabulary::new(job.limit);
    let mut tally = Tally::default();
    let mut buffer = vec![0; PIECE];
    let mut walk = Walk::new(job);
    for path in walk.by_ref() {
        see(file(job, path, &mut buffer, &mut tally, &mut words)?);
    }
    tally.add(walk.tally);
    Ok(Counted { tally, words: vec![words] })
}

/// Counts one file; returns how many bytes it has.
pub(crate) fn file(
    job: &Job,
    path: PathBuf,
    buffer: &mut [u8],
    tally: &mut Tally,
    words: &mut Vocabulary,
) -> io::Result<u64> {
    let mut reading = match Reading::open(&path) {
        Ok(reading) => reading,
        Err(error) => {
            tally.note(Note::Unreadable, path, error.to_string());
            return Ok(0);
        }
    };
    let mut text = Text::default();
    loop {
        let len = match reading.read(buffer) {
            Piece::Text(len) => len,
            Piece::Binary(bytes) => {
                tally.binary(path, bytes, job.huge);
                return Ok(bytes);
            }
            Piece::Broken(len, error) => {
                tally.note(Note::Unreadable, path.clone(), error.to_string());
                len
            }
        };
        text.feed(&buffer[..len], |word| words.count(word));
        words.spill_when_full()?;
        if len < buffer.len() {
            let finished = text.finish(|word| words.count(word));
            tally.text(path, finished, job.huge);
            return Ok(finished.counts.bytes);
        }
    }
}
