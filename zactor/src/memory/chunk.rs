//! Address space from the operating system, cut into chunks of 64 KiB, and back when idle.
//!
//! 1. An arena that has ever held slots stays mapped while the system lives: a late look at a slot finds zeros or a
//!    slot, never a hole. Such a look is an atomic read, and no chunk of slots becomes anything else.
//! 2. A chunk that nobody owns has no pages of its own, but for those that `discard` could not give back.

use std::alloc::{Layout, handle_alloc_error};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io;
use std::ptr::NonNull;

/// A chunk's size and alignment.
pub(super) const CHUNK: usize = 64 * 1024;

/// What is asked of the operating system.
#[cfg(all(unix, not(miri), not(all(test, loom))))]
pub(super) mod os {
    use super::{NonNull, io};
    use crate::sync::atomic::{AtomicU64, Ordering::Relaxed};

    /// Maps `bytes` of zeroed memory. Pages come with the first touch.
    pub(crate) fn map(bytes: usize) -> io::Result<NonNull<u8>> {
        #[cfg(any(target_os = "linux", target_os = "android"))]
        const RESERVE: libc::c_int = libc::MAP_NORESERVE;
        #[cfg(not(any(target_os = "linux", target_os = "android")))]
        const RESERVE: libc::c_int = 0;
        let protection = libc::PROT_READ | libc::PROT_WRITE;
        let flags = libc::MAP_PRIVATE | libc::MAP_ANON | RESERVE;
        // SAFETY: a new private mapping, at a place that the system chooses: nothing that exists is touched.
        let place = unsafe { libc::mmap(std::ptr::null_mut(), bytes, protection, flags, -1, 0) };
        if place == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        NonNull::new(place.cast()).ok_or_else(|| io::ErrorKind::OutOfMemory.into())
    }

    /// # Safety
    /// All of what [`map`] gave, which nobody uses any more.
    pub(crate) unsafe fn unmap(place: NonNull<u8>, bytes: usize) {
        // SAFETY: caller.
        let done = unsafe { libc::munmap(place.as_ptr().cast(), bytes) };
        debug_assert_eq!(done, 0);
    }

    /// Gives the pages back; the memory stays mapped and may be used again.
    ///
    /// # Safety
    /// Whole pages out of [`map`]; nobody minds if what is there changes to zeros.
    pub(crate) unsafe fn discard(place: NonNull<u8>, bytes: usize) {
        // A failure costs memory, nothing else.
        // SAFETY: caller.
        let _ = unsafe { libc::madvise(place.as_ptr().cast(), bytes, libc::MADV_DONTNEED) };
    }

    /// The generation in the first word of a slot.
    ///
    /// # Safety
    /// `slot` leads to an aligned u64 that is only used atomically.
    pub(crate) unsafe fn generation(slot: NonNull<u8>) -> u32 {
        // SAFETY: caller.
        let word = unsafe { slot.cast::<AtomicU64>().as_ref() };
        (word.load(Relaxed) >> 32) as u32
    }

    /// Sees to it that the generation is not below `least`.
    ///
    /// # Safety
    /// As [`generation`]; the slot is free and the caller's.
    pub(crate) unsafe fn raise_generation(slot: NonNull<u8>, least: u32) {
        // SAFETY: caller.
        let word = unsafe { slot.cast::<AtomicU64>().as_ref() };
        if word.load(Relaxed) >> 32 < u64::from(least) && !crate::sync::mutant("slot_forgets") {
            word.store(u64::from(least) << 32, Relaxed);
        }
    }
}

/// The same from the global allocator, which keeps all pages.
#[cfg(any(not(unix), miri, all(test, loom)))]
pub(super) mod os {
    use super::{Layout, NonNull, io};

    /// A modest one, so that the allocator takes zeroed pages as they come.
    const ALIGN: usize = 16;

    pub(crate) fn map(bytes: usize) -> io::Result<NonNull<u8>> {
        let layout = Layout::from_size_align(bytes, ALIGN).map_err(io::Error::other)?;
        // SAFETY: the size is not zero.
        let place = unsafe { std::alloc::alloc_zeroed(layout) };
        NonNull::new(place).ok_or_else(|| io::ErrorKind::OutOfMemory.into())
    }

    /// # Safety
    /// All of what [`map`] gave, which nobody uses any more.
    pub(crate) unsafe fn unmap(place: NonNull<u8>, bytes: usize) {
        // SAFETY: `map` has made a layout of the same.
        let layout = unsafe { Layout::from_size_align_unchecked(bytes, ALIGN) };
        // SAFETY: caller; the layout is that of `map`.
        unsafe { std::alloc::dealloc(place.as_ptr(), layout) };
    }

