//! Those who wait for room: S11, S14, and what an ask does there.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

use super::{emptied, lab_with};
use crate::support::*;
use zactor::AskError;
use zactor::prelude::*;
use zactor::testing::ManualClock;

const POLICIES: [Overflow; 4] =
    [Overflow::Fail, Overflow::Block, Overflow::DropNew, Overflow::DropOld];

/// One message is in the handler, one in the mailbox.
fn full(system: &ActorSystem, policy: Overflow) -> (ActorRef<Lab>, Opens) {
    let lab = lab_with(system, 1, policy);
    let held = hold(&lab);
    lab.tell(job(|_, _| {})).unwrap();
    (lab, held)
}

#[test]
fn s11_waiters_get_in_in_order_and_nobody_barges_in() {
    let system = system(2);
    for policy in POLICIES {
        let (lab, held) = full(&system, policy);
        let ledger = Ledger::new(8);
        let waiters: Vec<_> = (0..8).map(|id| lab.send(ledger.item(id, 0))).collect();
        assert_eq!(counts_in_handler(&system, &lab).queued, 1);
        let over = AtomicBool::new(false);
        thread::scope(|threads| {
            if policy == Overflow::Fail {
                threads.spawn(|| {
                    while !over.load(Relaxed) {
                        let _ = lab.tell(job(|_, _| {}));
                    }
                });
            }
            drop(held);
            for waiter in waiters {
                waiter.timeout(PATIENCE).wait().unwrap();
            }
            over.store(true, Relaxed);
        });
        emptied(&system, &lab);
        assert_eq!(seen(&lab), (0..8).collect::<Vec<_>>(), "{policy:?}");
        ledger.check_all();
    }
    finish(&system);
}

#[test]
fn s11_a_waiter_gives_up_in_time_and_gets_its_message_back() {
    let clock = ManualClock::new();
    let system = ActorSystem::builder("t").workers(1).config(quiet()).clock(clock.clone());
    let system = system.start().unwrap();
    let (lab, held) = full(&system, Overflow::Block);
    let ledger = Ledger::new(3);
    let first = lab.send(ledger.item(0, 0)).timeout(Duration::from_secs(10));
    let second = lab.send(ledger.item(1, 0)).timeout(Duration::from_secs(20));
    clock.advance(Duration::from_secs(10));
    match first.wait() {
        Err(SendError::Timeout(item)) => item.give_back(),
        other => panic!("{other:?}"),
    }
    assert_eq!(counts_in_handler(&system, &lab).rejected, 1);
    drop(held);
    block_on(second).unwrap();
    assert_eq!(seen(&lab), [1]);
    // A limit that is over is no hindrance where there is room.
    lab.send(ledger.item(2, 0)).timeout(Duration::ZERO).wait().unwrap();
    finish(&system);
    ledger.check_all();
}

#[test]
fn s11_a_limit_in_real_time_wakes_the_waiter() {
    let system = system(1);
    let (lab, _held) = full(&system, Overflow::Fail);
    let refused = lab.send(job(|_, _| {})).timeout(Duration::from_millis(5)).wait();
    assert!(matches!(refused, Err(SendError::Timeout(_))));
    let refused = block_on(lab.send(job(|_, _| {})).timeout(Duration::from_millis(5)));
    assert!(matches!(refused, Err(SendError::Timeout(_))));
}

#[test]
fn s05_a_waiting_send_is_no_offer_and_may_be_taken_back() {
    let system = system(1);
    let letters = Letters::of(&system);
    let (lab, held) = full(&system, Overflow::Block);
    let before = counts_in_handler(&system, &lab);
    let ledger = Ledger::new(3);
    let mut waiters: Vec<_> = (0..3).map(|id| lab.send(ledger.item(id, 0))).collect();
    assert_eq!(counts_in_handler(&system, &lab), before);
    drop(waiters.remove(1));
    assert_eq!(ledger.drops(), 1, "it is dropped with its message");
    drop(held);
    waiters.into_iter().for_each(|waiter| waiter.wait().unwrap());
    assert_eq!(seen(&lab), [0, 2]);
    assert_eq!(counts(&system, &lab).offered, before.offered + 3);
    lab.stop().wait().unwrap();
    assert!(letters.wait_for(0).is_empty());
    finish(&system);
    ledger.check_all();
}

