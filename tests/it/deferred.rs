//! Replies that are sent later, by somebody else, or never: S18, S19, and what they count: S5.

use std::sync::mpsc;
use std::time::Duration;

use crate::support::*;
use zactor::prelude::*;
use zactor::{AskState, DeadLetterReason};

type Deed = Box<dyn FnOnce(&mut Desk, ReplyTo<u64>, &mut Context<Desk>) + Send>;

/// Runs in a deferred handler.
#[derive(Message)]
#[message(reply = u64)]
struct Later(Deed);

/// Runs in a plain one.
#[derive(Message)]
struct Now(Box<dyn FnOnce(&mut Desk) + Send>);

#[derive(Message)]
#[message(reply = u64)]
struct Plain;

/// Does as it is told with its right to reply.
#[actor(deferred Later, Now, Plain)]
struct Desk {
    kept: Vec<ReplyTo<u64>>,
}

impl DeferredHandler<Later> for Desk {
    fn handle(&mut self, Later(deed): Later, reply: ReplyTo<u64>, ctx: &mut Context<Self>) {
        deed(self, reply, ctx);
    }
}

impl Handler<Now> for Desk {
    fn handle(&mut self, Now(deed): Now, _: &mut Context<Self>) {
        deed(self);
    }
}

impl Handler<Plain> for Desk {
    fn handle(&mut self, _: Plain, _: &mut Context<Self>) -> u64 {
        70
    }
}

fn later(deed: impl FnOnce(&mut Desk, ReplyTo<u64>, &mut Context<Desk>) + Send + 'static) -> Later {
    Later(Box::new(deed))
}

fn now(deed: impl FnOnce(&mut Desk) + Send + 'static) -> Now {
    Now(Box::new(deed))
}

fn desk(system: &ActorSystem) -> ActorRef<Desk> {
    system.spawn(Desk { kept: Vec::new() }).unwrap()
}

/// Asks with a right to reply that the test gets.
fn taken(desk: &ActorRef<Desk>) -> (Reply<u64>, ReplyTo<u64>) {
    let (give, take) = mpsc::channel();
    let reply = desk.ask(later(move |_, reply, _| give.send(reply).unwrap()));
    (reply, take.recv_timeout(PATIENCE).unwrap())
}

#[test]
fn s18_a_deferred_reply_comes_in_the_handler_later_or_from_another_thread() {
    let system = system(2);
    let desk = desk(&system);
    assert_eq!(desk.ask(later(|_, reply, _| reply.send(1))).wait().unwrap(), 1);

    let kept = desk.ask(later(|desk, reply, _| desk.kept.push(reply)));
    desk.tell(now(|desk| desk.kept.drain(..).for_each(|reply| reply.send(2)))).unwrap();
    assert_eq!(kept.wait().unwrap(), 2);

    let (reply, to) = taken(&desk);
    assert!(to.is_asked());
    std::thread::spawn(move || to.send(3)).join().unwrap();
    assert_eq!(block_on(reply).unwrap(), 3);
    finish(&system);
}

#[test]
fn s18_a_dropped_right_to_reply_is_no_reply_at_once() {
    let system = system(2);
    let desk = desk(&system);
    let ended = desk.ask(later(|_, reply, _| drop(reply))).wait();
    assert!(matches!(ended, Err(AskError::NoReply)), "{ended:?}");
    let (reply, to) = taken(&desk);
    drop(to);
    let ended = block_on(reply);
    assert!(matches!(ended, Err(AskError::NoReply)), "{ended:?}");
    // While the handler goes on.
    let gate = Gate::new();
    let door = gate.clone();
    let reply = desk.ask(later(move |_, reply, _| {
        drop(reply);
        door.pass();
    }));
    assert!(matches!(reply.wait(), Err(AskError::NoReply)));
    gate.open();
    finish(&system);
}

