//! What the queues promise, on real threads.

mod mpsc;
mod oneshot;
mod spsc;

use std::sync::Arc;
use std::time::{Duration, Instant};

/// Panics if `done` does not come true in a minute.
#[track_caller]
fn until(mut done: impl FnMut() -> bool) {
    let limit = Instant::now() + Duration::from_secs(60);
    while !done() {
        assert!(Instant::now() < limit, "still waiting after a minute");
        std::thread::yield_now();
    }
}

/// A message that tells when it is dropped.
#[derive(Clone, Debug)]
struct Counted(Arc<()>);

impl Counted {
    fn new() -> Self {
        Self(Arc::new(()))
    }

    fn others(&self) -> usize {
        Arc::strong_count(&self.0) - 1
    }
}
