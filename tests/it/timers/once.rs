//! Messages that an actor sends to itself once, later.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};

use zactor::prelude::*;

use super::{DAY, SECOND, at_rest, timed, within};
use crate::support::{
    Gate, Item, Lab, Ledger, Opens, Rng, eventually, finish, job, scaled, seen, settle, system,
    while_moving,
};

#[test]
fn s53_no_timer_is_early() {
    const TIMERS: u32 = 10_000;
    let system = system(2);
    let lab = system.actor_of(Lab::new()).unbounded().spawn().unwrap();
    let early = Arc::new(AtomicU32::new(0));
    let fired = Arc::new(AtomicU32::new(0));
    let counters = (Arc::clone(&early), Arc::clone(&fired));
    within(&lab, move |_, ctx| {
        let mut rng = Rng::new(53);
        for _ in 0..TIMERS {
            let delay = Duration::from_nanos(rng.below(200_000_000).into());
            let (early, fired) = (Arc::clone(&counters.0), Arc::clone(&counters.1));
            let due = Instant::now() + delay;
            ctx.send_after(
                delay,
                job(move |_, _| {
                    early.fetch_add(u32::from(Instant::now() < due), Relaxed);
                    fired.fetch_add(1, Relaxed);
                }),
            );
        }
    });
    let so_far = || u64::from(fired.load(Relaxed));
    while_moving("timers", so_far, || so_far() == u64::from(TIMERS));
    assert_eq!(early.load(Relaxed), 0);
    finish(&system);
}

#[test]
fn s53_a_timer_fires_once_at_its_time_and_says_so_when_cancelled() {
    let (system, clock) = timed();
    let ledger = Ledger::new(3);
    let lab = system.spawn(Lab::new()).unwrap();
    let items = [ledger.item(0, 0), ledger.item(1, 0), ledger.item(2, 0)];
    let timers = within(&lab, move |_, ctx| {
        let [first, second, third] = items;
        [(10, first), (20, second), (30, third)]
            .map(|(seconds, item)| ctx.send_after(seconds * SECOND, item))
    });
    clock.advance(10 * SECOND - Duration::from_nanos(1));
    assert!(seen(&lab).is_empty());
    clock.advance(Duration::from_nanos(1));
    assert_eq!(seen(&lab), [0]);
    assert!(!timers[0].cancel(), "it has fired");
    assert!(timers[1].cancel(), "it has not");
    assert_eq!(ledger.drops(), 2, "the message goes when it is cancelled");
    assert!(!timers[1].cancel() && !timers[1].clone().cancel(), "it is cancelled already");
    drop(timers);
    clock.advance(DAY);
    assert_eq!(seen(&lab), [0, 2], "a dropped `Timer` fires all the same");
    ledger.check_all();
    finish(&system);
}

#[test]
fn s53_each_timer_is_cancelled_or_fires_whatever_the_threads_do() {
    let timers = scaled(2_000, 50_000);
    let system = system(2);
    let lab = system.actor_of(Lab::new()).unbounded().spawn().unwrap();
    let ledger = Ledger::new(timers as usize);
    let (give, take) = mpsc::channel::<Timer>();
    let items = Arc::clone(&ledger);
    lab.tell(job(move |_, ctx| {
        let mut rng = Rng::new(7);
        for id in 0..timers {
            let delay = Duration::from_nanos(rng.below(300_000).into());
            give.send(ctx.send_after(delay, items.item(id, 0))).unwrap();
        }
    }))
    .unwrap();
    let cancelled = take.iter().filter(Timer::cancel).count() as u64;
    while_moving("timers", || ledger.drops(), || ledger.drops() == u64::from(timers));
    settle(&lab);
    assert_eq!(ledger.handled() + cancelled, u64::from(timers));
    ledger.check_all();
    assert_eq!(finish(&system).messages.rejected, 0);
}