#[test]
fn s18_a_deferred_handler_that_fails_ends_its_ask_with_the_failure() {
    let system = system(2);
    let ended = desk(&system).ask(later(|_, _reply, _| panic!("deliberately"))).wait();
    let Err(AskError::Failed(failure)) = ended else { panic!("{ended:?}") };
    assert!(failure.is_panic() && failure.to_string().contains("deliberately"));
    for send in [false, true] {
        let ended = desk(&system)
            .ask(later(move |_, reply, ctx| {
                ctx.fail(std::io::Error::other("disk"));
                if send {
                    reply.send(1);
                }
            }))
            .wait();
        let Err(AskError::Failed(failure)) = ended else { panic!("{ended:?}") };
        assert!(failure.downcast_ref::<std::io::Error>().is_some());
    }
    let stats = finish(&system);
    assert_eq!((stats.messages.failed, stats.messages.handled), (3, 0));
}

#[test]
fn s18_a_panic_that_the_handler_catches_leaves_its_ask_without_reply() {
    let system = system(1);
    let desk = desk(&system);
    let ended = desk
        .ask(later(|_, reply, _| {
            let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(move || {
                let _reply = reply;
                give_up();
            }));
            assert!(caught.is_err());
        }))
        .wait();
    assert!(matches!(ended, Err(AskError::NoReply)), "{ended:?}");
    assert_eq!(desk.ask(later(|_, reply, _| reply.send(4))).wait().unwrap(), 4);
    assert_eq!(finish(&system).messages.handled, 2);
}

#[test]
fn s18_an_ask_whose_right_to_reply_has_left_hangs_on_that() {
    let system = system(2);
    let first = desk(&system);
    let (reply, to) = taken(&first);
    first.stop().wait().unwrap();
    to.send(9);
    assert_eq!(reply.wait().unwrap(), 9);

    let second = desk(&system);
    let (give, take) = mpsc::channel();
    let failed = second.ask(later(move |_, reply, _| {
        give.send(reply).unwrap();
        give_up();
    }));
    second.ended().wait().unwrap();
    take.recv_timeout(PATIENCE).unwrap().send(10);
    assert_eq!(failed.wait().unwrap(), 10);

    // What the state keeps goes with the state.
    let third = desk(&system);
    let kept = third.ask(later(|desk, reply, _| desk.kept.push(reply)));
    third.drain().wait().unwrap();
    assert!(matches!(kept.wait(), Err(AskError::NoReply)));
    finish(&system);
}

#[test]
fn s18_a_forwarded_ask_is_answered_by_another_actor() {
    let system = system(2);
    let (one, two) = (desk(&system), desk(&system));
    let to = two.clone();
    let reply = one.ask(later(move |_, reply, _| reply.forward(&to, Plain).unwrap()));
    assert_eq!(reply.wait().unwrap(), 70);

    let to = two.clone();
    let asked = one.ask(later(move |_, reply, _| {
        let twice = later(|_, reply, _| reply.send(71));
        reply.forward(&to, twice).map_err(|e| e.map(drop)).unwrap();
    }));
    assert_eq!(asked.wait().unwrap(), 71);

    two.stop().wait().unwrap();
    let closed = one.ask(later(move |_, reply, _| {
        assert!(matches!(reply.forward(&two, Plain), Err(SendError::Closed(Plain))));
    }));
    assert!(matches!(closed.wait(), Err(AskError::Closed)));

    let full = system.actor_of(Desk { kept: Vec::new() }).mailbox_capacity(1).spawn().unwrap();
    let gate = Gate::new();
    let door = gate.clone();
    full.tell(now(move |_| door.pass())).unwrap();
    gate.wait_for(1);
    full.tell(now(|_| ())).unwrap();
    let refused = one.ask(later(move |_, reply, _| {
        assert!(matches!(reply.forward(&full, Plain), Err(SendError::Full(Plain))));
    }));
    assert!(matches!(refused.wait(), Err(AskError::Full)));
    gate.open();
    finish(&system);
}

