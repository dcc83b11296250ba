//! Time: timers of actors, and receive timeouts.

mod ends;
mod once;
mod periodic;
mod quiet;
mod restarts;

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use zactor::MessageCounts;
use zactor::prelude::*;
use zactor::testing::ManualClock;

use crate::support::{Do, Lab, eventually, job, quiet};

const SECOND: Duration = Duration::from_secs(1);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// A system whose time the test moves.
fn timed() -> (ActorSystem, ManualClock) {
    let clock = ManualClock::new();
    let builder = ActorSystem::builder("test").workers(2).config(quiet());
    (builder.clock(clock.clone()).start().unwrap(), clock)
}

/// Has `lab` do it, and returns what it gives.
fn within<T: Send + 'static>(
    lab: &ActorRef<Lab>,
    f: impl FnOnce(&mut Lab, &mut Context<Lab>) -> T + Send + 'static,
) -> T {
    let (give, take) = mpsc::channel();
    lab.tell(job(move |lab, ctx| give.send(f(lab, ctx)).unwrap())).unwrap();
    take.recv().unwrap()
}

/// Makes messages that count.
fn count(by: &Arc<AtomicU32>) -> impl FnMut() -> Do + use<> {
    let by = Arc::clone(by);
    move || {
        let by = Arc::clone(&by);
        job(move |_, _| _ = by.fetch_add(1, Relaxed))
    }
}

/// The counters of an actor that stands in a handler.
fn meanwhile(system: &ActorSystem, of: &ActorRef<Lab>) -> MessageCounts {
    system.inspect(of.id()).unwrap().messages
}

/// Waits until the actor is idle: what it does before it is so is done.
fn at_rest<A: Actor>(system: &ActorSystem, actor: &ActorRef<A>) {
    eventually("an idle actor", || {
        system.inspect(actor.id()).unwrap().state == zactor::ActorState::Idle
    });
}
