//! The catch around code of the user's: handlers, hooks, destructors, wakers.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs code of the user's; a panic comes back as its payload, which is the user's as well.
pub(crate) fn guarded<R>(f: impl FnOnce() -> R) -> Result<R, Box<dyn Any + Send>> {
    catch_unwind(AssertUnwindSafe(f))
}

/// Runs code of the user's that gives nothing. True: it panicked.
#[must_use]
pub(crate) fn panics(f: impl FnOnce()) -> bool {
    guarded(f).map_err(drop_guarded).is_err()
}

/// Drops a value of the user's. True: the drop panicked (the payload of that panic is forgotten if its drop panics too).
pub(crate) fn drop_guarded<T>(value: T) -> bool {
    match guarded(|| drop(value)) {
        Ok(()) => false,
        Err(payload) => {
            if let Err(again) = guarded(|| drop(payload)) {
                std::mem::forget(again);
            }
            true
        }
    }
}