#[test]
fn s53_timers_come_by_deadline_and_equal_ones_as_armed() {
    let (system, clock) = timed();
    let lab = system.spawn(Lab::new()).unwrap();
    let ledger = Ledger::new(5);
    within(&lab, move |_, ctx| {
        for (id, seconds) in [(0, 30), (1, 10), (2, 20), (3, 10), (4, 0)] {
            ctx.send_after(seconds * SECOND, ledger.item(id, 0));
        }
    });
    assert_eq!(seen(&lab), [4], "what is due at once needs no move of the clock");
    clock.advance(30 * SECOND);
    assert_eq!(seen(&lab), [4, 1, 3, 2, 0]);
    finish(&system);
}

#[test]
fn s53_days_come_and_never_does_not() {
    let (system, clock) = timed();
    let lab = system.spawn(Lab::new()).unwrap();
    let ledger = Ledger::new(3);
    let items = Arc::clone(&ledger);
    let never = within(&lab, move |_, ctx| {
        ctx.send_after(400 * DAY, items.item(0, 0));
        ctx.send_after(400 * DAY + Duration::from_nanos(1), items.item(1, 0));
        ctx.send_after(Duration::MAX, items.item(2, 0))
    });
    clock.advance(400 * DAY);
    assert_eq!(seen(&lab), [0]);
    clock.advance(Duration::from_nanos(1));
    assert_eq!(seen(&lab), [0, 1]);
    clock.advance(Duration::MAX);
    assert_eq!(seen(&lab), [0, 1]);
    assert!(never.cancel());
    ledger.check_all();
    finish(&system);
}

#[test]
fn s53_cancelled_timers_free_their_memory_before_their_deadline() {
    let timers = scaled(20_000, 200_000);
    let (system, _clock) = timed();
    let lab = system.spawn(Lab::new()).unwrap();
    let before = system.stats().memory.nodes_in_use;
    for _ in 0..3 {
        let ledger = Ledger::new(timers as usize);
        let items = Arc::clone(&ledger);
        let armed = within(&lab, move |_, ctx| {
            (0..timers).map(|id| ctx.send_after(DAY, items.item(id, 0))).collect::<Vec<_>>()
        });
        assert!(system.stats().memory.nodes_in_use >= before + u64::from(timers));
        assert!(armed.iter().all(Timer::cancel));
        ledger.check_all();
        settle(&lab);
        assert!(system.stats().memory.nodes_in_use <= before + 8);
    }
    finish(&system);
}

#[test]
fn s53_of_a_million_timers_half_of_them_cancelled_none_is_lost() {
    let timers = scaled(50_000, 1_000_000);
    let (system, clock) = timed();
    let lab = system.actor_of(Lab::new()).unbounded().spawn().unwrap();
    let ledger = Ledger::new(timers as usize);
    let items = Arc::clone(&ledger);
    let (armed, took) = within(&lab, move |_, ctx| {
        let mut rng = Rng::new(11);
        let begin = Instant::now();
        let armed: Vec<_> = (0..timers)
            .map(|id| {
                ctx.send_after(
                    Duration::from_micros(rng.below(60_000_000).into()),
                    items.item(id, 0),
                )
            })
            .collect();
        (armed, begin.elapsed())
    });
    println!("{timers} timers armed in {took:?}: {:?} each", took / timers);
    assert!(armed.iter().step_by(2).all(Timer::cancel));
    for _ in 0..65 {
        clock.advance(SECOND);
    }
    settle(&lab);
    for id in 0..timers {
        assert_eq!(ledger.was_handled(id), id % 2 == 1, "timer {id}");
    }
    ledger.check_all();
    assert!(!armed.iter().any(Timer::cancel));
    finish(&system);
}

