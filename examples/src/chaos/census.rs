//! The census: each file is a job of one step; a worker adds up what it has read, words and all.

use std::path::PathBuf;

use crate::census::Job;
use crate::census::files::{PIECE, Walk};
use crate::census::plain;
use crate::census::tally::{Note, Tally};
use crate::census::vocabulary::{Limit, Vocabulary};
use crate::census::words::WordMap;
use crate::chaos::work::{Work, index};

/// Workers that share the files.
const WORKERS: usize = 16;

/// Some files, each to be counted once.
pub(crate) struct Census {
    job: Job,
    files: Vec<PathBuf>,
}

/// What has been counted in some files.
#[derive(Clone, PartialEq)]
pub(crate) struct Sum {
    pub(crate) tally: Tally,
    pub(crate) words: WordMap,
}

impl Default for Sum {
    fn default() -> Self {
        Self { tally: Tally::default(), words: WordMap::new() }
    }
}

impl Census {
    /// All files of the job, in alphabetical order: the plan of faults goes by their numbers.
    pub(crate) fn new(job: Job) -> Self {
        let mut files: Vec<_> = Walk::new(&job).collect();
        files.sort_unstable();
        Self { job, files }
    }
}

impl Work for Census {
    type State = Sum;
    type Effect = Sum;
    const STEPS: u64 = 1;

    fn jobs(&self) -> u64 {
        self.files.len() as u64
    }

    fn workers(&self) -> usize {
        WORKERS
    }

    fn worker(&self, task: u64) -> usize {
        index(task) % WORKERS
    }

    fn perform(&self, task: u64) -> Sum {
        let path = &self.files[index(task)];
        let (mut tally, mut words) = (Tally::default(), Vocabulary::new(Limit::NONE));
        let mut buffer = vec![0; PIECE];
        let counted = plain::file(&self.job, path.clone(), &mut buffer, &mut tally, &mut words);
        if let Err(error) = counted {
            tally.note(Note::Unreadable, path.clone(), error.to_string());
        }
        Sum { tally, words: words.into_map() }
    }

    fn add(sum: &mut Sum, file: &Sum) {
        sum.tally.add(file.tally.clone());
        for (hash, word, count) in file.words.iter() {
            sum.words.add(hash, word, count);
        }
    }
}
