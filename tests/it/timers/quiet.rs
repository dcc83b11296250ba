//! The receive timeout.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use zactor::prelude::*;

use super::{DAY, SECOND, at_rest, timed};
use crate::support::{Gate, Lab, call, finish, hold, settle};

/// Notes how long it was when it was told of a quiet time.
#[actor(Beat, Quieter, lifecycle)]
struct Sleepy {
    limit: Option<Duration>,
    rings: Arc<AtomicU32>,
}

#[derive(Message)]
#[message(reply = u32)]
struct Beat;

#[derive(Message)]
struct Quieter(Option<Duration>);

impl Lifecycle for Sleepy {
    fn pre_start(&mut self, ctx: &mut Context<Self>) -> Result<(), Failure> {
        ctx.set_receive_timeout(self.limit);
        Ok(())
    }
    fn on_receive_timeout(&mut self, ctx: &mut Context<Self>) {
        assert_eq!(ctx.sender(), None);
        self.rings.fetch_add(1, Relaxed);
    }
}
impl Handler<Beat> for Sleepy {
    fn handle(&mut self, _: Beat, _: &mut Context<Self>) -> u32 {
        self.rings.load(Relaxed)
    }
}
impl Handler<Quieter> for Sleepy {
    fn handle(&mut self, Quieter(limit): Quieter, ctx: &mut Context<Self>) {
        ctx.set_receive_timeout(limit);
    }
}

#[test]
fn s53_a_receive_timeout_rings_when_nothing_was_handled_for_so_long() {
    let (system, clock) = timed();
    let rings = Arc::new(AtomicU32::new(0));
    let sleepy = Sleepy { limit: Some(10 * SECOND), rings: Arc::clone(&rings) };
    let sleepy = system.spawn(sleepy).unwrap();
    let rung = |after: Duration| {
        clock.advance(after);
        at_rest(&system, &sleepy);
        rings.load(Relaxed)
    };
    assert_eq!(rung(9 * SECOND), 0);
    assert_eq!(sleepy.ask(Beat).wait().unwrap(), 0);
    at_rest(&system, &sleepy);
    assert_eq!(rung(9 * SECOND), 0, "a message begins the time anew");
    assert_eq!(rung(SECOND - Duration::from_nanos(1)), 0);
    assert_eq!(rung(Duration::from_nanos(1)), 1);
    assert_eq!(rung(10 * SECOND), 2, "and again");
    sleepy.tell(Quieter(None)).unwrap();
    at_rest(&system, &sleepy);
    assert_eq!(rung(DAY), 2, "no more");
    sleepy.tell(Quieter(Some(SECOND))).unwrap();
    at_rest(&system, &sleepy);
    assert_eq!(rung(SECOND), 3, "another time");
    sleepy.tell(Quieter(Some(Duration::MAX))).unwrap();
    at_rest(&system, &sleepy);
    assert_eq!(rung(DAY), 3);
    assert_eq!(finish(&system).messages.handled, 4, "hooks are not counted");
}

#[test]
fn s53_a_receive_timeout_that_met_a_message_in_the_mailbox_does_not_ring() {
    let (system, clock) = timed();
    let rings = Arc::new(AtomicU32::new(0));
    let gate = Gate::new();
    let door = gate.clone();
    let lab = system.spawn(Watchful { rings: Arc::clone(&rings) }).unwrap();
    lab.tell(Stand(door)).unwrap();
    gate.wait_for(1);
    clock.advance(10 * SECOND);
    gate.open();
    at_rest(&system, &lab);
    assert_eq!(rings.load(Relaxed), 0, "it has just handled a message");
    clock.advance(SECOND);
    at_rest(&system, &lab);
    assert_eq!(rings.load(Relaxed), 1);
    finish(&system);
}

#[derive(Message)]
struct Stand(Gate);

#[actor(Stand, lifecycle)]
struct Watchful {
    rings: Arc<AtomicU32>,
}

impl Lifecycle for Watchful {
    fn pre_start(&mut self, ctx: &mut Context<Self>) -> Result<(), Failure> {
        ctx.set_receive_timeout(SECOND);
        Ok(())
    }
    fn on_receive_timeout(&mut self, _: &mut Context<Self>) {
        self.rings.fetch_add(1, Relaxed);
    }
}
impl Handler<Stand> for Watchful {
    fn handle(&mut self, Stand(gate): Stand, _: &mut Context<Self>) {
        gate.pass();
    }
}

/// Replies of an actor's own asks are no messages: they do not put the receive timeout off.
#[test]
fn s53_continuations_do_not_put_a_receive_timeout_off() {
    let (system, clock) = timed();
    let lab = system.spawn(Lab::new()).unwrap();
    let rings = Arc::new(AtomicU32::new(0));
    let asker = system.spawn(Asker { of: lab.clone(), rings: Arc::clone(&rings) }).unwrap();
    let gate = hold(&lab);
    asker.tell(AskIt).unwrap();
    at_rest(&system, &asker);
    clock.advance(SECOND / 2);
    drop(gate);
    settle(&lab);
    at_rest(&system, &asker);
    clock.advance(SECOND / 2);
    at_rest(&system, &asker);
    assert_eq!(rings.load(Relaxed), 1);
    finish(&system);
}

#[derive(Message)]
struct AskIt;

#[actor(AskIt, lifecycle)]
struct Asker {
    of: ActorRef<Lab>,
    rings: Arc<AtomicU32>,
}

impl Lifecycle for Asker {
    fn on_receive_timeout(&mut self, _: &mut Context<Self>) {
        self.rings.fetch_add(1, Relaxed);
    }
}
impl Handler<AskIt> for Asker {
    fn handle(&mut self, _: AskIt, ctx: &mut Context<Self>) {
        ctx.set_receive_timeout(SECOND);
        let of = self.of.clone();
        ctx.ask(&of, call(|_, _| 7)).then(|_, result, _| assert_eq!(result.unwrap(), 7));
    }
}
