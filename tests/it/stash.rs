//! Messages that an actor puts aside: S5, S10, S18, S25.

use std::time::Duration;

use crate::support::*;
use zactor::prelude::*;
use zactor::{AskState, MessageCounts};

/// Handled only while the shelf is open.
#[derive(Message)]
struct Put(u32);

/// As `Put`, but handled by a handler that awaits.
#[derive(Message)]
struct Slow(u32);

type Job = Box<dyn FnOnce(&mut Shelf, &mut Context<Shelf>) + Send>;

#[derive(Message)]
struct Run(Job);

#[derive(Message)]
#[message(reply = Vec<u32>)]
struct Seen;

#[actor(Put, async Slow, Run, Seen, lifecycle)]
#[derive(Default)]
struct Shelf {
    open: bool,
    seen: Vec<u32>,
    /// Put aside in the next hook.
    hook: Vec<u32>,
}

impl Shelf {
    fn take_in(&mut self, n: u32) {
        self.seen.push(n);
    }
}

impl Handler<Put> for Shelf {
    fn handle(&mut self, Put(n): Put, ctx: &mut Context<Self>) {
        if self.open { self.take_in(n) } else { ctx.stash(Put(n)) }
    }
}

impl AsyncHandler<Slow> for Shelf {
    async fn handle(&mut self, Slow(n): Slow, ctx: &mut Context<Self>) {
        if self.open {
            return self.take_in(n);
        }
        ctx.stash(Slow(n));
        yield_once().await;
    }
}

