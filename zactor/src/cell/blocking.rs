//! Whether a thread may wait: a worker of any system may not, nor who runs a hook, nor who drops what nobody will handle.

use std::cell::Cell;

use crate::sync::per_thread;

per_thread! {
    /// How many reasons there are. Above 0 this thread does not wait.
    static MUST_NOT_BLOCK: Cell<u32> = const { Cell::new(0) };
}

/// See the module.
pub(crate) fn must_not_block() -> bool {
    MUST_NOT_BLOCK.get() > 0
}

/// This thread does not wait any more.
pub(super) fn forbid_waiting() {
    MUST_NOT_BLOCK.set(MUST_NOT_BLOCK.get() + 1);
}

/// Runs `f`, in which this thread does not wait.
pub(crate) fn without_waiting<R>(f: impl FnOnce() -> R) -> R {
    struct Leave;
    impl Drop for Leave {
        fn drop(&mut self) {
            MUST_NOT_BLOCK.set(MUST_NOT_BLOCK.get() - 1);
        }
    }
    forbid_waiting();
    let _leave = Leave;
    f()
}
