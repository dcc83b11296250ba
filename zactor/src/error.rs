//! Every public error.
//!
//! An error says what happened and whether another attempt can succeed; one that refuses a message
//! gives it back. What ends an *actor* is not an error but a [`Failure`].

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::message::ActorId;
use crate::supervision::Failure;

/// A message that was not accepted, and why. The message comes back.
///
/// ```
/// use zactor::SendError;
///
/// let refused = SendError::Full(String::from("hello"));
/// assert_eq!(refused.to_string(), "mailbox is full");
/// assert_eq!(refused.into_inner(), "hello");
/// ```
///
/// It is an [`Error`](std::error::Error) for every `M`. To put it into a
/// `Box<dyn Error + Send + Sync>` or a [`Failure`], `M` must be `Send + Sync + 'static`; otherwise drop
/// the message first: `.map_err(|e| e.map(drop))`.
#[derive(Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SendError<M> {
    /// The mailbox is at its capacity; the actor lives, a later attempt may succeed.
    #[error("mailbox is full")]
    Full(M),
    /// The actor has stopped, or takes no more messages; no later attempt succeeds.
    #[error("actor has stopped")]
    Closed(M),
    /// There was no room within the time limit; the actor lives, a later attempt may succeed.
    #[error("mailbox had no room within the time limit")]
    Timeout(M),
    /// The call would have blocked a worker thread or a hook; there, await instead of waiting.
    #[error("would block a worker thread")]
    WouldBlock(M),
    /// The sender would have waited for itself; no later attempt from there succeeds.
    #[error("would wait for itself")]
    WouldDeadlock(M),
}

impl<M> SendError<M> {
    /// The message that was refused.
    pub fn into_inner(self) -> M {
        match self {
            Self::Full(m)
            | Self::Closed(m)
            | Self::Timeout(m)
            | Self::WouldBlock(m)
            | Self::WouldDeadlock(m) => m,
        }
    }

    /// The same error with `change` applied to its message.
    ///
    /// ```
    /// use zactor::SendError;
    ///
    /// let refused: SendError<u64> = SendError::Closed(7);
    /// assert!(matches!(refused.map(drop), SendError::Closed(())));
    /// ```
    pub fn map<N>(self, change: impl FnOnce(M) -> N) -> SendError<N> {
        match self {
            Self::Full(m) => SendError::Full(change(m)),
            Self::Closed(m) => SendError::Closed(change(m)),
            Self::Timeout(m) => SendError::Timeout(change(m)),
            Self::WouldBlock(m) => SendError::WouldBlock(change(m)),
            Self::WouldDeadlock(m) => SendError::WouldDeadlock(change(m)),
        }
    }

    fn variant(&self) -> &'static str {
        match self {
            Self::Full(_) => "Full",
            Self::Closed(_) => "Closed",
            Self::Timeout(_) => "Timeout",
            Self::WouldBlock(_) => "WouldBlock",
            Self::WouldDeadlock(_) => "WouldDeadlock",
        }
    }
}

/// Shows the message's type; its value need not be `Debug`, or every `tell(..)?` would ask for it.
impl<M> fmt::Debug for SendError<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({})", self.variant(), std::any::type_name::<M>())
    }
}

/// A batch of which only the first `accepted` messages went in.
///
/// No message is lost: [`into_unsent`](Self::into_unsent) gives back, in order, those that were taken
/// from the iterator and not accepted; the iterator itself still holds the others.
#[derive(thiserror::Error)]
#[error("{accepted} messages of the batch were accepted, then: {error}")]
#[non_exhaustive]
pub struct BatchError<M> {
    /// How many messages, from the first on, were accepted.
    pub accepted: usize,
    /// The first message that was not, and why.
    pub error: SendError<M>,
    /// Those after it that had been taken from the iterator, in order; at most 63.
    pub rest: Vec<M>,
}

impl<M> BatchError<M> {
    /// All messages that were taken from the iterator and not accepted, in order.
    pub fn into_unsent(self) -> Vec<M> {
        let mut unsent = self.rest;
        unsent.insert(0, self.error.into_inner());
        unsent
    }
}

