//! The files of a reader, one piece after the other.

use std::collections::VecDeque;
use std::path::PathBuf;

use crate::census::files::{PIECE, Piece, Reading};
use crate::census::tally::{Note, Tally};

/// A buffer with a piece of a text.
pub(crate) struct Load {
    pub(crate) buffer: Box<[u8]>,
    pub(crate) len: usize,
    /// The file that begins with this piece.
    pub(crate) begins: Option<PathBuf>,
    /// Whether the file ends with this piece.
    pub(crate) ends: bool,
}

impl Load {
    pub(crate) fn empty() -> Self {
        Self { buffer: vec![0; PIECE].into(), len: 0, begins: None, ends: false }
    }
}

/// Files to be read, and the one that is being read. What is not text goes into `tally`.
#[derive(Default)]
pub(crate) struct Supply {
    pub(crate) files: VecDeque<PathBuf>,
    open: Option<Open>,
    pub(crate) tally: Tally,
}

struct Open {
    path: PathBuf,
    reading: Reading,
    begun: bool,
}

impl Supply {
    /// Whether all has been read.
    pub(crate) fn is_empty(&self) -> bool {
        self.files.is_empty() && self.open.is_none()
    }

    /// Puts the next piece of a text into `load`; false if there is none.
    pub(crate) fn next(&mut self, load: &mut Load, huge: u64) -> bool {
        while let Some(Open { path, mut reading, begun }) =
            self.open.take().or_else(|| self.open_next())
        {
            load.len = match reading.read(&mut load.buffer) {
                Piece::Text(len) => len,
                Piece::Broken(len, error) => {
                    self.tally.note(Note::Unreadable, path.clone(), error.to_string());
                    len
                }
                Piece::Binary(bytes) => {
                    self.tally.binary(path, bytes, huge);
                    continue;
                }
            };
            load.begins = (!begun).then(|| path.clone());
            load.ends = load.len < PIECE;
            if !load.ends {
                self.open = Some(Open { path, reading, begun: true });
            }
            return true;
        }
        false
    }

    /// Opens the first of the files that can be opened.
    fn open_next(&mut self) -> Option<Open> {
        while let Some(path) = self.files.pop_front() {
            match Reading::open(&path) {
                Ok(reading) => return Some(Open { path, reading, begun: false }),
                Err(error) => self.tally.note(Note::Unreadable, path, error.to_string()),
            }
        }
        None
    }
}
