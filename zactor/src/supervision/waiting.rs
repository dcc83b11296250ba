//! Which child a parent that ends waits for, and until when.

use std::time::Duration;

use crate::cell::TimerKey;
use crate::cell::state::token;
use crate::message::ActorId;
use crate::scheduler::clock::Nanos;
use crate::scheduler::timers::Fire;
use crate::system::Core;

/// The child that is waited for.
#[derive(Debug)]
pub(crate) struct Awaited {
    child: ActorId,
    pub(crate) until: Nanos,
    /// Past its time; and for how many turns it has stood in a handler since.
    pub(crate) late: Option<u32>,
}

/// What a parent that waits keeps.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    awaited: Option<Awaited>,
    alarm: Option<(TimerKey, Nanos)>,
}

impl Waiting {
    /// `child` is waited for, if it was not before: for at most `limit` from `now` on.
    pub(crate) fn for_child(
        &mut self,
        child: ActorId,
        now: Nanos,
        limit: Duration,
    ) -> &mut Awaited {
        let known = self.awaited.take().filter(|awaited| awaited.child == child);
        let until = now.after(limit);
        self.awaited.insert(known.unwrap_or(Awaited { child, until, late: None }))
    }

    /// Has the parent look again at `until`.
    pub(crate) fn ring(&mut self, core: &Core, me: ActorId, now: Nanos, until: Nanos) {
        let rings = |(_, at): &(TimerKey, Nanos)| *at > now && *at <= until;
        if until == Nanos::NEVER || self.alarm.as_ref().is_some_and(rings) {
            return;
        }
        if let Some((key, _)) = self.alarm.take() {
            core.timers.cancel(key);
        }
        let key = core.timers.arm(core, until, Fire::Token(me, token::CHILDREN));
        self.alarm = Some((key, until));
    }

    /// Nobody is waited for any more.
    pub(crate) fn forget(self, core: &Core) {
        if let Some((key, _)) = self.alarm {
            core.timers.cancel(key);
        }
    }
}