/// Is ready at the second poll.
async fn yield_once() {
    let mut polled = false;
    std::future::poll_fn(|task| {
        task.waker().wake_by_ref();
        if std::mem::replace(&mut polled, true) {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
}

impl Handler<Run> for Shelf {
    fn handle(&mut self, Run(job): Run, ctx: &mut Context<Self>) {
        job(self, ctx);
    }
}

impl Handler<Seen> for Shelf {
    fn handle(&mut self, _: Seen, _: &mut Context<Self>) -> Vec<u32> {
        self.seen.clone()
    }
}

impl Lifecycle for Shelf {
    fn pre_start(&mut self, ctx: &mut Context<Self>) -> Result<(), Failure> {
        for n in self.hook.drain(..) {
            ctx.stash(Put(n));
        }
        if self.open {
            ctx.unstash_all();
        }
        Ok(())
    }

    fn pre_restart(&mut self, ctx: &mut Context<Self>, _: &Failure) {
        self.hook.drain(..).for_each(|n| ctx.stash(Put(n)));
    }

    fn post_restart(&mut self, _: &mut Context<Self>, _: &Failure) -> Result<(), Failure> {
        self.open = true;
        Ok(())
    }

    fn post_stop(&mut self, ctx: &mut Context<Self>) {
        self.hook.drain(..).for_each(|n| ctx.stash(Put(n)));
    }
}

fn open() -> Run {
    Run(Box::new(|shelf, ctx| {
        shelf.open = true;
        ctx.unstash_all();
    }))
}

#[track_caller]
fn seen(shelf: &ActorRef<Shelf>) -> Vec<u32> {
    shelf.ask(Seen).timeout(PATIENCE).wait().unwrap()
}

fn handled(system: &ActorSystem, shelf: &ActorRef<Shelf>) -> u64 {
    system.inspect(shelf.id()).unwrap().messages.handled
}

/// The counters of an actor that has handled all that was sent.
#[track_caller]
fn at_rest(system: &ActorSystem, shelf: &ActorRef<Shelf>) -> MessageCounts {
    seen(shelf);
    let of_actor = counts(system, shelf);
    let of_system = system.stats().messages;
    balanced(&of_system);
    assert_eq!(
        (of_actor.accepted, of_actor.handled, of_actor.queued),
        (of_system.accepted, of_system.handled, of_system.queued)
    );
    of_actor
}

#[test]
fn s05_a_stashed_message_counts_as_queued_until_it_is_handled() {
    let system = system(1);
    let shelf = system.spawn(Shelf::default()).unwrap();
    (0..3).for_each(|n| shelf.tell(Put(n)).unwrap());
    let before = at_rest(&system, &shelf);
    assert_eq!((before.accepted, before.handled, before.queued), (4, 1, 3));
    shelf.tell(open()).unwrap();
    assert_eq!(seen(&shelf), [0, 1, 2]);
    let after = at_rest(&system, &shelf);
    assert_eq!((after.accepted, after.handled, after.queued), (7, 7, 0));
    finish(&system);
}

#[test]
fn s05_the_first_stash_of_a_handler_keeps_its_message_and_each_further_one_is_an_offer() {
    let system = system(1);
    let shelf = system.spawn(Shelf::default()).unwrap();
    shelf.tell(Run(Box::new(|_, ctx| (0..3).for_each(|n| ctx.stash(Put(n)))))).unwrap();
    let counts = at_rest(&system, &shelf);
    assert_eq!((counts.accepted, counts.handled, counts.queued), (1 + 2 + 1, 1, 3));
    shelf.tell(open()).unwrap();
    assert_eq!(seen(&shelf), [0, 1, 2]);
    finish(&system);
}

#[test]
fn s05_what_a_hook_or_a_continuation_puts_aside_is_an_offer() {
    let system = system(2);
    let hooked = Shelf { hook: vec![1, 2], open: true, ..Default::default() };
    let shelf = system.spawn(hooked).unwrap();
    eventually("put back by pre_start", || handled(&system, &shelf) == 2);
    let other = system.spawn(Shelf::default()).unwrap();
    shelf
        .tell(Run(Box::new(move |_, ctx| {
            ctx.ask(&other, Seen).then(|_, _, ctx| {
                ctx.stash(Put(3));
                ctx.unstash_all();
            });
        })))
        .unwrap();
    eventually("put back by the continuation", || handled(&system, &shelf) == 4);
    assert_eq!(seen(&shelf), [1, 2, 3]);
    assert_eq!(counts(&system, &shelf).accepted, 5);
    finish(&system);
}

#[test]
fn s05_a_handler_that_fails_after_a_stash_loses_its_message_and_keeps_what_it_put_aside() {
    let system = system(1);
    let shelf = system.spawn_with(Shelf::default).unwrap();
    shelf
        .tell(Run(Box::new(|_, ctx| {
            ctx.stash(Put(7));
            give_up();
        })))
        .unwrap();
    // The restart puts it back.
    assert_eq!(seen(&shelf), [7]);
    let counts = at_rest(&system, &shelf);
    assert_eq!((counts.accepted, counts.failed, counts.handled), (4, 1, 3));
    finish(&system);
}

#[test]
fn s05_an_async_handler_stashes_as_any_other() {
    let system = system(2);
    let shelf = system.spawn(Shelf::default()).unwrap();
    (0..100).for_each(|n| shelf.tell(Slow(n)).unwrap());
    let counts = at_rest(&system, &shelf);
    assert_eq!((counts.handled, counts.queued), (1, 100));
    shelf.tell(open()).unwrap();
    assert!(seen(&shelf).into_iter().eq(0..100));
    at_rest(&system, &shelf);
    // Dropped where it waits: the message is lost, what it has put aside becomes a dead letter.
    let other = system.spawn(Shelf::default()).unwrap();
    other
        .tell(Run(Box::new(|_, ctx| {
            ctx.stash(Slow(1));
            ctx.me().kill();
        })))
        .unwrap();
    other.ended().wait().unwrap();
    let stats = finish(&system);
    assert_eq!(stats.messages.dead_lettered, 1);
}

#[test]
fn s05_what_is_aside_when_the_actor_ends_becomes_dead_letters() {
    for end in [ActorRef::stop, ActorRef::drain, ActorRef::kill] {
        let system = system(1);
        let letters = Letters::of(&system);
        let shelf = Shelf { hook: vec![], ..Default::default() };
        let shelf = system.spawn(shelf).unwrap();
        (0..3).for_each(|n| shelf.tell(Put(n)).unwrap());
        let asked = shelf.ask(Put(3)).timeout(PATIENCE);
        seen(&shelf);
        end(&shelf).wait().unwrap();
        let ended = asked.wait();
        assert!(matches!(ended, Err(AskError::Closed)), "{ended:?}");
        assert_eq!(letters.wait_for(4).len(), 4);
        let counts = counts(&system, &shelf);
        assert_eq!((counts.dead_lettered, counts.queued), (4, 0));
        finish(&system);
    }
    let system = system(1);
    let shelf = Shelf { hook: vec![1, 2], ..Default::default() };
    let shelf = system.spawn(shelf).unwrap();
    shelf.tell(Run(Box::new(|shelf, _| shelf.hook = vec![3]))).unwrap();
    shelf.drain().wait().unwrap();
    assert_eq!(finish(&system).messages.dead_lettered, 3, "of pre_start and of post_stop");
}

#[test]
fn s01_stashed_messages_come_back_in_order_before_what_is_queued() {
    let sizes = [(1, true), (1, false), (64, true), (64, false)];
    for (batch_size, enable_zero_copy) in sizes {
        let performance = PerformanceConfig { batch_size, enable_zero_copy, ..Default::default() };
        let system = system_with(1, performance);
        let shelf = system.spawn(Shelf::default()).unwrap();
        (0..300).for_each(|n| shelf.tell(Put(n)).unwrap());
        shelf.tell(open()).unwrap();
        (300..400).for_each(|n| shelf.tell(Put(n)).unwrap());
        assert!(seen(&shelf).into_iter().eq(0..400), "batch {batch_size}, {enable_zero_copy}");
        at_rest(&system, &shelf);
        finish(&system);
    }
}

#[test]
fn s10_a_stash_takes_no_room_and_is_never_refused_nor_evicted() {
    for policy in [Overflow::Fail, Overflow::Block, Overflow::DropNew, Overflow::DropOld] {
        let system = system(1);
        let shelf = Shelf::default();
        let shelf = system.actor_of(shelf).mailbox_capacity(1).overflow(policy).spawn().unwrap();
        for n in 0..100 {
            shelf.send(Put(n)).wait().unwrap();
        }
        let idle = || system.inspect(shelf.id()).unwrap().state == zactor::ActorState::Idle;
        eventually("all are put aside", idle);
        assert_eq!(counts(&system, &shelf).queued, 100);
        let gate = Gate::new();
        let door = gate.clone();
        let hold = Run(Box::new(move |shelf: &mut Shelf, ctx: &mut Context<Shelf>| {
            shelf.open = true;
            ctx.unstash_all();
            door.pass();
        }));
        shelf.send(hold).wait().unwrap();
        gate.wait_for(1);
        // What is back takes no room either: one more fits, and pushes none of them out.
        shelf.tell(Put(100)).unwrap();
        if policy == Overflow::DropOld {
            shelf.tell(Put(101)).unwrap();
        }
        gate.open();
        let last = if policy == Overflow::DropOld { 101 } else { 100 };
        eventually("all handled", idle);
        assert!(seen(&shelf).into_iter().eq((0..100).chain([last])), "{policy:?}");
        finish(&system);
    }
}

#[test]
fn s18_a_stashed_ask_is_answered_when_it_is_handled_at_last() {
    let system = system(1);
    let shelf = system.spawn(Shelf::default()).unwrap();
    let asked = shelf.ask(Put(1)).timeout(PATIENCE);
    let late = shelf.ask(Put(2)).timeout(Duration::from_millis(1));
    assert_eq!(seen(&shelf), [0; 0]);
    let ended = late.wait();
    let Err(AskError::Timeout { state: AskState::Queued { depth }, .. }) = ended else {
        panic!("{ended:?}");
    };
    assert_eq!(depth, 2);
    shelf.tell(open()).unwrap();
    asked.wait().unwrap();
    assert_eq!(seen(&shelf), [1, 2]);
    at_rest(&system, &shelf);
    finish(&system);
}

#[test]
fn s25_a_restart_puts_what_is_aside_at_the_head_of_the_mailbox_in_order() {
    let system = system(1);
    let shelf = system.spawn_with(|| Shelf { hook: vec![], ..Default::default() }).unwrap();
    (0..3).for_each(|n| shelf.tell(Put(n)).unwrap());
    shelf
        .tell(Run(Box::new(|shelf, ctx| {
            shelf.hook = vec![3]; // put aside by pre_restart
            ctx.fail(std::io::Error::other("on purpose"));
        })))
        .unwrap();
    (4..7).for_each(|n| shelf.tell(Put(n)).unwrap());
    assert!(seen(&shelf).into_iter().eq(0..7));
    let counts = at_rest(&system, &shelf);
    assert_eq!((counts.failed, counts.queued), (1, 0));
    finish(&system);
}
