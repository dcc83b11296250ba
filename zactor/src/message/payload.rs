//! How a message gets into 32 bytes: in place, or as a pointer to a pooled block. Decided while compiling.

use std::alloc::Layout;
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::ptr::NonNull;

use super::Message;
use super::inline::assert_inline;

/// Bytes of payload in a message.
pub(crate) const BYTES: usize = 32;
/// The largest alignment of a payload in place: the data stands at byte 32 of 64 aligned bytes; 16 keeps the
/// promise simple.
pub(super) const ALIGN: usize = 16;

/// How an `M` travels.
pub(crate) struct Fit<M>(PhantomData<M>);

impl<M: Message> Fit<M> {
    /// In the 32 bytes themselves; else they hold the address of a block.
    pub(crate) const IN_PLACE: bool = {
        if let Some(name) = M::INLINE {
            // The derive has said so of a type without parameters; this one's size is known only here.
            assert_inline::<M>(name);
        }
        !M::BOXED && size_of::<M>() <= BYTES && align_of::<M>() <= ALIGN
    };

    /// Moves `message` into `data`, through a block of `allocate` if it does not fit.
    #[inline(always)]
    pub(crate) fn pack(
        data: &mut [MaybeUninit<u8>; BYTES],
        message: M,
        allocate: impl FnOnce(Layout) -> NonNull<u8>,
    ) {
        if Self::IN_PLACE {
            // SAFETY: `IN_PLACE` grants that an `M` fits and is aligned: data stands at 32 of a 64-aligned node.
            unsafe { data.as_mut_ptr().cast::<M>().write(message) }
        } else {
            let block = allocate(Layout::new::<M>());
            // SAFETY: `allocate` gives room for an `M`, aligned for it.
            unsafe { block.as_ptr().cast::<M>().write(message) };
            // SAFETY: a pointer fits, and data is aligned for it.
            unsafe { data.as_mut_ptr().cast::<NonNull<u8>>().write(block) };
        }
    }

    /// Moves the message out again; a block goes back through `free`.
    ///
    /// # Safety
    /// `data` was written by `Fit::<M>::pack`, and is unpacked once.
    #[inline(always)]
    pub(crate) unsafe fn unpack(
        data: &[MaybeUninit<u8>; BYTES],
        free: impl FnOnce(NonNull<u8>, Layout),
    ) -> M {
        if Self::IN_PLACE {
            // SAFETY: `pack` wrote an `M` here (caller), aligned; read once (caller): a move, not a copy.
            unsafe { data.as_ptr().cast::<M>().read() }
        } else {
            // SAFETY: `pack` wrote the block's address here (caller).
            let block = unsafe { data.as_ptr().cast::<NonNull<u8>>().read() };
            // SAFETY: the block holds an `M` (caller); read once.
            let message = unsafe { block.as_ptr().cast::<M>().read() };
            free(block, Layout::new::<M>());
            message
        }
    }
}
