use std::cell::Cell;
use std::marker::PhantomData;

use loom::thread::{AccessError, LocalKey};

/// A thread-local of a model's thread.
pub(crate) struct Key<T: 'static>(pub(crate) LocalKey<T>);

impl<T: 'static> Key<T> {
    pub(crate) const fn new(init: fn() -> T) -> Self {
        Key(LocalKey { init, _p: PhantomData })
    }

    pub(crate) fn try_with<R>(&'static self, f: impl FnOnce(&T) -> R) -> Result<R, AccessError> {
        self.0.try_with(f)
    }
}

/// While a thread ends its cells read as new and take nothing.
impl<T: Copy + 'static> Key<Cell<T>> {
    pub(crate) fn get(&'static self) -> T {
        self.0.try_with(Cell::get).unwrap_or_else(|_| (self.0.init)().get())
    }

    pub(crate) fn set(&'static self, value: T) {
        let _ = self.0.try_with(|cell| cell.set(value));
    }
}

macro_rules! per_thread {
    ($($(#[$doc:meta])* static $name:ident: $kind:ty = $init:expr;)*) => {
        $($(#[$doc])* static $name: $crate::sync::Key<$kind> =
            $crate::sync::Key::new((|| $init) as fn() -> $kind);)*
    };
}
pub(crate) use per_thread;
