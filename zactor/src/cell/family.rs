//! Children of one parent, and what it has begun beside its mailbox (errands), in the order of their start: a list through their headers, guarded by the lock that the
//! `Family` stands behind.
//!
//! A child is in the list from birth to end, and holds a reference to itself that long; so every member is alive.

#![allow(
    clippy::multiple_unsafe_ops_per_block,
    reason = "one argument covers both where it says so"
)]

use std::ptr::NonNull;

use super::header::Header;
use super::refs::CellRef;

/// A member's neighbours.
#[derive(Default)]
pub(super) struct Links {
    earlier: Option<NonNull<Header>>,
    later: Option<NonNull<Header>>,
}

/// Whom an actor stops.
#[derive(Clone, Copy)]
pub(crate) enum Whom {
    /// Children, and what it has begun beside its mailbox.
    All,
    Errands,
}

/// See the module.
#[derive(Default)]
pub(crate) struct Family {
    oldest: Option<NonNull<Header>>,
    youngest: Option<NonNull<Header>>,
    /// No further child is taken: the parent is about to end.
    closed: bool,
    /// The parent waits for children to end: whoever leaves wakes it.
    awaited: bool,
}

// SAFETY: members are reached only through the lock around the family; cells may be used from any thread.
unsafe impl Send for Family {}

impl Family {
    /// A new child, the youngest. False when the family takes no more.
    #[must_use]
    pub(crate) fn add(&mut self, child: &CellRef) -> bool {
        if self.closed {
            return false;
        }
        let new = child.as_ptr();
        // SAFETY: links are guarded by the lock that gave us `&mut self`; the child is alive.
        let links = unsafe { &mut *child.links.get() };
        links.earlier = self.youngest;
        if let Some(youngest) = self.youngest.replace(new) {
            // SAFETY: a member, alive (see the module); guarded as above.
            unsafe { (*youngest.as_ref().links.get()).later = Some(new) };
        } else {
            self.oldest = Some(new);
        }
        true
    }

    /// The child has ended. It must be a member. True: the parent waits for that.
    #[must_use]
    pub(crate) fn remove(&mut self, child: &CellRef) -> bool {
        if child.state().is_cut_off() {
            return false;
        }
        // SAFETY: links are guarded by the lock that gave us `&mut self`; the child is alive.
        let links = std::mem::take(unsafe { &mut *child.links.get() });
        self.unlink(&links);
        self.awaited
    }

    /// The child is no member any more, although it has not ended. False: it has.
    #[must_use]
    pub(crate) fn cut_off(&mut self, child: &CellRef) -> bool {
        if child.state().is_ended() {
            return false;
        }
        // SAFETY: as in `remove`: it has not ended, so it is a member; its end takes the lock.
        let links = std::mem::take(unsafe { &mut *child.links.get() });
        self.unlink(&links);
        // Under the lock, so that its own end finds it.
        child.state().cut_off();
        true
    }

    fn unlink(&mut self, links: &Links) {
        match links.earlier {
            // SAFETY: a member, alive (see the module); guarded as above.
            Some(earlier) => unsafe { (*earlier.as_ref().links.get()).later = links.later },
            None => self.oldest = links.later,
        }
        match links.later {
            // SAFETY: as above.
            Some(later) => unsafe { (*later.as_ref().links.get()).earlier = links.earlier },
            None => self.youngest = links.earlier,
        }
    }

    /// Of `whom` the one that started last, whose end the parent is about to wait for; without one it waits no more.
    pub(crate) fn await_youngest(&mut self, whom: Whom) -> Option<CellRef> {
        let youngest = match whom {
            Whom::All => self.youngest(),
            Whom::Errands => self.all().into_iter().rfind(|child| child.meta.errand),
        };
        self.awaited = youngest.is_some();
        youngest
    }

    /// Takes no further child.
    pub(crate) fn close(&mut self) {
        self.closed = true;
    }

    /// The child that started last.
    fn youngest(&self) -> Option<CellRef> {
        // SAFETY: a member is alive (see the module), and stays one while the lock is held.
        self.youngest.map(|child| unsafe { CellRef::from_live(child) })
    }

    /// The children, in the order of their start.
    pub(crate) fn members(&self) -> Vec<CellRef> {
        let mut members = self.all();
        members.retain(|child| !child.meta.errand);
        members
    }

    /// Children and errands, in the order of their start.
    pub(crate) fn all(&self) -> Vec<CellRef> {
        let mut members = Vec::new();
        let mut next = self.oldest;
        while let Some(child) = next {
            // SAFETY: as in `youngest`.
            let child = unsafe { CellRef::from_live(child) };
            // SAFETY: links are guarded by the lock that gave us `&self`.
            next = unsafe { &*child.links.get() }.later;
            members.push(child);
        }
        members
    }
}
