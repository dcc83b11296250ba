//! What a system is made of: one struct that all its cells and threads share.
//!
//! The layers below name it (a cell points to its system), and each looks only into the parts that it knows.

use std::sync::{Arc, Weak};

use super::dead_letters::{DeadLetters, Hub};
use super::registry::Names;
use super::root::Root;
use super::shutdown::Life;
use super::stats::Meter;
use super::threads::Threads;
use super::{DeadLetter, DeadLetterReason, SystemConfig};
use crate::cell::state::{EndKind, order};
use crate::cell::{AskPool, Dropped, Header, IdTable, Local, Registry, Task, Waits};
use crate::error::SystemError;
use crate::memory::Memory;
use crate::message::ActorId;
use crate::scheduler::blocking::Pool;
use crate::scheduler::chance::Chance;
use crate::scheduler::clock::Clock;
use crate::scheduler::timers::Timers;
use crate::scheduler::{Rules, Scheduler};
use crate::supervision::{Failure, Supervise};
use crate::sync::Mutex;
use crate::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// See the module.
pub(crate) struct Core {
    me: Weak<Core>,
    pub(crate) name: Arc<str>,
    pub(crate) config: SystemConfig,
    pub(crate) clock: Clock,
    pub(crate) ids: IdTable,
    pub(crate) locals: Registry,
    pub(crate) scheduler: Scheduler,
    pub(crate) timers: Timers,
    pub(crate) chance: Chance,
    pub(crate) asks: AskPool,
    pub(crate) waits: Waits,
    pub(crate) names: Names,
    pub(crate) root: Root,
    pub(crate) dead_letters: Hub,
    pub(crate) blocking: Pool,
    pub(crate) threads: Threads,
    pub(crate) life: Life,
    pub(crate) meter: Mutex<Meter>,
    pub(crate) restart_meter: Mutex<Meter>,
    /// Handles that users hold.
    pub(super) handles: AtomicUsize,
    sequence: AtomicU64,
    /// Last: cells and messages lie in it.
    pub(crate) memory: Memory,
}

/// The ends of the run queues, one for each worker.
pub(crate) type Ends = Vec<crate::sync::deque::Worker<Task>>;

impl Core {
    pub(super) fn new(
        name: &str,
        config: SystemConfig,
        clock: Clock,
        supervise: Option<Supervise>,
        threads: Threads,
    ) -> Result<(Arc<Self>, Ends), SystemError> {
        config.validate()?;
        let performance = &config.performance;
        let memory = Memory::new(
            performance.arena_size,
            performance.message_pool_size,
            performance.actor_pool_size,
        );
        let memory = memory
            .map_err(|error| SystemError::Refused { what: "memory", error: Arc::new(error) })?;
        let (scheduler, ends) = Scheduler::new(&Rules {
            workers: performance.worker_count(),
            stealing: performance.enable_work_stealing,
            spin: performance.max_spin_cycles,
            local_threshold: performance.worker_queue_capacity as usize,
            global_threshold: performance.global_queue_capacity as usize,
        });
        let core = Arc::new_cyclic(|me| Core {
            me: me.clone(),
            name: name.into(),
            clock,
            ids: IdTable::new(),
            locals: Registry::default(),
            scheduler,
            timers: Timers::new(),
            chance: Chance::new(Chance::seed()),
            asks: AskPool::default(),
            waits: Waits::default(),
            names: Names::default(),
            root: Root::new(supervise),
            dead_letters: Hub::new(config.dead_letter_log),
            blocking: Pool::default(),
            threads,
            life: Life::default(),
            meter: Mutex::default(),
            restart_meter: Mutex::default(),
            handles: AtomicUsize::new(0),
            sequence: AtomicU64::new(0),
            memory,
            config,
        });
        Ok((core, ends))
    }

    /// A counted reference. Whoever has `&self` keeps it alive.
    pub(crate) fn me(&self) -> Arc<Core> {
        self.me.upgrade().expect("whoever looks at a system holds it")
    }

    pub(crate) fn weak(&self) -> Weak<Core> {
        self.me.clone()
    }

    /// Something failed that nobody in the system can decide about: the system ends.
    pub(super) fn fail(&self, failure: Failure) {
        let limit = self.config.stop_timeout;
        super::shutdown::begin(&self.me(), order::STOP | order::SHUTDOWN, limit, Some(failure));
    }

    /// The next place in the order of starts.
    pub(crate) fn next_sequence(&self) -> u64 {
        self.sequence.fetch_add(1, Ordering::Relaxed)
    }

    /// A reply that nobody waits for any more: counted, and a dead letter.
    pub(crate) fn late_reply(
        &self,
        local: &Local,
        from: ActorId,
        asker: u64,
        message: &'static str,
    ) {
        local.counts.late_replies.add(1);
        let letter = DeadLetter {
            target: ActorId::from_raw(asker),
            target_name: None,
            sender: Some(from),
            message,
            reason: DeadLetterReason::LateReply,
        };
        self.dead_letters.publish(self, letter);
    }

    /// A message that an actor which ends so will not handle. `is_letter`: it was itself a letter, to a subscriber.
    pub(crate) fn dead_letter(
        &self,
        target: &Header,
        end: EndKind,
        sender: u64,
        message: &'static str,
        is_letter: bool,
    ) {
        self.letter(target, DeadLetterReason::of(end), sender, message, is_letter);
    }

    /// A message that the target's mailbox has dropped, as its policy says.
    pub(crate) fn dropped_letter(
        &self,
        target: &Header,
        why: Dropped,
        sender: u64,
        message: &'static str,
        is_letter: bool,
    ) {
        let reason = match why {
            Dropped::New => DeadLetterReason::DroppedNew,
            Dropped::Old => DeadLetterReason::DroppedOld,
        };
        self.letter(target, reason, sender, message, is_letter);
    }

    fn letter(
        &self,
        target: &Header,
        reason: DeadLetterReason,
        sender: u64,
        message: &'static str,
        is_letter: bool,
    ) {
        let letter = DeadLetter {
            target: target.id,
            target_name: target.name().cloned(),
            sender: (sender != 0).then_some(ActorId::from_raw(sender)),
            message,
            reason,
        };
        if is_letter {
            self.dead_letters.note(self, &letter);
        } else {
            self.dead_letters.publish(self, letter);
        }
    }

    pub(super) fn dead_letters(&self) -> DeadLetters {
        DeadLetters { core: self.me() }
    }
}
