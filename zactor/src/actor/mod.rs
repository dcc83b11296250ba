//! Layer 9: what a user writes against.
//!
//! [`Handler`] is what an actor does with a message, [`Lifecycle`] what it does besides; [`ActorRef`] and [`Recipient`]
//! send to it, [`Reply`] is what an ask gets, [`Context`] is what a handler may do. `incarnation.rs` is what lives in a
//! cell, `run.rs` one turn of it, `restart.rs` the way from a failure to the next incarnation, `supervise.rs` what a
//! supervisor decides about it, `ending.rs` the end.

mod actor_ref;
mod ask;
mod children;
mod context;
mod ending;
mod errand;
mod incarnation;
mod lifecycle;
#[cfg(all(test, loom))]
mod models;
mod recipient;
mod reply_to;
mod restart;
mod run;
mod sending;
mod stash;
mod stop_handle;
mod supervise;
mod suspended;
mod timer;
mod watch;

pub use actor_ref::{ActorRef, WeakActorRef};
pub(crate) use ask::answer;
pub use ask::{Asking, Reply};
pub use context::Context;
pub(crate) use ending::{Cause, abandon, begin as begin_end};
pub use errand::Spawned;
pub(crate) use incarnation::{Body, Phase, Renewal};
pub use lifecycle::{Lifecycle, Supervisor};
pub(crate) use lifecycle::{failure_of, failure_of_hook, guarded, log, log_unborn, print_guarded};
pub use recipient::Recipient;
pub use reply_to::ReplyTo;
pub(crate) use reply_to::reply_to;
pub(crate) use restart::{follow_up, stop_itself};
pub use sending::Sending;
pub use stop_handle::StopHandle;
pub(crate) use suspended::begin as begin_async;
pub use timer::Timer;

use crate::__private::{Delivery, Options, Undelivered};
use crate::error::SendError;
use crate::message::Message;

/// The closed protocol of an actor; written by `#[actor(..)]` or `#[handlers]`.
#[diagnostic::on_unimplemented(
    message = "actor `{Self}` has no protocol",
    note = "list its messages in `#[actor(..)]`, or write `#[handlers] impl {Self} {{ .. }}` (empty for an actor without messages)"
)]
#[doc(hidden)]
pub trait Protocol: Sized + Send + 'static {
    /// One variant a message.
    type Message: Send + 'static;
    /// The names of the messages, by tag.
    const NAMES: &'static [&'static str];
    /// What `#[actor(..)]` says besides.
    const OPTIONS: Options;
    /// Some message has a priority.
    const LANES: bool;

    /// Runs the handler of the message.
    fn dispatch(&mut self, delivery: Delivery<'_, Self>, ctx: &mut Context<Self>);
    /// Drops a message that no handler will see.
    fn discard(undelivered: Undelivered<'_, Self>);
    /// Sends a message chosen at run time.
    ///
    /// # Errors
    /// As [`ActorRef::tell`].
    fn send_any(
        to: &ActorRef<Self>,
        message: Self::Message,
    ) -> Result<(), SendError<Self::Message>>;
}

/// An actor: a struct with `#[actor(..)]` on it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an actor",
    note = "write `#[actor(..)]` on the struct"
)]
pub trait Actor: Protocol + Lifecycle + Supervisor {}

/// What an actor does with a message.
///
/// ```
/// use zactor::prelude::*;
///
/// #[derive(Message)]
/// struct Deposit(u64);
///
/// #[actor(Deposit)]
/// struct Account {
///     cents: u64,
/// }
///
/// impl Handler<Deposit> for Account {
///     fn handle(&mut self, Deposit(cents): Deposit, _ctx: &mut Context<Self>) {
///         self.cents += cents;
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "actor `{Self}` lists `{M}` but has no handler for it",
    label = "missing `impl Handler<{M}> for {Self}`",
    note = "write the handler, or remove the message from the list (`async {M}` needs `AsyncHandler`, `deferred {M}` needs `DeferredHandler`)"
)]
pub trait Handler<M: Message>: Actor {
    /// Handles one message. What is returned answers an ask, and is dropped for a tell. A panic ends the actor.
    fn handle(&mut self, message: M, ctx: &mut Context<Self>) -> M::Reply;
}

