//! Layer 3: messages, their 64 bytes, and the ids of those who exchange them.
//!
//! * [`Message`] is what can be sent; its reply belongs to it.
//! * [`Accepts`] says that an actor takes a message, and under which tag. The tag and the payload agree
//!   because only the macros implement it.
//! * `layout.rs` is the message as user code may hold it, `node.rs` the same 64 bytes while they are queued,
//!   `priority.rs` what goes first, `payload.rs` how a value gets into 32 bytes and out again, `inline.rs` whether one that must fit does, `id.rs` the number of an actor.

mod id;
pub(crate) mod inline;
mod layout;
mod node;
mod payload;
mod priority;

pub use id::ActorId;
pub use layout::FastMessage;
pub(crate) use node::{BEHIND, Kind, LANES, LETTER, LINK_OFFSET, Node, OVER, STASHED, TICK, lane};
pub(crate) use payload::{BYTES, Fit};
pub use priority::Priority;

/// What an actor can be sent. Write `#[derive(Message)]`; the reply is `()` unless
/// `#[message(reply = T)]` says otherwise.
///
/// ```
/// use zactor::prelude::*;
///
/// #[derive(Message)]
/// struct Deposit(u64);
///
/// #[derive(Message)]
/// #[message(reply = u64)]
/// struct Balance;
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a message",
    label = "not a message",
    note = "write `#[derive(Message)]` on it; the type must be yours, `Send` and `'static`"
)]
pub trait Message: Sized + Send + 'static {
    /// What the handler returns, and an ask receives.
    type Reply: Send + 'static;
    #[doc(hidden)]
    const INLINE: Option<&'static str> = None;
    #[doc(hidden)]
    const BOXED: bool = false;
    #[doc(hidden)]
    const PRIORITY: Priority = Priority::Normal;
    #[doc(hidden)]
    const HAS_PRIORITY: bool = !matches!(Self::PRIORITY, Priority::Normal);
}

/// Actor `Self` has a handler for `M`. Implemented by `#[actor(..)]` for each listed message.
///
/// # Safety
/// `TAG` is the tag under which `Self`'s dispatch takes an `M`, and no other message of `Self` has it.
#[diagnostic::on_unimplemented(
    message = "actor `{Self}` does not accept messages of type `{M}`",
    label = "`{M}` is not in the list of `{Self}`",
    note = "add `{M}` to `#[actor(..)]` on `{Self}` and write `impl Handler<{M}> for {Self}`"
)]
pub unsafe trait Accepts<M: Message>: crate::actor::Actor {
    /// The number that stands for `M` in messages to `Self`; dense from 0.
    const TAG: u32;
}
