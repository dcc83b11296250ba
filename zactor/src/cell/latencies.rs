//! How long sampled messages took: what one thread has measured, and the sum over all.

use std::sync::OnceLock;

use super::histogram::{Histogram, Merged};

/// Times that one thread has measured: made when the first one is.
#[derive(Default)]
pub(crate) struct Latencies(OnceLock<Pair<Histogram>>);

struct Pair<H> {
    send_to_end: H,
    handler: H,
}

impl Latencies {
    /// Of one message, in nanoseconds: from send to the handler's end, and of the handler alone.
    pub(crate) fn record(&self, send_to_end: u64, handler: u64) {
        let pair = self
            .0
            .get_or_init(|| Pair { send_to_end: Histogram::new(), handler: Histogram::new() });
        pair.send_to_end.record(send_to_end);
        pair.handler.record(handler);
    }
}

/// The same, of all threads.
pub(crate) struct MergedLatencies(Pair<Merged>);

impl Default for MergedLatencies {
    fn default() -> Self {
        MergedLatencies(Pair { send_to_end: Merged::new(), handler: Merged::new() })
    }
}

impl MergedLatencies {
    /// From send to the handler's end.
    pub(crate) fn send_to_end(&self) -> &Merged {
        &self.0.send_to_end
    }

    /// The handler alone.
    pub(crate) fn handler(&self) -> &Merged {
        &self.0.handler
    }

    pub(crate) fn merge(&mut self, other: &MergedLatencies) {
        self.0.send_to_end.merge(&other.0.send_to_end);
        self.0.handler.merge(&other.0.handler);
    }

    pub(crate) fn add(&mut self, one: &Latencies) {
        if let Some(pair) = one.0.get() {
            self.0.send_to_end.add(&pair.send_to_end);
            self.0.handler.add(&pair.handler);
        }
    }
}
