//! Names: one flat namespace for each system.

use std::collections::HashMap;
use std::sync::Arc;

use crate::message::ActorId;
use crate::sync::{Mutex, lock};

/// See the module.
#[derive(Default)]
pub(crate) struct Names(Mutex<HashMap<Arc<str>, ActorId>>);

impl Names {
    /// Takes the name for `id`. False: a living actor has it.
    #[must_use]
    pub(super) fn take(&self, name: &Arc<str>, id: ActorId) -> bool {
        let mut names = lock(&self.0);
        if names.contains_key(name) {
            return false;
        }
        names.insert(Arc::clone(name), id);
        true
    }

    /// The name is free again, if it is `id`'s.
    pub(crate) fn release(&self, name: &str, id: ActorId) {
        let mut names = lock(&self.0);
        if names.get(name) == Some(&id) {
            names.remove(name);
        }
    }

    pub(super) fn find(&self, name: &str) -> Option<ActorId> {
        lock(&self.0).get(name).copied()
    }
}
