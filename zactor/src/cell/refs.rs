//! Counted references to cells; the last one frees the memory.
//!
//! A live actor holds one reference to itself, so a count of zero means that it has ended and that its state is
//! gone: freeing runs nothing of the user's, and never releases another cell.
//!
//! | step                | order            | pairs with: what becomes visible                            |
//! |---------------------|------------------|-------------------------------------------------------------|
//! | `clone`'s increment | Relaxed          | nothing: whoever clones has a reference already             |
//! | `drop`'s decrement  | AcqRel           | every other decrement: all uses happen before the free      |

use std::mem::ManuallyDrop;
use std::ptr::NonNull;

use super::header::Header;
use crate::sync::atomic::{AtomicU32, Ordering};

/// A count of references.
pub(crate) struct Count(AtomicU32);

impl Count {
    pub(crate) fn new(references: u32) -> Self {
        Count(AtomicU32::new(references))
    }

    #[cfg(all(test, loom))]
    pub(super) fn must_be_alone(&mut self) {
        self.0.with_mut(|_| ());
    }

    #[inline(always)]
    fn increment(&self) {
        let old = self.0.fetch_add(1, Ordering::Relaxed);
        if old > u32::MAX / 2 {
            // As in std's Arc: more references than memory could hold were leaked; going on would be unsound.
            std::process::abort();
        }
    }

    /// For the id table: an ended cell whose memory is about to go is not revived.
    pub(crate) fn increment_unless_zero(&self) -> bool {
        let mut old = self.0.load(Ordering::Relaxed);
        loop {
            if old == 0 {
                return false;
            }
            match self.0.compare_exchange_weak(old, old + 1, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return true,
                Err(now) => old = now,
            }
        }
    }

    /// True for the last one.
    #[inline(always)]
    fn decrement(&self) -> bool {
        let order = if crate::sync::mutant("refs_no_acquire") {
            Ordering::Relaxed
        } else {
            Ordering::AcqRel
        };
        self.0.fetch_sub(1, order) == 1
    }
}

/// A counted reference to a cell of any actor.
pub(crate) struct CellRef(NonNull<Header>);

// SAFETY: what a reference gives access to is either atomic or guarded by the right to run (`Turn`).
unsafe impl Send for CellRef {}
// SAFETY: as above.
unsafe impl Sync for CellRef {}

impl CellRef {
    /// Takes over a reference that is counted already.
    ///
    /// # Safety
    /// The caller owns one count of this cell and gives it away.
    #[inline(always)]
    pub(super) unsafe fn from_counted(header: NonNull<Header>) -> Self {
        CellRef(header)
    }

    /// One more reference to a cell that lives.
    ///
    /// # Safety
    /// The cell is kept alive by somebody during the call.
    #[inline(always)]
    pub(super) unsafe fn from_live(header: NonNull<Header>) -> Self {
        // SAFETY: the cell lives (caller).
        unsafe { header.as_ref() }.refs.increment();
        CellRef(header)
    }

    /// A reference that counts nothing.
    ///
    /// # Safety
    /// The cell outlives every use of the result.
    #[inline(always)]
    pub(super) unsafe fn uncounted(header: NonNull<Header>) -> ManuallyDrop<Self> {
        ManuallyDrop::new(CellRef(header))
    }

    #[inline(always)]
    pub(crate) fn as_ptr(&self) -> NonNull<Header> {
        self.0
    }
}

impl std::ops::Deref for CellRef {
    type Target = Header;
    #[inline(always)]
    fn deref(&self) -> &Header {
        // SAFETY: the reference counts, or somebody vouched for the cell (`uncounted`).
        unsafe { self.0.as_ref() }
    }
}

impl Clone for CellRef {
    #[inline]
    fn clone(&self) -> Self {
        self.refs.increment();
        CellRef(self.0)
    }
}

impl Drop for CellRef {
    #[inline]
    fn drop(&mut self) {
        if self.refs.decrement() {
            // SAFETY: this was the last reference, and `decrement` acquired what all others did.
            unsafe { super::free(self.0) }
        }
    }
}
