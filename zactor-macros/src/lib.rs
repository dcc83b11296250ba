//! The macros of zactor. Use them through `zactor`, whose documentation tells what they are for.
//!
//! An attribute goes through three steps: what was written (`parse`), what it means (`check`), the code
//! for it (`expand`, which cannot fail). Mistakes are collected on the way and reported together; what was
//! understood is generated all the same, so that one mistake does not show as twenty.
//!
//! The code names public items by their path in the root of `zactor` (`ActorRef`, `Context`, `Handler`,
//! `Accepts`, ..) and, from `zactor::__private`, `Protocol`, `Options`, `Delivery`, `Undelivered`, `Never`,
//! `reply`, `Show`, `ViaDebug`, `ViaName` and `assert_inline`.
#![warn(clippy::print_stdout)]

mod mistakes;
mod keys;
mod generics;
mod protocol;
mod message;
mod actor;
mod handlers;

use proc_macro::TokenStream;

/// Makes a struct or enum a message.
///
/// It must be `Send` and `'static`; type parameters get these two bounds.
///
/// # Keys of `#[message(..)]`
///
/// | key | meaning |
/// |---|---|
/// | `reply = T` | What a handler replies. Default: `()`. |
/// | `inline` | The message fits a mailbox node (32 bytes, aligned to 16), or the crate does not compile; a generic one where it is sent. |
/// | `boxed` | The message is always boxed, also if it would fit. |
/// | `priority = high`, `normal`, `low` | Its lane in the mailbox: lanes with messages take turns, five of eight for `high`, two for `normal`, one for `low`. Default: `normal`. There is no order between lanes. A mailbox whose actor accepts no message with a priority has one lane, and pays nothing. |
/// | `id = "bank.deposit"`, `version = 2` | Its name outside this process. Not available in this version. |
#[proc_macro_derive(Message, attributes(message))]
pub fn derive_message(item: TokenStream) -> TokenStream {
    message::expand(item.into()).into()
}

/// Makes a struct an actor, with the messages listed or, if none is, those of its `#[handlers]` block.
///
/// `#[actor(Deposit, other::Put<u8> as OtherPut, async Load, deferred Search, batch = 64)]`
///
/// A message is handled by `Handler`, a `deferred` one, which is replied to later, by `DeferredHandler`, an
/// `async` one by `AsyncHandler`. `as` names its variant in the enum of all messages, which is called like the actor with `Message` behind it; without `as` that is the last
/// segment of the path. A type parameter can be listed as the only message.
///
/// # Keys, behind the messages, in any order
///
/// | key | meaning |
/// |---|---|
/// | `mailbox(capacity = 1024)` | Most messages queued, 1 to 2,000,000, or `unbounded`. Default: that of the system, 65,536. |
/// | `mailbox(overflow = fail)` | What a full mailbox does: `fail` gives the message back, `block` waits for room, `drop_new` makes the new message a dead letter, `drop_old` the oldest. Default: that of the system, `fail`. |
/// | `batch = 64` | Most messages handled in one turn, 1 to 65,536. Default: that of the system, 64. |
/// | `dispatcher = shared`, `pinned` | Which threads run the actor: all workers share it, or a thread of its own, where handlers may block. Default: `shared`. |
/// | `lifecycle` | You write `impl Lifecycle`; else an empty one is generated. |
/// | `supervisor` | You write `impl Supervisor`; else an empty one is generated. |
/// | `supervise(one_for_one, max_restarts = 5, within = "10s", backoff = "50ms..5s", jitter = 0.2)` | How its children are supervised: one of `one_for_one`, `one_for_all` and `rest_for_one` first; times are a whole number and `ns`, `us`, `ms`, `s`, `min` or `h`; `jitter` is a number from 0 to 1. |
/// | `priority = high`, `normal`, `low` | What goes first among the actors that are ready: of eight turns five go to `high`, two to `normal`, one to `low`. Default: `normal`. |
#[proc_macro_attribute]
pub fn actor(arguments: TokenStream, item: TokenStream) -> TokenStream {
    actor::expand(arguments.into(), item.into()).into()
}

/// Makes each method of a block a message of the actor, with a sending method on its `ActorRef`.
///
/// `fn add(&mut self, by: u64)` of `Counter` makes `struct CounterAdd { pub by: u64 }`,
/// `CounterMessage::Add`, and `counter.add(3)?` through the trait `CounterApi`, which other modules import.
/// A method without return type is told, one with a return type is asked. An argument
/// `&mut Context<Self>` receives the context. With an argument `ReplyTo<R>` and no return type a method is asked
/// and replies later. The methods stay callable as they are written.
///
/// Arguments and replies own what they carry. An actor has one such block; an empty one says that it has
/// no messages. Functions that are no handlers stand in another `impl`.
#[proc_macro_attribute]
pub fn handlers(arguments: TokenStream, item: TokenStream) -> TokenStream {
    handlers::expand(arguments.into(), item.into()).into()
}
