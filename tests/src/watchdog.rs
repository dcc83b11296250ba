//! Waiting without sleeping: for a condition, for as long as something still moves.

use std::pin::pin;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

/// How long nothing may move before a wait gives up.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until `holds`.
///
/// # Panics
/// When it does not hold within [`PATIENCE`].
#[track_caller]
pub fn eventually(what: &str, holds: impl FnMut() -> bool) {
    while_moving(what, || 0, holds);
}

/// Waits until `holds`, for as long as `progress` keeps changing.
///
/// # Panics
/// When `progress` has not changed for [`PATIENCE`].
#[track_caller]
pub fn while_moving(what: &str, progress: impl Fn() -> u64, mut holds: impl FnMut() -> bool) {
    let (mut last, mut since) = (progress(), Instant::now());
    let mut rounds = 0_u32;
    while !holds() {
        rounds = rounds.saturating_add(1);
        if rounds < 64 {
            thread::yield_now();
        } else {
            thread::park_timeout(Duration::from_micros(500));
        }
        let now = progress();
        if now != last {
            (last, since) = (now, Instant::now());
        }
        assert!(since.elapsed() < PATIENCE, "no progress for {PATIENCE:?}: {what} (at {now})");
    }
}

/// Lets time pass, for a test that observes that nothing happens meanwhile.
pub fn let_pass(time: Duration) {
    let end = Instant::now() + time;
    while let Some(left) = end.checked_duration_since(Instant::now()) {
        thread::park_timeout(left);
    }
}

/// Drives a future on this thread: no executor, a waker that unparks.
///
/// # Panics
/// When the future is neither ready nor woken within [`PATIENCE`].
#[track_caller]
pub fn block_on<F: Future>(future: F) -> F::Output {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    let start = Instant::now();
    loop {
        if let Poll::Ready(out) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return out;
        }
        assert!(start.elapsed() < PATIENCE, "the future was not ready within {PATIENCE:?}");
        thread::park_timeout(PATIENCE);
    }
}

/// A door that a handler stands at until the test opens it.
#[derive(Clone, Debug, Default)]
pub struct Gate(Arc<(Mutex<GateState>, Condvar)>);

#[derive(Debug, Default)]
struct GateState {
    arrived: u32,
    open: bool,
}

impl Gate {
    /// A closed gate.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Says that somebody has arrived, and blocks until the gate is open.
    ///
    /// # Panics
    /// When it stays closed for [`PATIENCE`].
    pub fn pass(&self) {
        let (state, changed) = &*self.0;
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        state.arrived += 1;
        changed.notify_all();
        let (state, timeout) = changed
            .wait_timeout_while(state, PATIENCE, |state| !state.open)
            .unwrap_or_else(PoisonError::into_inner);
        drop(state);
        assert!(!timeout.timed_out(), "a gate stayed closed for {PATIENCE:?}");
    }

    /// Blocks until `count` have arrived, those that have passed included.
    ///
    /// # Panics
    /// When they do not within [`PATIENCE`].
    #[track_caller]
    pub fn wait_for(&self, count: u32) {
        let (state, changed) = &*self.0;
        let state = state.lock().unwrap_or_else(PoisonError::into_inner);
        let (state, timeout) = changed
            .wait_timeout_while(state, PATIENCE, |state| state.arrived < count)
            .unwrap_or_else(PoisonError::into_inner);
        let arrived = state.arrived;
        drop(state);
        assert!(!timeout.timed_out(), "{arrived} of {count} arrived at a gate");
    }

    /// How many have arrived.
    #[must_use]
    pub fn arrived(&self) -> u32 {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner).arrived
    }

    /// Opens the gate for good.
    pub fn open(&self) {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner).open = true;
        self.0.1.notify_all();
    }
}

/// Opens its gate when it is dropped, also when the test panics.
#[derive(Debug)]
pub struct Opens(pub Gate);

impl Drop for Opens {
    fn drop(&mut self) {
        self.0.open();
    }
}
