//! The thread of one actor: `dispatcher = pinned`.
//!
//! It takes the actor's turns, and sleeps between them. It is no worker: what the actor sends goes to the queues as from
//! outside, and its handlers may block.

use std::sync::{Arc, Weak};

use crate::cell::{Local, Pinned};
use crate::sync::{Mutex, lock, thread};
use crate::system::Core;

/// The threads of all pinned actors, for the end of the system.
#[derive(Default)]
pub(super) struct All(Mutex<Vec<Weak<Pinned>>>);

impl All {
    pub(super) fn add(&self, pinned: &Arc<Pinned>) {
        let mut all = lock(&self.0);
        all.retain(|pinned| pinned.strong_count() > 0);
        all.push(Arc::downgrade(pinned));
    }

    /// No thread takes another turn.
    pub(super) fn end(&self) {
        let all = std::mem::take(&mut *lock(&self.0));
        all.iter().filter_map(Weak::upgrade).for_each(|pinned| pinned.end());
    }
}

/// A pinned actor's thread.
pub(crate) fn run_pinned(core: &Core, pinned: &Pinned) {
    Local::with(core, |local| {
        pinned.begin(local);
        while let Some(task) = pinned.next() {
            let mut next = Some(task);
            while let Some(task) = next {
                next = if task.lets_pass() {
                    thread::yield_now();
                    Some(task)
                } else {
                    task.run(local)
                };
            }
        }
    });
}
