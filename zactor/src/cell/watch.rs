//! Death watch: who is told of an actor's end, and of whose ends an actor is told.
//!
//! ```text
//! watcher: watches[target] = number      target: watchers[watcher] = number, how to tell him
//! ```
//! 1. The watcher's entry decides: it is there from `watch` to the hook or to `unwatch`, and a word that does not find its
//!    number says nothing. So there is one word for each watch, and none after `unwatch`, even if it is queued already.
//! 2. The target's list is taken once, by its owner, after the mailbox was closed for good and before the actor counts as
//!    ended; who comes later is refused. Who registers looks at that mark afterwards, the owner at the list after the mark
//!    (SeqCst both): one of them sees the other.
//! 3. What the target sent before lies in the watcher's mailbox already; the word goes behind it, uncounted.
//!
//! Each list has a lock of its own, and neither is taken inside the other. Nothing of the user's runs under them.

use std::collections::BTreeMap;

use super::header::Header;
use super::local::Local;
use super::refs::CellRef;
use super::task::Task;
use crate::message::ActorId;
use crate::supervision::Terminated;
use crate::sync::{Mutex, lock};

/// Puts the word into a watcher's mailbox; made for the watcher's type. The task is to be scheduled.
pub(crate) type Tell = fn(CellRef, &Local, u64, Terminated) -> Option<Task>;

/// Who watches.
#[derive(Clone, Copy)]
pub(crate) struct Watcher {
    pub(crate) number: u64,
    pub(crate) tell: Tell,
}

/// See the module.
#[derive(Default)]
pub(crate) struct Watch {
    watchers: Mutex<Watchers>,
    watches: Mutex<Watches>,
}

/// By the watcher's id.
#[derive(Default)]
struct Watchers {
    over: bool,
    by: BTreeMap<u64, Watcher>,
}

/// By the target's id.
#[derive(Default)]
struct Watches {
    last: u64,
    of: BTreeMap<u64, u64>,
}

impl Header {
    /// This actor watches `target` from now on. The watch's number; `None` if it did already.
    pub(crate) fn begin_watch(&self, target: ActorId) -> Option<u64> {
        let mut watches = lock(&self.rare().watch().watches);
        if watches.of.contains_key(&target.as_raw()) {
            return None;
        }
        watches.last += 1;
        let number = watches.last;
        watches.of.insert(target.as_raw(), number);
        Some(number)
    }

    /// This actor watches `target` no more. False: it did not, or that is another watch than `number`.
    #[must_use]
    pub(crate) fn end_watch(&self, target: ActorId, number: Option<u64>) -> bool {
        let Some(watch) = self.rare_if_made().and_then(|rare| rare.watch_if_made()) else {
            return false;
        };
        let mut watches = lock(&watch.watches);
        let known = watches.of.get(&target.as_raw()).copied();
        let same = known.is_some() && number.is_none_or(|number| Some(number) == known);
        if same || crate::sync::mutant("watch_number_ignored") {
            watches.of.remove(&target.as_raw());
        }
        same || crate::sync::mutant("watch_number_ignored")
    }

    /// `watcher` is to be told of this actor's end. False: it has ended, and tells nobody any more.
    #[must_use]
    pub(crate) fn add_watcher(&self, id: ActorId, watcher: Watcher) -> bool {
        let list = &self.rare().watch().watchers;
        {
            let mut watchers = lock(list);
            if watchers.over {
                return false;
            }
            watchers.by.insert(id.as_raw(), watcher);
        }
        if crate::sync::mutant("watcher_no_second_look") || !self.is_over_after_register() {
            return true;
        }
        // The owner may have looked before there was a list: then the entry is still here, and nobody comes for it.
        let mut watchers = lock(list);
        watchers.over || watchers.by.remove(&id.as_raw()).is_none()
    }

    pub(crate) fn remove_watcher(&self, id: ActorId) {
        if let Some(watch) = self.rare_if_made().and_then(|rare| rare.watch_if_made()) {
            lock(&watch.watchers).by.remove(&id.as_raw());
        }
    }

    pub(crate) fn watchers(&self) -> usize {
        let watch = self.rare_if_made().and_then(|rare| rare.watch_if_made());
        watch.map_or(0, |watch| lock(&watch.watchers).by.len())
    }

    /// Those who are to be told, once: the mailbox is closed for good.
    #[must_use]
    pub(crate) fn take_watchers(&self) -> Vec<(ActorId, Watcher)> {
        let Some(watch) = self.rare_for_end().and_then(|rare| rare.watch_for_end()) else {
            return Vec::new();
        };
        let mut watchers = lock(&watch.watchers);
        watchers.over = true;
        let by = std::mem::take(&mut watchers.by);
        by.into_iter().map(|(id, watcher)| (ActorId::from_raw(id), watcher)).collect()
    }

    /// Those whom this actor watches: it ends, and their entries go.
    #[must_use]
    pub(crate) fn take_watches(&self) -> Vec<ActorId> {
        let Some(watch) = self.rare_if_made().and_then(|rare| rare.watch_if_made()) else {
            return Vec::new();
        };
        let of = std::mem::take(&mut lock(&watch.watches).of);
        of.into_keys().map(ActorId::from_raw).collect()
    }
}
