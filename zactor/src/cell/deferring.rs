//! The ask whose deferred handler runs on a thread: what its right to answer needs to know when it is used up there.

use std::cell::Cell;

use super::answer::Answer;

/// See the module.
#[derive(Default)]
pub(crate) struct Deferring {
    /// The ask, as a message carries it; 0: none.
    word: Cell<u64>,
    failing: Cell<bool>,
    /// Its right to answer, when that was dropped by a failure: whoever counts the failure ends the ask with it.
    orphan: Cell<Option<Answer>>,
}

impl Deferring {
    /// A deferred handler begins.
    pub(crate) fn begin(&self, answer: &Answer) {
        self.word.set(answer.word());
        self.failing.set(false);
    }

    /// The handler has returned, or failed. What is left of its right to answer.
    pub(crate) fn end(&self) -> Option<Answer> {
        self.word.set(0);
        self.orphan.take()
    }

    /// The running handler has failed, and goes on.
    pub(crate) fn fail(&self) {
        self.failing.set(true);
    }

    /// Whether the handler of this ask runs here.
    pub(crate) fn is_of(&self, answer: &Answer) -> bool {
        self.word.get() == answer.word()
    }

    /// Whether the handler of this ask runs here, and has failed.
    pub(crate) fn has_failed(&self, answer: &Answer) -> bool {
        self.is_of(answer) && (self.failing.get() || std::thread::panicking())
    }

    /// See `orphan`.
    pub(crate) fn leave(&self, answer: Answer) {
        self.orphan.set(Some(answer));
    }
}