impl<M> fmt::Debug for BatchError<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BatchError")
            .field("accepted", &self.accepted)
            .field("error", &self.error)
            .field("rest", &self.rest.len())
            .finish()
    }
}

/// An ask that ended without its reply. A rejected ask drops its message.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AskError {
    /// No reply within the time limit. The message may still be handled; its reply becomes a dead letter.
    #[error("no reply to `{message}` from actor {actor} within {waited:?}: {state}")]
    #[non_exhaustive]
    Timeout {
        /// Who was asked.
        actor: ActorId,
        /// The name of the message's type.
        message: &'static str,
        /// How long the asker waited.
        waited: Duration,
        /// What had become of the message by then.
        state: AskState,
    },
    /// The mailbox was full, or its overflow policy dropped the message; a later attempt may succeed.
    #[error("mailbox is full")]
    Full,
    /// The actor has stopped, before it handled the message or while it was handling it.
    #[error("actor has stopped")]
    Closed,
    /// The actor failed while it was handling the message.
    #[error("actor failed while handling the message: {0}")]
    Failed(Failure),
    /// The handler dropped its reply token.
    #[error("actor dropped the reply token")]
    NoReply,
    /// The call would have blocked a worker thread or a hook; there, await, or use `ctx.ask(..).then(..)`.
    #[error("would block a worker thread")]
    WouldBlock,
    /// Each actor of the cycle would have waited for the next one, the last for the first.
    #[error("would wait in a cycle: {}", Cycle(cycle))]
    #[non_exhaustive]
    WouldDeadlock {
        /// The actors that would have waited for one another, in order.
        cycle: Arc<[ActorId]>,
    },
}

/// What had become of a message when its ask timed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AskState {
    /// It was still queued.
    Queued {
        /// Messages in the actor's mailbox at that moment.
        depth: usize,
    },
    /// A handler was working on it.
    Running {
        /// For how long, at the resolution of a turn.
        since: Duration,
    },
    /// The reply came too late and became a dead letter.
    AnsweredLate,
}

impl fmt::Display for AskState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Queued { depth } => write!(f, "still queued, {depth} messages in the mailbox"),
            Self::Running { since } => write!(f, "in its handler for {since:?}"),
            Self::AnsweredLate => f.write_str("answered too late"),
        }
    }
}

/// Shows a cycle of waiting actors: `1 -> 2 -> 1`.
struct Cycle<'a>(&'a [ActorId]);

impl fmt::Display for Cycle<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for id in self.0 {
            write!(f, "{id} -> ")?;
        }
        match self.0.first() {
            Some(first) => write!(f, "{first}"),
            None => f.write_str("unknown"),
        }
    }
}

/// An actor that was not started. Nothing of it is left.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SpawnError {
    /// The factory or `pre_start` failed.
    #[error("actor failed to start: {0}")]
    Failed(Failure),
    /// A living actor of this system has the name; it is free again once that actor has ended.
    #[error("name is taken")]
    NameTaken,
    /// The system is shutting down, or the parent is stopping; no later attempt succeeds.
    #[error("system or parent is stopping")]
    Closed,
    /// An option of the actor is out of its range.
    #[error(transparent)]
    Config(#[from] ConfigError),
}

/// A system that did not start, a wait that did not complete, or a shutdown that left something behind.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SystemError {
    /// A field of the configuration is out of its range.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The operating system refused a thread or memory.
    #[error("operating system refused {what}: {error}")]
    #[non_exhaustive]
    Refused {
        /// What was asked for.
        what: &'static str,
        /// Its answer.
        #[source]
        error: Arc<std::io::Error>,
    },
    /// The call would have blocked a worker thread or a hook. What it asked for has begun.
    #[error("would block a worker thread")]
    WouldBlock,
    /// The caller would have waited for its own end. What it asked for has begun.
    #[error("would wait for itself")]
    WouldDeadlock,
    /// Not complete within the time limit; it goes on.
    #[error("not complete within the time limit")]
    Timeout,
    /// These actors stood in a handler past every deadline and were cut off.
    #[error("actors did not stop within the time limit: {}", Stuck(.0))]
    Stuck(Vec<StuckActor>),
    /// A failure escalated to the root and ended the system.
    #[error("system failed: {0}")]
    Failed(Failure),
}

