//! What ends an incarnation.

use std::any::Any;
use std::error::Error;
use std::fmt;
use std::sync::Arc;

/// Why an incarnation of an actor ended: a panic, or what was given to `ctx.fail(..)` or returned by a hook.
///
/// Every error converts into it, so `?` works in hooks. It is not an error itself (that would forbid the
/// conversion); errors that carry one print it in their text.
///
/// ```
/// use zactor::Failure;
///
/// fn read() -> Result<Vec<u8>, Failure> {
///     Ok(std::fs::read("/no/such/file")?)
/// }
/// let failure = read().unwrap_err();
/// let cause = failure.downcast_ref::<std::io::Error>().unwrap();
/// assert_eq!(cause.kind(), std::io::ErrorKind::NotFound);
/// assert!(!failure.is_panic());
/// ```
///
/// `{}` prints the error alone, `{:#}` its sources too.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Failure {
    /// A handler or hook panicked with this text.
    Panic(Arc<str>),
    /// A handler called `ctx.fail(..)`, or a hook returned this error.
    Error(Arc<dyn Error + Send + Sync>),
    /// More children had to be restarted than their supervisor's limit allows.
    RestartLimit,
    /// A permanent actor ended by itself and starts again; the cause that its restart hooks see.
    NormalEnd,
}

impl Failure {
    /// A failure for `error`, which may be a text.
    ///
    /// ```
    /// # use zactor::Failure;
    /// assert_eq!(Failure::new("out of paper").to_string(), "out of paper");
    /// ```
    pub fn new(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Error(Arc::from(error.into()))
    }

    /// Whether a panic was the reason.
    pub fn is_panic(&self) -> bool {
        matches!(self, Self::Panic(_))
    }

    /// The error that was the reason, if it is an `E`. Its sources are not searched.
    pub fn downcast_ref<E: Error + 'static>(&self) -> Option<&E> {
        match self {
            Self::Error(error) => error.downcast_ref(),
            _ => None,
        }
    }

    /// The failure for what `catch_unwind` caught. Pass `&*payload`: `&payload` would be the box.
    pub(crate) fn from_panic(payload: &(dyn Any + Send)) -> Self {
        let text = if let Some(text) = payload.downcast_ref::<&'static str>() {
            text
        } else if let Some(text) = payload.downcast_ref::<String>() {
            text
        } else {
            "a panic without a text"
        };
        Self::Panic(Arc::from(text))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Panic(text) => write!(f, "panicked: {text}"),
            Self::Error(error) => {
                write!(f, "{error}")?;
                let mut source = if f.alternate() { error.source() } else { None };
                while let Some(error) = source {
                    write!(f, ": {error}")?;
                    source = error.source();
                }
                Ok(())
            }
            Self::RestartLimit => f.write_str("too many restarts of children"),
            Self::NormalEnd => f.write_str("ended normally, but is permanent"),
        }
    }
}

impl<E: Error + Send + Sync + 'static> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::new(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::catch_unwind;

    #[derive(Debug, thiserror::Error)]
    #[error("outer")]
    struct Outer(#[source] std::fmt::Error);

    #[track_caller]
    fn panics_with(text: &str, panic: impl FnOnce() + std::panic::UnwindSafe) {
        let payload = catch_unwind(panic).unwrap_err();
        let failure = Failure::from_panic(&*payload);
        assert!(failure.is_panic());
        assert_eq!(failure.to_string(), format!("panicked: {text}"));
    }

    #[test]
    fn panic_keeps_its_text() {
        panics_with("plain", || panic!("plain"));
        panics_with("number 7", || panic!("number {}", std::hint::black_box(7)));
        panics_with("a panic without a text", || std::panic::panic_any(7_u8));
    }

    #[test]
    fn error_is_found_again_by_its_type() {
        let failure = Failure::from(Outer(std::fmt::Error));
        assert!(failure.clone().downcast_ref::<Outer>().is_some());
        assert!(failure.downcast_ref::<std::fmt::Error>().is_none());
        assert!(Failure::RestartLimit.downcast_ref::<Outer>().is_none());
    }

    #[test]
    fn alternate_text_has_the_sources() {
        let failure = Failure::from(Outer(std::fmt::Error));
        assert_eq!(failure.to_string(), "outer");
        assert_eq!(format!("{failure:#}"), format!("outer: {}", std::fmt::Error));
    }

    #[test]
    fn failure_is_a_failure_already() {
        fn fails(error: impl Into<Failure>) -> Failure {
            error.into()
        }
        assert!(matches!(fails(Failure::RestartLimit), Failure::RestartLimit));
    }
}