#[test]
fn s14_waiters_are_told_of_the_end() {
    type End = fn(&ActorRef<Lab>);
    let ends: [End; 3] = [|lab| drop(lab.stop()), |lab| drop(lab.drain()), |lab| drop(lab.kill())];
    let system = system(1);
    for end in ends {
        let (lab, held) = full(&system, Overflow::Block);
        let ledger = Ledger::new(3);
        let first = lab.send(ledger.item(0, 0));
        let asked = lab.ask(call(|_, _| 0)).timeout(PATIENCE);
        thread::scope(|threads| {
            let blocked = threads.spawn(|| lab.tell(ledger.item(1, 0)));
            let second = lab.send(ledger.item(2, 0));
            end(&lab);
            drop(held);
            for outcome in [first.wait(), second.wait(), blocked.join().unwrap()] {
                match outcome {
                    Err(SendError::Closed(item)) => item.give_back(),
                    other => panic!("{other:?}"),
                }
            }
        });
        assert!(matches!(asked.wait(), Err(AskError::Closed)));
        lab.ended().wait().unwrap();
        assert_eq!(counts(&system, &lab).rejected, 4);
        ledger.check_all();
    }
    finish(&system);
}

#[test]
fn s14_a_restart_keeps_waiters_waiting() {
    let system = system(1);
    let lab = system.actor(Lab::new).mailbox_capacity(1).overflow(Overflow::Block).spawn().unwrap();
    let gate = Gate::new();
    let (door, opens) = (gate.clone(), Opens(gate.clone()));
    lab.tell(job(move |_, _| {
        door.pass();
        give_up();
    }))
    .unwrap();
    gate.wait_for(1);
    let ledger = Ledger::new(9);
    lab.tell(ledger.item(0, 0)).unwrap();
    let waiters: Vec<_> = (1..9).map(|id| lab.send(ledger.item(id, 0))).collect();
    drop(opens);
    waiters.into_iter().for_each(|waiter| waiter.wait().unwrap());
    assert_eq!(seen(&lab), (0..9).collect::<Vec<_>>());
    assert_eq!(finish(&system).actors.restarted, 1);
    ledger.check_all();
}

#[test]
fn s11_a_tell_from_outside_blocks_until_there_is_room() {
    let system = system(1);
    let (lab, held) = full(&system, Overflow::Block);
    let sent = AtomicU32::new(0);
    let ledger = Ledger::new(200);
    thread::scope(|threads| {
        let teller = threads.spawn(|| {
            for id in 0..100 {
                lab.tell(ledger.item(id, 0)).unwrap();
                sent.fetch_add(1, Relaxed);
            }
            lab.tell_batch((100..200).map(|id| ledger.item(id, 0))).unwrap()
        });
        let_pass(Duration::from_millis(20));
        assert_eq!(sent.load(Relaxed), 0, "there is no room");
        drop(held);
        assert_eq!(teller.join().unwrap(), 100);
    });
    assert_eq!(seen(&lab), (0..200).collect::<Vec<_>>());
    finish(&system);
    ledger.check_all();
}

#[test]
fn s18_an_ask_from_outside_waits_in_the_line() {
    let system = system(1);
    let (lab, held) = full(&system, Overflow::Block);
    let asks: Vec<_> = (0..5).map(|n| lab.ask(call(move |_, _| n)).timeout(PATIENCE)).collect();
    drop(lab.ask(call(|_, _| panic!("nobody waits for this one"))));
    let late = lab.ask(call(|_, _| panic!("too late"))).timeout(Duration::from_millis(1)).wait();
    assert!(matches!(late, Err(AskError::Timeout { .. })), "{late:?}");
    drop(held);
    for (n, ask) in (0..).zip(asks) {
        assert_eq!(ask.wait().unwrap(), n);
    }
    let stats = finish(&system);
    assert_eq!((stats.messages.rejected, stats.messages.handled), (1, 7));
}