#[test]
fn s18_an_ask_is_forwarded_to_an_actor_of_another_system() {
    let (here, there) = (system(1), system(1));
    let (one, two) = (desk(&here), desk(&there));
    let to = two.clone();
    let reply = one.ask(later(move |_, reply, _| reply.forward(&to, Plain).unwrap()));
    assert_eq!(reply.wait().unwrap(), 70);
    let to = two.clone();
    let none = one.ask(later(move |_, reply, _| {
        let dropped = later(|_, reply, _| drop(reply));
        reply.forward(&to, dropped).map_err(|e| e.map(drop)).unwrap();
    }));
    assert!(matches!(none.wait(), Err(AskError::NoReply)));
    two.stop().wait().unwrap();
    let closed = one.ask(later(move |_, reply, _| {
        assert!(matches!(reply.forward(&two, Plain), Err(SendError::Closed(Plain))));
    }));
    assert!(matches!(closed.wait(), Err(AskError::Closed)));
    finish(&here);
    finish(&there);
}

#[test]
fn s18_a_told_message_has_nobody_to_reply_to() {
    let system = system(1);
    let desk = desk(&system);
    let (asked, is_asked) = mpsc::channel();
    desk.tell(later(move |_, reply, _| {
        asked.send(reply.is_asked()).unwrap();
        reply.send(1);
    }))
    .unwrap();
    assert!(!is_asked.recv_timeout(PATIENCE).unwrap());
    let stats = finish(&system);
    assert_eq!((stats.messages.handled, stats.late_replies), (1, 0));
}

#[test]
fn s18_a_timeout_tells_how_far_a_deferred_ask_has_come() {
    let system = system(1);
    let (one, two) = (desk(&system), desk(&system));
    let (reply, to) = taken(&one);
    let state = |ended| match ended {
        Err(AskError::Timeout { state, .. }) => state,
        other => panic!("{other:?}"),
    };
    let limit = Duration::from_millis(1);
    assert!(matches!(state(reply.timeout(limit).wait()), AskState::Running { .. }));
    to.send(0);

    let (reply, to) = taken(&one);
    let gate = Gate::new();
    let door = gate.clone();
    two.tell(now(move |_| door.pass())).unwrap();
    gate.wait_for(1);
    to.forward(&two, Plain).unwrap();
    assert!(matches!(state(reply.timeout(limit).wait()), AskState::Queued { .. }));
    gate.open();
    finish(&system);
}

#[test]
fn s19_a_deferred_reply_that_comes_too_late_is_a_dead_letter() {
    let system = system(2);
    let letters = Letters::of(&system);
    let desk = desk(&system);
    let (reply, to) = taken(&desk);
    drop(reply);
    to.send(1);
    let letters = letters.wait_for(1);
    assert_eq!(letters[0].reason, DeadLetterReason::LateReply);
    assert_eq!((letters[0].sender, letters[0].message), (Some(desk.id()), "Later"));
    assert_eq!(finish(&system).late_replies, 1);
}

#[test]
fn s05_a_deferred_ask_is_counted_when_its_caller_returns() {
    let system = system(2);
    let desk = desk(&system);
    let gate = Gate::new();
    let door = gate.clone();
    let reply = desk.ask(later(move |_, reply, _| {
        std::thread::spawn(move || reply.send(5)).join().unwrap();
        door.pass();
    }));
    assert_eq!(reply.wait().unwrap(), 5);
    assert_eq!(counts(&system, &desk).handled, 1);
    assert_eq!(system.stats().messages.handled, 1);
    gate.open();
    // A failure after that takes it back.
    let reply = desk.ask(later(|_, reply, _| {
        reply.send(6);
        give_up();
    }));
    assert_eq!(reply.wait().unwrap(), 6);
    desk.ended().wait().unwrap();
    let counts = counts(&system, &desk);
    assert_eq!((counts.handled, counts.failed), (1, 1));
    finish(&system);
}

#[actor]
struct Short {
    kept: Option<ReplyTo<String>>,
}

#[handlers]
impl Short {
    fn next(&mut self, reply: ReplyTo<String>) {
        self.kept = Some(reply);
    }
    fn put(&mut self, line: String) {
        if let Some(reply) = self.kept.take() {
            reply.send(line);
        }
    }
}

#[test]
fn s18_a_method_that_takes_a_right_to_reply_is_deferred() {
    let system = system(1);
    let short = system.spawn(Short { kept: None }).unwrap();
    let next: Reply<String> = short.next();
    short.put("a line longer than thirty-two bytes".into()).unwrap();
    assert_eq!(next.wait().unwrap(), "a line longer than thirty-two bytes");
    finish(&system);
}