/// What an actor does with a message that it answers later, or has somebody else answer.
///
/// ```
/// use zactor::prelude::*;
///
/// #[derive(Message)]
/// #[message(reply = u64)]
/// struct Next;
///
/// #[derive(Message)]
/// struct Arrived(u64);
///
/// /// Whoever asks gets the next number that arrives.
/// #[actor(deferred Next, Arrived)]
/// struct Line {
///     waiting: Vec<ReplyTo<u64>>,
/// }
///
/// impl DeferredHandler<Next> for Line {
///     fn handle(&mut self, _: Next, reply: ReplyTo<u64>, _ctx: &mut Context<Self>) {
///         self.waiting.push(reply);
///     }
/// }
/// impl Handler<Arrived> for Line {
///     fn handle(&mut self, Arrived(number): Arrived, _ctx: &mut Context<Self>) {
///         self.waiting.drain(..).for_each(|reply| reply.send(number));
///     }
/// }
/// # let system = ActorSystem::start("doc")?;
/// let line = system.spawn(Line { waiting: vec![] })?;
/// let next = line.ask(Next);
/// line.tell(Arrived(7))?;
/// assert_eq!(next.wait()?, 7);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "actor `{Self}` lists `deferred {M}` but has no deferred handler for it",
    label = "missing `impl DeferredHandler<{M}> for {Self}`",
    note = "write the handler, or remove the message from the list"
)]
pub trait DeferredHandler<M: Message>: Actor {
    /// Handles one message. `reply` answers the ask, now or later, from any thread; dropped, it ends the ask with
    /// [`NoReply`](crate::AskError::NoReply). A panic ends the actor.
    fn handle(&mut self, message: M, reply: ReplyTo<M::Reply>, ctx: &mut Context<Self>);
}

/// What an actor does with a message when that takes waiting: the handler awaits, with the actor's state in its hands.
///
/// While it waits the actor handles no other message; other actors use the worker. A handler that need not wait allocates
/// nothing. `kill` drops it where it waits; `stop` and `drain` leave it `stop_timeout` to come to its end.
///
/// ```
/// use zactor::prelude::*;
///
/// #[derive(Message)]
/// #[message(reply = u64)]
/// struct Price(u32);
///
/// #[derive(Message)]
/// #[message(reply = u64)]
/// struct Order(Vec<u32>);
///
/// #[actor(Price)]
/// struct Catalog;
/// impl Handler<Price> for Catalog {
///     fn handle(&mut self, Price(item): Price, _ctx: &mut Context<Self>) -> u64 {
///         u64::from(item) * 10
///     }
/// }
///
/// #[actor(async Order)]
/// struct Till { catalog: ActorRef<Catalog>, taken: u64 }
/// impl AsyncHandler<Order> for Till {
///     async fn handle(&mut self, Order(items): Order, _ctx: &mut Context<Self>) -> u64 {
///         let mut sum = 0;
///         for item in items {
///             sum += self.catalog.ask(Price(item)).await.unwrap_or(0);
///         }
///         self.taken += sum;
///         sum
///     }
/// }
/// # let system = ActorSystem::start("doc")?;
/// # let catalog = system.spawn(Catalog)?;
/// let till = system.spawn(Till { catalog, taken: 0 })?;
/// assert_eq!(till.ask(Order(vec![1, 2, 3])).wait()?, 60);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "actor `{Self}` lists `async {M}` but has no async handler for it",
    label = "missing `impl AsyncHandler<{M}> for {Self}`",
    note = "write the handler, or remove the message from the list"
)]
pub trait AsyncHandler<M: Message>: Actor {
    /// Handles one message. What the future gives answers an ask, and is dropped for a tell. A panic in a poll ends the actor.
    fn handle(
        &mut self,
        message: M,
        ctx: &mut Context<Self>,
    ) -> impl Future<Output = M::Reply> + Send;
}