/// An actor that was still in a handler when its time to stop was over.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StuckActor {
    /// Its id.
    pub id: ActorId,
    /// Its name, if it has one.
    pub name: Option<Arc<str>>,
    /// The name of the message that it is handling; `a hook` in one, `nothing` when it had only no time yet to end.
    pub message: &'static str,
}

impl fmt::Display for StuckActor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "`{name}` ({}) handling `{}`", self.id, self.message),
            None => write!(f, "{} handling `{}`", self.id, self.message),
        }
    }
}

/// Shows the first few of them, and how many there are besides.
struct Stuck<'a>(&'a [StuckActor]);

impl Stuck<'_> {
    const SHOWN: usize = 8;
}

impl fmt::Display for Stuck<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, actor) in self.0.iter().take(Self::SHOWN).enumerate() {
            write!(f, "{}{actor}", if i == 0 { "" } else { ", " })?;
        }
        match self.0.len().saturating_sub(Self::SHOWN) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

/// A value that is not allowed, with what is.
///
/// ```
/// use zactor::{PerformanceConfig, SystemConfig};
///
/// let performance = PerformanceConfig { batch_size: 0, ..Default::default() };
/// let error = SystemConfig { performance, ..Default::default() }.validate().unwrap_err();
/// assert_eq!(error.to_string(), "`batch_size` is 0, allowed are 1..=65536");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The value of a field is outside of its range.
    #[error("`{field}` is {value}, allowed are {allowed}")]
    #[non_exhaustive]
    Invalid {
        /// The field or option.
        field: &'static str,
        /// Its value, as it would be written.
        value: String,
        /// What would have been allowed.
        allowed: String,
    },
    /// What a file or a variable of the environment gives a field is not allowed.
    #[error("{origin}: `{field}` is {value}, allowed are {allowed}")]
    #[non_exhaustive]
    Written {
        /// Where.
        origin: Origin,
        /// The field.
        field: String,
        /// What it is given, as it is written there.
        value: String,
        /// What would have been allowed.
        allowed: String,
    },
    /// What a file or a variable of the environment names is no field.
    #[error("{origin}: `{field}` (which is {value}) is no field, allowed are {allowed}")]
    #[non_exhaustive]
    Unknown {
        /// Where.
        origin: Origin,
        /// What is no field.
        field: String,
        /// What it is given, as it is written there.
        value: String,
        /// The fields that there are.
        allowed: String,
    },
    /// A file cannot be read, or what it holds is no TOML.
    #[error("{origin}: {problem}")]
    #[non_exhaustive]
    Unreadable {
        /// Where.
        origin: Origin,
        /// What is wrong.
        problem: String,
    },
}

/// Where something of the configuration is written.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// In a file.
    #[non_exhaustive]
    File {
        /// Its path.
        path: PathBuf,
    },
    /// In a line of a file, or of a text.
    #[non_exhaustive]
    Line {
        /// The path of the file; none for a text.
        file: Option<PathBuf>,
        /// The line, from 1 on.
        line: usize,
    },
    /// In a variable of the environment.
    #[non_exhaustive]
    Variable {
        /// Its name.
        name: String,
    },
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path } => write!(f, "{}", path.display()),
            Self::Line { file: Some(path), line } => write!(f, "{}:{line}", path.display()),
            Self::Line { file: None, line } => write!(f, "line {line}"),
            Self::Variable { name } => f.write_str(name),
        }
    }
}

impl ConfigError {
    pub(crate) fn invalid(
        field: &'static str,
        value: impl fmt::Display,
        allowed: impl fmt::Display,
    ) -> Self {
        Self::Invalid { field, value: value.to_string(), allowed: allowed.to_string() }
    }
}

