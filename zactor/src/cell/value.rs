//! A reply in 32 bytes: in place, or behind a block. As `message::payload`, for any type.

use std::alloc::Layout;
use std::mem::MaybeUninit;
use std::ptr::NonNull;

use crate::message::BYTES;

/// Moves `value` into `bytes`.
#[inline]
pub(super) fn pack<R>(
    bytes: &mut [MaybeUninit<u8>; BYTES],
    value: R,
    allocate: impl FnOnce(Layout) -> NonNull<u8>,
) {
    if size_of::<R>() <= BYTES {
        // SAFETY: fits; `write_unaligned` asks for no alignment.
        unsafe { bytes.as_mut_ptr().cast::<R>().write_unaligned(value) };
        return;
    }
    let block = allocate(Layout::new::<R>());
    // SAFETY: `allocate` gives room for an `R`, aligned for it.
    unsafe { block.as_ptr().cast::<R>().write(value) };
    // SAFETY: a pointer fits.
    unsafe { bytes.as_mut_ptr().cast::<NonNull<u8>>().write_unaligned(block) };
}

/// Moves the value out again.
///
/// # Safety
/// `bytes` were written by `pack` with an `R`, and are unpacked once.
#[inline]
pub(super) unsafe fn unpack<R>(
    bytes: &[MaybeUninit<u8>; BYTES],
    free: impl FnOnce(NonNull<u8>, Layout),
) -> R {
    if size_of::<R>() <= BYTES {
        // SAFETY: `pack` wrote an `R` here (caller), read once.
        return unsafe { bytes.as_ptr().cast::<R>().read_unaligned() };
    }
    // SAFETY: `pack` wrote the block's address here (caller).
    let block = unsafe { bytes.as_ptr().cast::<NonNull<u8>>().read_unaligned() };
    // SAFETY: the block holds an `R` (caller); read once.
    let value = unsafe { block.as_ptr().cast::<R>().read() };
    free(block, Layout::new::<R>());
    value
}