    /// # Safety
    /// None: nothing happens, so generations stay too.
    pub(crate) unsafe fn discard(_place: NonNull<u8>, _bytes: usize) {}

    /// # Safety
    /// None.
    pub(crate) unsafe fn generation(_slot: NonNull<u8>) -> u32 {
        0
    }

    /// # Safety
    /// None.
    pub(crate) unsafe fn raise_generation(_slot: NonNull<u8>, _least: u32) {}
}

/// A piece of address space that begins at a chunk's boundary. What stands before that is lost, and was never touched.
pub(super) struct Mapping {
    place: NonNull<u8>,
    bytes: usize,
}

// SAFETY: an owned piece of memory, bound to no thread.
unsafe impl Send for Mapping {}

impl Mapping {
    pub(super) fn new(bytes: usize) -> io::Result<Self> {
        let bytes = bytes.checked_add(CHUNK).ok_or(io::ErrorKind::OutOfMemory)?;
        Ok(Self { place: os::map(bytes)?, bytes })
    }

    pub(super) fn base(&self) -> NonNull<u8> {
        let before = self.place.addr().get().wrapping_neg() % CHUNK;
        // SAFETY: less than the `CHUNK` bytes that are there besides.
        unsafe { self.place.add(before) }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: mapped in `new` with this length; its owner has no use for it any more.
        unsafe { os::unmap(self.place, self.bytes) };
    }
}

struct Arena {
    mapping: Mapping,
    chunks: usize,
    /// Chunks before it have been taken once.
    next: usize,
    /// Those of them that came back, the lowest first.
    free: BinaryHeap<Reverse<usize>>,
    /// Invariant 1.
    stays: bool,
}

impl Arena {
    fn new(bytes: usize) -> io::Result<Self> {
        let mapping = Mapping::new(bytes)?;
        Ok(Self { mapping, chunks: bytes / CHUNK, next: 0, free: BinaryHeap::new(), stays: false })
    }

    fn start(&self) -> usize {
        self.mapping.base().addr().get()
    }

    fn take(&mut self) -> Option<NonNull<u8>> {
        let chunk = if let Some(Reverse(chunk)) = self.free.pop() {
            chunk
        } else if self.next < self.chunks {
            self.next += 1;
            self.next - 1
        } else {
            return None;
        };
        // SAFETY: below `next`, so inside the mapping.
        Some(unsafe { self.mapping.base().add(chunk * CHUNK) })
    }

    fn give(&mut self, chunk: NonNull<u8>) {
        self.free.push(Reverse((chunk.addr().get() - self.start()) / CHUNK));
    }

    fn is_idle(&self) -> bool {
        self.free.len() == self.next
    }
}

/// All arenas of a system, by address.
pub(super) struct Arenas {
    list: Vec<Arena>,
    arena_bytes: usize,
}

impl Arenas {
    /// With the first arena, so that a size that cannot be had is found at once.
    pub(super) fn new(arena_size: usize) -> io::Result<Self> {
        let arena_bytes =
            arena_size.max(1).checked_next_multiple_of(CHUNK).ok_or(io::ErrorKind::OutOfMemory)?;
        Ok(Self { list: vec![Arena::new(arena_bytes)?], arena_bytes })
    }

    /// Address space held.
    pub(super) fn bytes(&self) -> usize {
        self.list.len() * self.arena_bytes
    }

    /// The lowest free chunk; for slots: one that will never be anything else.
    pub(super) fn take(&mut self, for_slots: bool) -> NonNull<u8> {
        for arena in &mut self.list {
            if let Some(chunk) = arena.take() {
                arena.stays |= for_slots;
                return chunk;
            }
        }
        let Ok(mut arena) = Arena::new(self.arena_bytes) else {
            handle_alloc_error(Layout::new::<[u8; CHUNK]>());
        };
        arena.stays = for_slots;
        let Some(chunk) = arena.take() else { unreachable!("an arena has at least one chunk") };
        let place = self.list.partition_point(|other| other.start() < arena.start());
        self.list.insert(place, arena);
        chunk
    }

    /// A chunk comes back, its blocks all free. Its pages go to the operating system, and with the last chunk of an
    /// arena its address space, unless it is the only one.
    pub(super) fn give(&mut self, chunk: NonNull<u8>) {
        let after = self.list.partition_point(|arena| arena.start() <= chunk.addr().get());
        let Some(index) = after.checked_sub(1) else { unreachable!("a chunk of these arenas") };
        self.list[index].give(chunk);
        if self.list[index].is_idle() && !self.list[index].stays && self.list.len() > 1 {
            self.list.remove(index);
        } else {
            // SAFETY: in an arena that is mapped; no block of it is in use (caller).
            unsafe { os::discard(chunk, CHUNK) };
        }
    }
}
