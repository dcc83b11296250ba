//! Capacity and the policy `fail`: S10, S11.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;

use crate::support::*;
use zactor::SpawnError;
use zactor::prelude::*;

#[test]
fn s10_a_mailbox_holds_its_capacity_besides_the_message_being_handled() {
    let system = system(1);
    for capacity in [1, 2, 3, 63, 64, 65, 1_000, 1_024, 1_025, 5_000] {
        let lab = system.actor_of(Lab::new()).mailbox_capacity(capacity).spawn().unwrap();
        let ledger = Ledger::new(capacity as usize + 2);
        let held = hold(&lab);
        // Above 1,024 the room of the message in the handler may come back with its batch.
        let at_least = if capacity <= 1_024 { capacity } else { capacity - 1 };
        let mut fitted = 0;
        for id in 0..capacity + 2 {
            match lab.tell(ledger.item(id, 0)) {
                Ok(()) => fitted += 1,
                Err(SendError::Full(_)) => assert!(id >= at_least, "{id} of {capacity}: full"),
                Err(refused) => panic!("{refused:?}"),
            }
        }
        assert!((at_least..=capacity).contains(&fitted), "{fitted} fitted into {capacity}");
        assert_eq!(counts_in_handler(&system, &lab).queued, u64::from(fitted));
        drop(held);
        lab.drain().wait().unwrap();
        assert_eq!(ledger.handled(), u64::from(fitted));
        ledger.check_all();
    }
    finish(&system);
}

#[test]
fn s10_up_to_1024_room_comes_back_message_by_message() {
    let system = system(1);
    for capacity in [1, 4, 64, 1_024] {
        let lab = system.actor_of(Lab::new()).mailbox_capacity(capacity).batch(64).spawn().unwrap();
        let gates: Vec<Gate> = (0..20).map(|_| Gate::new()).collect();
        let _all: Vec<Opens> = gates.iter().cloned().map(Opens).collect();
        let step = |gate: &Gate| {
            let gate = gate.clone();
            job(move |_, _| gate.pass())
        };
        let mut queued = gates.iter();
        lab.tell(step(queued.next().unwrap())).unwrap();
        gates[0].wait_for(1);
        let early = capacity.min(10);
        (0..early).for_each(|_| lab.tell(step(queued.next().unwrap())).unwrap());
        (early..capacity).for_each(|_| lab.tell(job(|_, _| {})).unwrap());
        for gate in 0..early as usize {
            lab.tell(job(|_, _| {})).unwrap_err();
            gates[gate].open();
            gates[gate + 1].wait_for(1); // one message was taken: room for exactly one
            lab.tell(job(|_, _| {})).unwrap_or_else(|e| panic!("capacity {capacity}: {e}"));
            assert_eq!(counts_in_handler(&system, &lab).queued, u64::from(capacity));
        }
        gates.iter().for_each(Gate::open);
        lab.drain().wait().unwrap();
    }
    finish(&system);
}

#[test]
fn s10_above_1024_a_send_is_refused_at_most_one_batch_early() {
    let (capacity, batch) = (4_096_u32, 32);
    let system = system(1);
    let lab = system.actor_of(Lab::new()).mailbox_capacity(capacity).batch(batch).spawn().unwrap();
    let gate = Gate::new();
    let opens = Opens(gate.clone());
    let first = hold(&lab);
    // The handler will stand at the gate with `taken` messages of its batch behind it.
    let taken = u64::from(batch) / 2;
    (0..taken).for_each(|_| lab.tell(job(|_, _| {})).unwrap());
    let door = gate.clone();
    lab.tell(job(move |_, _| door.pass())).unwrap();
    drop(first);
    gate.wait_for(1);
    let mut fitted = 0;
    while lab.tell(job(|_, _| {})).is_ok() {
        fitted += 1;
    }
    assert!(fitted <= capacity, "{fitted} fitted into {capacity}");
    assert!(fitted >= capacity - batch, "{fitted} of {capacity} fitted: over a batch early");
    drop(opens);
    lab.drain().wait().unwrap();
    finish(&system);
}

#[test]
fn s10_the_queue_never_exceeds_its_capacity_whatever_the_number_of_senders() {
    for capacity in [1_u32, 7, 1_024, 2_000] {
        let each = scaled(5_000, 100_000);
        let system = system(2);
        let lab = system.actor_of(Lab::new()).mailbox_capacity(capacity).spawn().unwrap();
        let ledger = Ledger::new(4 * each as usize);
        let done = AtomicBool::new(false);
        let deepest = thread::scope(|scope| {
            let watching = scope.spawn(|| {
                let mut deepest = 0;
                while !done.load(Relaxed) {
                    deepest = deepest.max(system.inspect(lab.id()).unwrap().messages.queued);
                    thread::yield_now();
                }
                deepest
            });
            let senders: Vec<_> = (0..4)
                .map(|from| {
                    let (ledger, lab) = (&ledger, &lab);
                    scope.spawn(move || {
                        for id in from * each..(from + 1) * each {
                            if let Err(refused) = lab.tell(ledger.item(id, from)) {
                                assert!(matches!(refused, SendError::Full(_)), "{refused:?}");
                                refused.into_inner().give_back();
                                thread::yield_now();
                            }
                        }
                    })
                })
                .collect();
            senders.into_iter().for_each(|sender| sender.join().unwrap());
            done.store(true, Relaxed);
            watching.join().unwrap()
        });
        assert!(deepest <= u64::from(capacity), "{deepest} queued, capacity {capacity}");
        lab.drain().wait().unwrap();
        let end = counts(&system, &lab);
        assert_eq!((end.rejected, end.handled), (ledger.returned(), ledger.handled()));
        assert_eq!(end.offered, 4 * u64::from(each));
        ledger.check_all();
        finish(&system);
    }
}

