//! Finding files and reading them piece by piece, for the actors and the plain loop alike.

use std::fs::{self, File, FileType, ReadDir};
use std::io::{self, Read};
use std::path::PathBuf;
use std::vec;

use crate::census::Job;
use crate::census::tally::{Note, Tally};
use crate::census::text::is_binary;

/// Bytes of a file that are read, handed on and parsed at a time.
pub(crate) const PIECE: usize = 256 << 10;
/// By so much of its beginning a file is taken for text or not.
const BEGINNING: usize = 8 << 10;
/// Directories that are open at a time; deeper ones are listed at once.
const OPEN_DIRECTORIES: usize = 64;

/// All files under some paths, found as they are asked for. Anything else goes into `tally`.
#[derive(Debug)]
pub(crate) struct Walk {
    roots: vec::IntoIter<PathBuf>,
    open: Vec<Directory>,
    skip: Vec<String>,
    pub(crate) tally: Tally,
}

#[derive(Debug)]
enum Directory {
    Open(ReadDir),
    Listed(vec::IntoIter<io::Result<fs::DirEntry>>),
}

impl Walk {
    /// Begins a walk that passes over directories and files named as in `job.skip`.
    pub(crate) fn new(job: &Job) -> Self {
        let (roots, skip) = (job.paths.clone().into_iter(), job.skip.clone());
        Self { roots, open: Vec::new(), skip, tally: Tally::default() }
    }

    fn enter(&mut self, path: PathBuf) {
        match fs::read_dir(&path) {
            Ok(entries) if self.open.len() < OPEN_DIRECTORIES => {
                self.open.push(Directory::Open(entries))
            }
            Ok(entries) => {
                let entries: Vec<_> = entries.collect();
                self.open.push(Directory::Listed(entries.into_iter()));
            }
            Err(error) => self.tally.note(Note::Unreadable, path, error.to_string()),
        }
    }

    /// A file is returned, a directory entered, anything else noted.
    fn visit(&mut self, path: PathBuf, kind: io::Result<FileType>) -> Option<PathBuf> {
        match kind {
            Ok(kind) if kind.is_file() => return Some(path),
            Ok(kind) if kind.is_dir() => self.enter(path),
            Ok(kind) => {
                let what =
                    if kind.is_symlink() { "symbolic link" } else { "device, pipe or socket" };
                self.tally.note(Note::Special, path, what.into());
            }
            Err(error) => self.tally.note(Note::Unreadable, path, error.to_string()),
        }
        None
    }
}

impl Iterator for Walk {
    type Item = PathBuf;

    fn next(&mut self) -> Option<PathBuf> {
        loop {
            let Some(directory) = self.open.last_mut() else {
                let root = self.roots.next()?;
                let kind = fs::metadata(&root).map(|metadata| metadata.file_type());
                match self.visit(root, kind) {
                    Some(file) => return Some(file),
                    None => continue,
                }
            };
            let entry = match directory {
                Directory::Open(entries) => entries.next(),
                Directory::Listed(entries) => entries.next(),
            };
            match entry {
                None => drop(self.open.pop()),
                Some(Err(error)) => {
                    self.tally.note(
                        Note::Unreadable,
                        PathBuf::from("(entry of a directory)"),
                        error.to_string(),
                    );
                }
                Some(Ok(entry))
                    if self.skip.iter().any(|name| entry.file_name() == name.as_str()) => {}
                Some(Ok(entry)) => {
                    if let Some(file) = self.visit(entry.path(), entry.file_type()) {
                        return Some(file);
                    }
                }
            }
        }
    }
}

/// A file that is being read.
#[derive(Debug)]
pub(crate) struct Reading {
    file: File,
    begun: bool,
}

/// What came of reading on.
#[derive(Debug)]
pub(crate) enum Piece {
    /// So many bytes of text; the buffer is full unless this is the last piece.
    Text(usize),
    /// The file is not text, and of this size; there is no more to read.
    Binary(u64),
    /// The text up to here, then an error; there is no more to read.
    Broken(usize, io::Error),
}

impl Reading {
    pub(crate) fn open(path: &PathBuf) -> io::Result<Self> {
        Ok(Self { file: File::open(path)?, begun: false })
    }

    /// Fills `buffer` with what comes next.
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> Piece {
        let (len, error) = fill(&mut self.file, buffer);
        if !std::mem::replace(&mut self.begun, true) && is_binary(&buffer[..len.min(BEGINNING)]) {
            return Piece::Binary(
                self.file.metadata().map_or(len as u64, |metadata| metadata.len()),
            );
        }
        match error {
            Some(error) => Piece::Broken(len, error),
            None => Piece::Text(len),
        }
    }
}

fn fill(file: &mut impl Read, buffer: &mut [u8]) -> (usize, Option<io::Error>) {
    let mut len = 0;
    while len < buffer.len() {
        match file.read(&mut buffer[len..]) {
            Ok(0) => break,
            Ok(read) => len += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return (len, Some(error)),
        }
    }
    (len, None)
}
