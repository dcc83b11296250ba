//! What the threads of a system's workers run within: the context of another library, which its futures look for.

use std::fmt;
use std::sync::Arc;

/// Runs what it is given, once, within something. Entered by a worker's thread for as long as that lives, so a turn pays
/// nothing for it.
#[derive(Clone)]
pub(super) struct Around(Arc<Within>);

type Within = dyn Fn(&mut dyn FnMut()) + Send + Sync;

impl Around {
    #[cfg_attr(not(feature = "tokio"), allow(dead_code, reason = "features make them"))]
    pub(super) fn new(within: impl Fn(&mut dyn FnMut()) + Send + Sync + 'static) -> Self {
        Around(Arc::new(within))
    }

    /// Runs `f` within `around`, if there is one.
    pub(super) fn run(around: Option<&Self>, f: impl FnOnce()) {
        let mut f = Some(f);
        let mut once = || {
            if let Some(f) = f.take() {
                f();
            }
        };
        match around {
            Some(Around(within)) => within(&mut once),
            None => once(),
        }
    }
}

impl fmt::Debug for Around {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Around")
    }
}