#[test]
fn s10_an_unbounded_mailbox_refuses_nothing() {
    let system = system(1);
    let lab = system.actor_of(Lab::new()).unbounded().spawn().unwrap();
    let held = hold(&lab);
    let count = 2_200_000_u64; // beyond what a count of 21 bits holds
    (0..count).for_each(|_| lab.tell(job(|_, _| {})).unwrap());
    assert_eq!(counts_in_handler(&system, &lab).queued, count);
    drop(held);
    lab.drain().wait().unwrap();
    assert_eq!(counts(&system, &lab).handled, count + 1);
    finish(&system);
}

/// More messages than the mailbox's head can count, and nobody handles them.
#[test]
fn s05_a_stop_accounts_for_a_queue_of_any_length() {
    let system = system(1);
    let count = 2_200_000_u64;
    let lab = system.actor_of(Lab::new()).unbounded().spawn().unwrap();
    let held = hold(&lab);
    let jobs = (0..count).map(|_| job(|_, _| {}));
    assert_eq!(lab.tell_batch(jobs).unwrap() as u64, count);
    assert_eq!(counts_in_handler(&system, &lab).queued, count);
    let stopping = lab.stop();
    drop(held);
    stopping.wait().unwrap();
    let end = counts(&system, &lab);
    assert_eq!((end.handled, end.dead_lettered, end.queued), (1, count, 0));
    finish(&system);
}

#[test]
fn s10_the_largest_capacity_is_accepted_and_one_more_is_not() {
    let system = system(1);
    let error = system.actor_of(Lab::new()).mailbox_capacity(u32::MAX).spawn().unwrap_err();
    let SpawnError::Config(error) = error else { panic!("{error:?}") };
    let text = error.to_string();
    assert!(text.contains(&u32::MAX.to_string()), "{text}");
    let largest = 2_000_000;
    if cfg!(target_arch = "x86_64") {
        system.actor_of(Lab::new()).mailbox_capacity(largest).spawn().unwrap();
        assert!(text.contains("2000000") || text.contains("2,000,000"), "{text}");
    }
    assert!(matches!(
        system.actor_of(Lab::new()).mailbox_capacity(0).spawn(),
        Err(SpawnError::Config(_))
    ));
    finish(&system);
}

#[derive(Message)]
struct Tick;

#[actor(Tick, mailbox(capacity = 3, overflow = fail))]
struct Small;

impl Handler<Tick> for Small {
    fn handle(&mut self, _: Tick, _: &mut Context<Self>) {}
}

#[actor(Tick, mailbox(unbounded))]
struct Endless;

impl Handler<Tick> for Endless {
    fn handle(&mut self, _: Tick, _: &mut Context<Self>) {}
}

/// How many fit while the one worker stands elsewhere.
fn fitting<A: Accepts<Tick>>(system: &ActorSystem, to: &ActorRef<A>, at_most: u32) -> u32 {
    let blocker = system.spawn(Lab::new()).unwrap();
    let _held = hold(&blocker);
    (0..at_most).take_while(|_| to.tell(Tick).is_ok()).fold(0, |n, _| n + 1)
}

#[test]
fn s11_the_capacity_comes_from_the_builder_else_the_macro_else_the_configuration() {
    let performance = PerformanceConfig { actor_mailbox_capacity: 7, ..Default::default() };
    let system = system_with(1, performance);
    assert_eq!(fitting(&system, &system.spawn(Small).unwrap(), 100), 3);
    assert_eq!(fitting(&system, &system.spawn(Endless).unwrap(), 100), 100);
    let built = system.actor_of(Small).mailbox_capacity(5).spawn().unwrap();
    assert_eq!(fitting(&system, &built, 100), 5);
    let built = system.actor_of(Small).unbounded().spawn().unwrap();
    assert_eq!(fitting(&system, &built, 100), 100);
    let blocked = system.spawn(Lab::new()).unwrap();
    let held = hold(&blocked);
    assert_eq!((0..100).take_while(|_| blocked.tell(job(|_, _| {})).is_ok()).count(), 7);
    drop(held);
    finish(&system);
}

#[test]
fn s11_a_full_mailbox_accepts_again_once_there_is_room() {
    let system = system(1);
    let lab = system.actor_of(Lab::new()).mailbox_capacity(2).spawn().unwrap();
    for _ in 0..scaled(200, 2_000) {
        let held = hold_when_room(&lab);
        lab.tell(job(|_, _| {})).unwrap();
        lab.tell(job(|_, _| {})).unwrap();
        lab.tell(job(|_, _| {})).unwrap_err();
        drop(held);
        eventually("room", || system.inspect(lab.id()).unwrap().messages.queued == 0);
    }
    finish(&system);
}

fn hold_when_room(lab: &ActorRef<Lab>) -> Opens {
    let gate = Gate::new();
    let door = gate.clone();
    let mut message = Some(job(move |_, _| door.pass()));
    eventually("room", || match lab.tell(message.take().unwrap()) {
        Ok(()) => true,
        Err(refused) => {
            message = Some(refused.into_inner());
            false
        }
    });
    gate.wait_for(1);
    Opens(gate)
}