/// A handler that blocks a worker delays no timer: not of an actor that ran there, nor of others.
#[test]
fn s53_with_two_workers_one_blocked_no_timer_is_late() {
    const ROUND: u32 = 50;
    let system = system(2);
    let (blocker, lab) = (system.spawn(Lab::new()).unwrap(), system.spawn(Lab::new()).unwrap());
    let gate = Gate::new();
    let door = gate.clone();
    let other = lab.clone();
    // The actor with the timers has just run on the worker that is blocked.
    blocker
        .tell(job(move |_, _| {
            settle_from_inside(&other);
            door.pass();
        }))
        .unwrap();
    gate.wait_for(1);
    let _opens = Opens(gate);
    let mut best = Duration::MAX;
    // The machine may be busy otherwise; a timer that waits for the worker is late in every round.
    for _ in 0..100 {
        let (latest, fired) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU32::new(0)));
        let counters = (Arc::clone(&latest), Arc::clone(&fired));
        within(&lab, move |_, ctx| {
            for n in 1..=ROUND {
                let delay = n * Duration::from_micros(700);
                let due = Instant::now() + delay;
                let (latest, fired) = (Arc::clone(&counters.0), Arc::clone(&counters.1));
                ctx.send_after(
                    delay,
                    job(move |_, _| {
                        let late = u64::try_from(due.elapsed().as_nanos()).unwrap();
                        latest.fetch_max(late, Relaxed);
                        fired.fetch_add(1, Relaxed);
                    }),
                );
            }
        });
        eventually("timers beside a blocked worker", || fired.load(Relaxed) == ROUND);
        best = best.min(Duration::from_nanos(latest.load(Relaxed)));
        if best <= Duration::from_millis(10) {
            break;
        }
    }
    println!("with a blocked worker the latest of {ROUND} timers was late by {best:?}");
    assert!(best <= Duration::from_millis(10), "late by {best:?}");
}

fn settle_from_inside(lab: &ActorRef<Lab>) {
    let done = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&done);
    lab.tell(job(move |_, _| flag.store(true, Relaxed))).unwrap();
    eventually("a neighbour to run", || done.load(Relaxed));
}

/// The sender of what a timer sends is the actor itself.
#[test]
fn s53_a_timers_message_says_that_the_actor_sent_it() {
    let (system, clock) = timed();
    let lab = system.spawn(Lab::new()).unwrap();
    let senders = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&senders);
    within(&lab, move |_, ctx| {
        let once = Arc::clone(&kept);
        ctx.send_after(SECOND, job(move |_, ctx| once.lock().unwrap().push(ctx.sender())));
        let make = move || {
            let often = Arc::clone(&kept);
            job(move |_, ctx| often.lock().unwrap().push(ctx.sender()))
        };
        ctx.send_every(SECOND, make).unwrap();
    });
    clock.advance(SECOND);
    settle(&lab);
    assert_eq!(*senders.lock().unwrap(), [Some(lab.id()); 2]);
    finish(&system);
}

/// Larger than a message's 32 bytes.
#[derive(Message)]
struct Large(Item, [u64; 16]);

#[actor(Large)]
struct Store(Arc<Mutex<Vec<u64>>>);

impl Handler<Large> for Store {
    fn handle(&mut self, Large(item, numbers): Large, ctx: &mut Context<Self>) {
        self.0.lock().unwrap().push(numbers.iter().sum());
        if numbers[0] == 1 {
            ctx.send_after(SECOND, Large(item, [2; 16]));
        } else {
            item.handle();
        }
    }
}

#[test]
fn s53_a_large_message_is_sent_later_as_a_small_one_is() {
    let (system, clock) = timed();
    let sums = Arc::new(Mutex::new(Vec::new()));
    let store = system.spawn(Store(Arc::clone(&sums))).unwrap();
    let ledger = Ledger::new(1);
    store.tell(Large(ledger.item(0, 0), [1; 16])).unwrap();
    eventually("the first", || sums.lock().unwrap().len() == 1);
    at_rest(&system, &store);
    clock.advance(SECOND);
    eventually("the second", || sums.lock().unwrap().len() == 2);
    assert_eq!(*sums.lock().unwrap(), [16, 32]);
    at_rest(&system, &store);
    store.stop().wait().unwrap();
    ledger.check_all();
    finish(&system);
}
