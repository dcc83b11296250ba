//! What a system looks like from outside: its counters, its actors.

use super::stats::Measured;
use super::{
    ActorCounts, ActorInfo, ActorState, ActorSystem, Core, MemoryStats, MessageCounts, SystemStats,
};
use crate::cell::state::order;
use crate::cell::{CellRef, Family, NOTHING};
use crate::message::ActorId;
use crate::sync::atomic::Ordering;
use crate::sync::lock;

impl Core {
    pub(crate) fn stats(&self) -> SystemStats {
        let (sums, latency, memory) = self.locals.sum();
        let usage = self.memory.usage(memory);
        let now = self.clock.now().0;
        let throughput = lock(&self.meter).measure(sums.handled, now);
        let restarts = lock(&self.restart_meter).measure(sums.restarted, now);
        SystemStats {
            actors: ActorCounts {
                created: sums.created,
                live: sums.created.saturating_sub(sums.live_ended),
                restarted: sums.restarted,
                stopped: sums.stopped,
                failed: sums.failures,
            },
            messages: MessageCounts {
                offered: sums.accepted + sums.rejected,
                accepted: sums.accepted,
                rejected: sums.rejected,
                handled: sums.handled,
                failed: sums.failed,
                dead_lettered: sums.dead_lettered,
                evicted: sums.evicted,
                queued: (sums.accepted + sums.kept).saturating_sub(sums.taken),
            },
            memory: MemoryStats {
                arena_bytes: usage.arena_bytes,
                nodes_in_use: usage.nodes_in_use,
                nodes_pooled: usage.nodes_pooled,
                cells_in_use: usage.cells_in_use,
                cells_pooled: usage.cells_pooled,
            },
            boxed_sends: sums.boxed,
            queue_overflows: sums.queue_overflows,
            steals: sums.steals,
            parks: sums.parks,
            drop_panics: sums.drop_panics,
            hook_panics: sums.hook_panics,
            late_replies: sums.late_replies,
            workers: u32::try_from(self.scheduler.worker_count()).unwrap_or(u32::MAX),
            measured: Measured::new(throughput, restarts, latency.send_to_end(), latency.handler()),
        }
    }
}

impl ActorSystem {
    /// The counters of this moment. When nothing moves they add up exactly.
    #[must_use]
    pub fn stats(&self) -> SystemStats {
        self.core.stats()
    }

    /// One actor at this moment; `None` when its memory is gone.
    #[must_use]
    pub fn inspect(&self, id: ActorId) -> Option<ActorInfo> {
        self.core.ids.resolve(id).map(|cell| info(&cell))
    }

    /// All actors that live, parents before their children, in the order of their start.
    #[must_use]
    pub fn tree(&self) -> Vec<ActorInfo> {
        let mut infos = Vec::new();
        let mut left = self.core.root.members();
        left.reverse();
        while let Some(cell) = left.pop() {
            infos.push(info(&cell));
            left.extend(children(&cell).into_iter().rev());
        }
        infos
    }
}

fn children(cell: &CellRef) -> Vec<CellRef> {
    let family = cell.rare_if_made().map(|rare| lock(&rare.family));
    family.as_deref().map(Family::members).unwrap_or_default()
}

fn state(cell: &CellRef) -> ActorState {
    if cell.state().is_ended() {
        ActorState::Stopped
    } else if !cell.is_alive() || cell.state().orders() & (order::STOP | order::KILL) != 0 {
        ActorState::Stopping
    } else if cell.current() != NOTHING {
        ActorState::Running
    } else if cell.state().is_backing_off() {
        ActorState::BackingOff
    } else if cell.state().is_parked() {
        ActorState::Suspended
    } else if cell.is_idle() {
        ActorState::Idle
    } else {
        ActorState::Scheduled
    }
}

fn info(cell: &CellRef) -> ActorInfo {
    let rare = cell.rare_if_made();
    let count = |of: fn(&crate::cell::Rare) -> &crate::sync::atomic::AtomicU64| {
        rare.map_or(0, |rare| of(rare).load(Ordering::Relaxed))
    };
    let (rejected, failed) = (count(|rare| &rare.rejected), count(|rare| &rare.failed));
    let dead_lettered = count(|rare| &rare.dead_lettered);
    let handled = cell.handled();
    let (queued, in_handler) = cell.queue();
    let in_handler = in_handler + u64::from(cell.state().is_held());
    let evicted = rare.and_then(|rare| rare.pressure_if_made()).map_or(0, |p| p.evicted());
    let accepted = handled + failed + dead_lettered + evicted + queued + in_handler;
    ActorInfo {
        id: cell.id,
        state: state(cell),
        name: cell.name().cloned(),
        type_name: (cell.meta.type_name)(),
        parent: (cell.parent != ActorId::NONE).then_some(cell.parent),
        children: children(cell).iter().map(|child| child.id).collect(),
        restarts: cell.restarts(),
        watchers: cell.watchers(),
        messages: MessageCounts {
            offered: accepted + rejected,
            accepted,
            rejected,
            handled,
            failed,
            dead_lettered,
            evicted,
            queued,
        },
    }
}
