//! The threads of a system: how they are made, and those that are joined at its end.

use std::io;
use std::thread::{Builder, JoinHandle};

use super::around::Around;
use crate::sync::{Mutex, lock};

/// See the module.
pub(crate) struct Threads {
    around: Option<Around>,
    /// Bytes of a stack, if not the default.
    stack: Option<usize>,
    kept: Mutex<Vec<JoinHandle<()>>>,
}

impl Threads {
    pub(super) fn new(around: Option<Around>, stack: Option<usize>) -> Self {
        Threads { around, stack, kept: Mutex::default() }
    }

    /// Starts a thread that runs what may be the user's.
    pub(crate) fn start(
        &self,
        name: String,
        work: impl FnOnce() + Send + 'static,
    ) -> io::Result<JoinHandle<()>> {
        let mut thread = Builder::new().name(name);
        if let Some(bytes) = self.stack {
            thread = thread.stack_size(bytes);
        }
        let around = self.around.clone();
        thread.spawn(move || Around::run(around.as_ref(), work))
    }

    /// It is joined at the end of the system, or when it has ended and another one is kept.
    pub(crate) fn keep(&self, thread: JoinHandle<()>) {
        let mut kept = lock(&self.kept);
        for ended in kept.extract_if(.., |thread| thread.is_finished()) {
            // What it ran of the user's is caught: it has not panicked.
            let _ = ended.join();
        }
        kept.push(thread);
    }

    pub(super) fn take(&self) -> Vec<JoinHandle<()>> {
        std::mem::take(&mut *lock(&self.kept))
    }
}
