//! The store: one session a name. Its mailbox is short, so that who could not be served in time is refused at once.

use std::collections::HashMap;
use std::time::Duration;

use zactor::prelude::*;

#[actor]
pub(crate) struct Sessions {
    work: Duration,
    visits: HashMap<String, u64>,
}

impl Sessions {
    pub(crate) fn new(work: Duration) -> Self {
        Sessions { work, visits: HashMap::new() }
    }
}

#[handlers]
impl Sessions {
    /// How often this session was visited, this time included.
    async fn visit(&mut self, name: String) -> u64 {
        // In place of the disk, or the database, that a store would wait for. No thread waits meanwhile.
        tokio::time::sleep(self.work).await;
        let visits = self.visits.entry(name).or_default();
        *visits += 1;
        *visits
    }
}
