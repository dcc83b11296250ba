//! What an actor does besides handling messages.

use std::any::Any;
use std::fmt::Display;

use super::{Actor, Context};
use crate::cell::Header;
pub(crate) use crate::cell::{Local, drop_guarded, guarded};
use crate::supervision::{ChildRef, Directive, Failure, Terminated};

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

    /// Runs when an actor that this one [watches](Context::watch) has ended, once for each watch.
    #[expect(unused_variables, reason = "a default that does nothing")]
    fn on_terminated(&mut self, ctx: &mut Context<Self>, who: Terminated)
    where
        Self: Actor,
    {
    }

    /// Runs when the actor is about to start again because of `cause`, on the state that is then dropped: before the
    /// children are stopped. Also on one whose [`post_restart`](Self::post_restart) failed; after a factory that failed there
    /// is none. A failure here is logged and counted (`hook_panics`); the restart goes on.
    #[expect(unused_variables, reason = "a default that does nothing")]
    fn pre_restart(&mut self, ctx: &mut Context<Self>, cause: &Failure)
    where
        Self: Actor,
    {
    }

    /// Runs on the new state after a restart, before the next message; in place of [`pre_start`](Self::pre_start), which
    /// the default calls.
    ///
    /// # Errors
    /// A failure (or a panic) is one more failure: it counts as another restart, which is tried in a turn of its own.
    #[expect(unused_variables, reason = "a default that looks at nothing")]
    fn post_restart(&mut self, ctx: &mut Context<Self>, cause: &Failure) -> Result<(), Failure>
    where
        Self: Actor,
    {
        self.pre_start(ctx)
    }

    /// Runs once, after the last message and after all children have ended, unless the actor was killed. Also when a
    /// failure ends the actor, but for one whose factory failed when it was to start again: there is no state then. A panic
    /// here is logged and counted (`hook_panics`); the end goes on.
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

/// Decisions about failed children. `#[actor(..)]` writes an empty implementation unless it says `supervisor`.
///
/// ```
/// use zactor::prelude::*;
///
/// #[actor(supervisor)]
/// struct Bank;
/// #[handlers]
/// impl Bank {}
///
/// impl Supervisor for Bank {
///     fn on_failure(&mut self, child: &ChildRef, failure: &Failure) -> Directive {
///         if failure.is_panic() && child.restarts() < 3 { Directive::Restart } else { Directive::Stop }
///     }
/// }
/// ```
pub trait Supervisor: Sized {
    /// What to do about `child`, which failed and handles nothing until this is decided. A panic here fails the
    /// supervisor. Not asked when a permanent child has ended by itself: that is a restart.
    #[expect(unused_variables, reason = "a default that looks at nothing")]
    fn on_failure(&mut self, child: &ChildRef, failure: &Failure) -> Directive {
        Directive::Restart
    }
}

/// Logs a failure, once: where it is noticed.
#[cold]
pub(crate) fn log(header: &Header, running: u32, failure: &Failure, what: &'static str) {
    let (name, kind) = (header.name().map_or("", |name| name), (header.meta.type_name)());
    let message = header.message_name(running);
    print_guarded(failure, |failure| {
        tracing::error!(actor = %header.id, name, kind, message, %failure, "{what}");
    });
}

/// Logs the failure of a factory whose actor has no cell yet.
#[cold]
pub(crate) fn log_unborn<A: Actor>(name: Option<&str>, failure: &Failure) {
    let (name, kind, message) = (name.unwrap_or(""), std::any::type_name::<A>(), "a hook");
    print_guarded(failure, |failure| {
        tracing::error!(name, kind, message, %failure, "actor failed to start");
    });
}

/// Writes a line about `failure`. In a catch, for its error prints itself, and the subscriber is the user's.
pub(crate) fn print_guarded(failure: &Failure, line: impl Fn(&dyn Display)) {
    if guarded(|| line(failure)).map_err(drop_guarded).is_err() {
        let line = || line(&"an error that panics when it is printed");
        let _ = guarded(line).map_err(drop_guarded);
    }
}

/// What a hook that has run in a catch failed of, if it did: the panic, if there was one, else what it returned, else what
/// it gave to `ctx.fail`.
pub(crate) fn failure_of_hook<A>(
    local: &Local,
    ctx: &mut Context<A>,
    ran: Result<Result<(), Failure>, Box<dyn Any + Send>>,
) -> Option<Failure> {
    let given = ctx.take_failure();
    let failure = match ran {
        Ok(Ok(())) => return given,
        Ok(Err(failure)) => failure,
        Err(payload) => failure_of(local, payload),
    };
    if drop_guarded(given) {
        local.counts.drop_panics.add(1);
    }
    Some(failure)
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