#[test]
fn s20_a_send_that_must_wait_fails_at_once_in_a_handler() {
    let system = system(2);
    let (lab, _held) = full(&system, Overflow::Block);
    let other = system.spawn(Lab::new()).unwrap();
    let asked = other.ask(call(move |_, ctx| {
        let mine = ctx.me().send(job(|_, _| {})).wait();
        assert!(mine.is_ok(), "there is room");
        let refused = lab.send(job(|_, _| {})).wait();
        assert!(matches!(refused, Err(SendError::WouldBlock(_))), "{refused:?}");
        1
    }));
    assert_eq!(asked.timeout(PATIENCE).wait().unwrap(), 1);
    let own = lab_with(&system, 1, Overflow::Fail);
    let asked = own.ask(call(|_, ctx| {
        ctx.tell_self(job(|_, _| {})).unwrap();
        let refused = ctx.me().send(job(|_, _| {})).wait();
        assert!(matches!(refused, Err(SendError::WouldDeadlock(_))), "{refused:?}");
        1
    }));
    assert_eq!(asked.timeout(PATIENCE).wait().unwrap(), 1);
}

#[test]
fn s11_a_recipient_sends_and_waits_as_a_reference_does() {
    let system = system(1);
    let (lab, held) = full(&system, Overflow::Block);
    let items: Recipient<Item> = lab.recipient();
    let ledger = Ledger::new(2);
    let waiting = items.send(ledger.item(0, 0));
    thread::scope(|threads| {
        threads.spawn(|| items.tell(ledger.item(1, 0)).unwrap());
        drop(held);
        waiting.wait().unwrap();
    });
    assert_eq!(seen(&lab), [0, 1]);
    finish(&system);
}

#[test]
fn s11_many_waiters_and_a_slow_receiver_lose_nothing() {
    let system = system(2);
    for capacity in [1, 3, 1_024, 1_500] {
        let lab = lab_with(&system, capacity, Overflow::Block);
        let (threads, each) = (4, scaled(500, 5_000));
        let ledger = Ledger::new((threads * each) as usize);
        let deepest = Arc::new(AtomicU32::new(0));
        thread::scope(|scope| {
            for from in 0..threads {
                let (lab, ledger) = (lab.clone(), &ledger);
                scope.spawn(move || {
                    for id in from * each..(from + 1) * each {
                        lab.tell(ledger.item(id, from)).unwrap();
                    }
                });
            }
            let deepest = Arc::clone(&deepest);
            let (system, lab) = (&system, &lab);
            let ledger = &ledger;
            scope.spawn(move || {
                while ledger.drops() < u64::from(threads * each) {
                    let queued = system.inspect(lab.id()).unwrap().messages.queued;
                    deepest.fetch_max(u32::try_from(queued).unwrap(), Relaxed);
                    thread::yield_now();
                }
            });
        });
        assert!(deepest.load(Relaxed) <= capacity, "{deepest:?} of {capacity}");
        let seen = seen(&lab);
        for from in 0..threads {
            let own = seen.iter().filter(|id| **id / each == from);
            assert!(
                own.copied().eq(from * each..(from + 1) * each),
                "in order, capacity {capacity}"
            );
        }
        ledger.check_all();
    }
    finish(&system);
}

/// Fills its own mailbox, and awaits room in it.
#[derive(Message)]
#[message(reply = bool)]
struct Fill;

#[derive(Message)]
struct Nothing;

#[actor(async Fill, Nothing, mailbox(capacity = 1))]
struct Full;

impl AsyncHandler<Fill> for Full {
    async fn handle(&mut self, _: Fill, ctx: &mut Context<Self>) -> bool {
        let me = ctx.me();
        me.send(Nothing).await.unwrap();
        matches!(me.send(Nothing).await, Err(SendError::WouldDeadlock(Nothing)))
    }
}

impl Handler<Nothing> for Full {
    fn handle(&mut self, _: Nothing, _: &mut Context<Self>) {}
}

#[test]
fn s20_a_handler_that_awaits_room_in_its_own_mailbox_would_wait_for_itself() {
    let system = system(1);
    let full = system.spawn(Full).unwrap();
    assert!(full.ask(Fill).timeout(PATIENCE).wait().unwrap());
    finish(&system);
}
