//! Messages that nobody will handle: counted, logged, told to who wants to know.

use std::fmt;
use std::sync::Arc;

use super::Core;
use crate::actor::Recipient;
use crate::cell::panics;
use crate::cell::state::EndKind;
use crate::error::SendError;
use crate::message::{ActorId, Message};
use crate::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use crate::sync::{Mutex, lock};

/// A message that was accepted, or a reply, that nobody will handle. It carries names only: the payload was dropped where
/// the letter was made.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct DeadLetter {
    /// Whom it was for.
    pub target: ActorId,
    /// That one's name, if it had one.
    pub target_name: Option<Arc<str>>,
    /// Who sent it; none from outside.
    pub sender: Option<ActorId>,
    /// The name of the message; of a late reply, that of the message it answers.
    pub message: &'static str,
    /// Why nobody will handle it.
    pub reason: DeadLetterReason,
}

#[diagnostic::do_not_recommend] // no example of a message to a user who forgot the derive
impl Message for DeadLetter {
    type Reply = ();
}

/// Why nobody will handle a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DeadLetterReason {
    /// Its actor was stopped or drained first.
    Stopped,
    /// Its actor was killed first.
    Killed,
    /// Its actor failed first.
    Failed,
    /// Its actor did not start.
    StartFailed,
    /// The mailbox was full, and its policy drops the new message.
    DroppedNew,
    /// The mailbox was full, and its policy drops the oldest message.
    DroppedOld,
    /// A reply whose ask was over.
    LateReply,
    /// The system was shut down first.
    Shutdown,
}

impl DeadLetterReason {
    /// Of what an actor that ends so leaves queued.
    pub(super) fn of(end: EndKind) -> Self {
        match end {
            EndKind::Stopped | EndKind::Drained => Self::Stopped,
            EndKind::Killed => Self::Killed,
            EndKind::Shutdown => Self::Shutdown,
            EndKind::Failed => Self::Failed,
            EndKind::StartFailed => Self::StartFailed,
        }
    }
}

/// Where dead letters go.
pub(crate) struct Hub {
    /// `None` once the system has ended.
    subscribers: Mutex<Option<Vec<Recipient<DeadLetter>>>>,
    count: AtomicUsize,
    lines_a_second: u64,
    /// The second of the last line, and how many there were in it.
    second: AtomicU64,
    lines: AtomicU64,
    made: AtomicU64,
}

impl Hub {
    pub(super) fn new(lines_a_second: u32) -> Self {
        Hub {
            subscribers: Mutex::new(Some(Vec::new())),
            count: AtomicUsize::new(0),
            lines_a_second: lines_a_second.into(),
            second: AtomicU64::new(0),
            lines: AtomicU64::new(0),
            made: AtomicU64::new(0),
        }
    }

    /// Counts and logs the letter, and tells all subscribers.
    pub(crate) fn publish(&self, core: &Core, letter: DeadLetter) {
        self.note(core, &letter);
        self.tell(letter);
    }

    /// Counts and logs the letter: all there is for one that was itself sent to a subscriber, which has ended.
    pub(crate) fn note(&self, core: &Core, letter: &DeadLetter) {
        self.made.fetch_add(1, Ordering::Relaxed);
        if self.may_log(core) {
            // The subscriber of `tracing` is the user's.
            let _ = panics(|| {
                tracing::warn!(
                    target = %letter.target,
                    name = letter.target_name.as_deref().unwrap_or(""),
                    message = letter.message,
                    reason = ?letter.reason,
                    "dead letter",
                );
            });
        }
    }

    fn tell(&self, letter: DeadLetter) {
        if self.count.load(Ordering::Acquire) == 0 {
            return;
        }
        // A recipient may schedule, and dropping one may free a cell: outside of the lock.
        let Some(subscribers) = lock(&self.subscribers).clone() else { return };
        let mut ended = Vec::new();
        for subscriber in &subscribers {
            if let Err(SendError::Closed(_)) = subscriber.tell_letter(letter.clone()) {
                ended.push(subscriber.id());
            }
        }
        if !ended.is_empty() {
            self.forget(&ended);
        }
    }

    fn forget(&self, ended: &[ActorId]) {
        let mut guard = lock(&self.subscribers);
        let Some(subscribers) = &mut *guard else { return };
        let gone: Vec<_> =
            subscribers.extract_if(.., |subscriber| ended.contains(&subscriber.id())).collect();
        self.count.store(subscribers.len(), Ordering::Release);
        drop(guard);
        drop(gone);
    }

    /// The system has ended. A subscriber's reference keeps the memory of its system, which keeps this.
    pub(super) fn close(&self) {
        let subscribers = lock(&self.subscribers).take();
        self.count.store(0, Ordering::Release);
        drop(subscribers);
    }

    fn may_log(&self, core: &Core) -> bool {
        if self.lines_a_second == 0 || !tracing::enabled!(tracing::Level::WARN) {
            return false;
        }
        let second = core.clock.now().0 / 1_000_000_000;
        if self.second.swap(second, Ordering::Relaxed) != second {
            self.lines.store(0, Ordering::Relaxed);
        }
        self.lines.fetch_add(1, Ordering::Relaxed) < self.lines_a_second
    }
}

/// The dead letters of a system.
///
/// ```
/// use zactor::prelude::*;
///
/// #[actor(DeadLetter)]
/// struct Undertaker { seen: u64 }
///
/// impl Handler<DeadLetter> for Undertaker {
///     fn handle(&mut self, letter: DeadLetter, _ctx: &mut Context<Self>) {
///         println!("{} for {} was not handled: {:?}", letter.message, letter.target, letter.reason);
///         self.seen += 1;
///     }
/// }
///
/// # let system = ActorSystem::start("doc")?;
/// let undertaker = system.spawn(Undertaker { seen: 0 })?;
/// system.dead_letters().subscribe(undertaker.recipient());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct DeadLetters {
    pub(super) core: Arc<Core>,
}

impl fmt::Debug for DeadLetters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeadLetters").field("count", &self.count()).finish()
    }
}

impl DeadLetters {
    /// Sends every later dead letter to `to` as well, until that has ended. What its mailbox refuses is not sent again.
    /// Who subscribes twice gets each one twice.
    pub fn subscribe(&self, to: Recipient<DeadLetter>) {
        let hub = &self.core.dead_letters;
        if let Some(subscribers) = &mut *lock(&hub.subscribers) {
            subscribers.push(to);
            hub.count.store(subscribers.len(), Ordering::Release);
        }
    }

    /// How many there were: messages and late replies.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.core.dead_letters.made.load(Ordering::Relaxed)
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::DeadLetter;
    use crate::prelude::*;

    #[actor(DeadLetter)]
    struct Undertaker;

    impl Handler<DeadLetter> for Undertaker {
        fn handle(&mut self, _: DeadLetter, _: &mut Context<Self>) {}
    }

    #[test]
    fn subscribers_keep_no_system_that_has_ended() {
        let system = ActorSystem::builder("t").workers(1).start().unwrap();
        let letters = system.dead_letters();
        let core = letters.core.weak();
        let undertaker = system.spawn(Undertaker).unwrap();
        letters.subscribe(undertaker.recipient());
        system.shutdown().unwrap();
        letters.subscribe(undertaker.recipient()); // too late: let go at once
        drop((letters, undertaker, system));
        // The thread that closed it lets go last.
        let gone = (0..10_000_000).any(|_| {
            std::thread::yield_now();
            core.upgrade().is_none()
        });
        assert!(gone, "a subscriber keeps its system");
    }
}
