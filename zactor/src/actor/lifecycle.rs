//! What an actor does besides handling messages.

use std::any::Any;

use super::{Actor, Context};
pub(crate) use crate::cell::{Local, drop_guarded, guarded};
use crate::supervision::{ChildRef, Directive, Failure};

/// Hooks in an actor's life. `#[actor(..)]` writes an empty implementation unless it says `lifecycle`.
///
/// ```
/// use zactor::prelude::*;
///
/// #[derive(Message)]
/// struct Line(String);
///
/// #[actor(Line, lifecycle)]
/// struct Log {
///     lines: Vec<String>,
/// }
///
/// impl Handler<Line> for Log {
///     fn handle(&mut self, Line(line): Line, _ctx: &mut Context<Self>) {
///         self.lines.push(line);
///     }
/// }
///
/// impl Lifecycle for Log {
///     fn pre_start(&mut self, _ctx: &mut Context<Self>) -> Result<(), Failure> {
///         self.lines.push("started".into());
///         Ok(())
///     }
/// }
/// # let system = ActorSystem::start("doc")?;
/// # system.spawn(Log { lines: vec![] })?.tell(Line("one".into()))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "actor `{Self}` says `lifecycle` but does not implement `Lifecycle`",
    note = "write `impl Lifecycle for {Self}` or remove `lifecycle` from `#[actor(..)]`"
)]
pub trait Lifecycle: Sized {
    /// Runs before the first message, on the thread that spawns, before `spawn` returns.
    ///
    /// # Errors
    /// A failure (or a panic) makes `spawn` return [`SpawnError::Failed`](crate::SpawnError::Failed); no other hook runs
    /// then, and messages sent meanwhile become dead letters.
    #[expect(unused_variables, reason = "a default that does nothing")]
    fn pre_start(&mut self, ctx: &mut Context<Self>) -> Result<(), Failure>
    where
        Self: Actor,
    {
        Ok(())
    }

    /// Runs once, after the last message and after all children have ended, unless the actor was killed. Also when a
    /// failure ends the actor. A panic here is logged and counted (`hook_panics`); the end goes on.
    #[expect(unused_variables, reason = "a default that does nothing")]
    fn post_stop(&mut self, ctx: &mut Context<Self>)
    where
        Self: Actor,
    {
    }

    /// Runs when no message was handled for the time that
    /// [`set_receive_timeout`](Context::set_receive_timeout) says. A panic here fails the actor, as one in a handler.
    #[expect(unused_variables, reason = "a default that does nothing")]
    fn on_receive_timeout(&mut self, ctx: &mut Context<Self>)
    where
        Self: Actor,
    {
    }
}

/// Decisions about failed children. `#[actor(..)]` writes an empty implementation.
pub trait Supervisor: Sized {
    /// What to do about `child`, which failed.
    #[expect(unused_variables, reason = "a default that looks at nothing")]
    fn on_failure(&mut self, child: &ChildRef, failure: &Failure) -> Directive {
        Directive::Restart
    }
}

/// The failure that a panic is. The payload is the user's as well: it is dropped inside a catch, and a panic there is
/// counted.
pub(crate) fn failure_of(local: &Local, payload: Box<dyn Any + Send>) -> Failure {
    let failure = Failure::from_panic(&*payload);
    if drop_guarded(payload) {
        local.counts.drop_panics.add(1);
    }
    failure
}