/// More bytes than a [`FastMessage`](crate::message::FastMessage) holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("payload has {len} bytes, a message holds 32")]
#[non_exhaustive]
pub struct PayloadTooLarge {
    /// Bytes that were offered.
    pub len: usize,
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::error::Error;

    /// Neither `Debug` nor `Sync` nor `Clone`.
    struct Opaque(#[expect(dead_code, reason = "carried only")] std::cell::Cell<u8>);

    fn as_error<E: Error>(error: &E) -> String {
        format!("{error} / {error:?}")
    }

    fn generic<M>(error: &SendError<M>) -> String {
        as_error(error)
    }

    fn is_sharable<T: Send + Sync + Clone + 'static>() {}

    #[test]
    fn send_error_asks_nothing_of_its_message() {
        let error = SendError::Full(Opaque(std::cell::Cell::new(1)));
        assert!(generic(&error).starts_with("mailbox is full / Full(zactor::error::tests::Opaque"));
        let batch = BatchError { accepted: 3, error, rest: Vec::new() };
        assert!(
            as_error(&batch).starts_with("3 messages of the batch were accepted, then: mailbox")
        );
        let boxed: Box<dyn Error + Send + Sync> = SendError::Closed(String::new()).into();
        assert_eq!(boxed.to_string(), "actor has stopped");
    }

    #[test]
    fn unsent_messages_come_back_in_order() {
        let error = BatchError { accepted: 2, error: SendError::Full(3), rest: vec![4, 5] };
        assert_eq!(error.into_unsent(), [3, 4, 5]);
    }

    #[test]
    fn map_and_into_inner_keep_the_variant_and_the_message() {
        for error in [
            SendError::Full(1),
            SendError::Closed(1),
            SendError::Timeout(1),
            SendError::WouldBlock(1),
            SendError::WouldDeadlock(1),
        ] {
            let mapped = error.map(|n| n + 1);
            assert_eq!(mapped.variant(), error.variant());
            assert_eq!(mapped.into_inner(), 2);
        }
    }

    #[test]
    fn errors_can_be_kept_and_shared() {
        is_sharable::<AskError>();
        is_sharable::<SpawnError>();
        is_sharable::<SystemError>();
        is_sharable::<ConfigError>();
        is_sharable::<PayloadTooLarge>();
    }

    #[test]
    fn texts_say_what_happened() {
        let [a, b] = [ActorId::from_raw(10), ActorId::from_raw(11)];
        let timeout = AskError::Timeout {
            actor: a,
            message: "Balance",
            waited: Duration::from_secs(5),
            state: AskState::Queued { depth: 3 },
        };
        assert_eq!(
            timeout.to_string(),
            format!(
                "no reply to `Balance` from actor {a} within 5s: still queued, 3 messages in the mailbox"
            )
        );
        let cycle = AskError::WouldDeadlock { cycle: Arc::from([a, b]) };
        assert_eq!(cycle.to_string(), format!("would wait in a cycle: {a} -> {b} -> {a}"));
        let stuck = StuckActor { id: a, name: Some("bank".into()), message: "Pay" };
        let text = SystemError::Stuck(vec![stuck; 10]).to_string();
        assert!(text.ends_with(&format!("`bank` ({a}) handling `Pay` and 2 more")), "{text}");
    }

    #[test]
    fn configuration_error_is_not_wrapped_in_a_second_text() {
        let error = ConfigError::invalid("batch_size", 0, "1..=65536");
        assert_eq!(SystemError::from(error.clone()).to_string(), error.to_string());
        assert_eq!(SpawnError::from(error.clone()).to_string(), error.to_string());
        assert_eq!(error.to_string(), "`batch_size` is 0, allowed are 1..=65536");
    }

    #[test]
    fn refusal_of_the_operating_system_keeps_its_source() {
        let error = Arc::new(std::io::Error::from_raw_os_error(11));
        let refused = SystemError::Refused { what: "a worker thread", error };
        assert!(refused.source().is_some());
        assert!(refused.to_string().starts_with("operating system refused a worker thread: "));
    }
}
