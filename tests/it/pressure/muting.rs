//! Back-pressure between actors: S12, S13.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use super::lab_with;
use crate::support::*;
use zactor::prelude::*;
use zactor::{ActorState, EndReason};

fn state(system: &ActorSystem, lab: &ActorRef<Lab>) -> ActorState {
    system.inspect(lab.id()).unwrap().state
}

/// `from` sends so many items to `to` in one handler.
fn flood(
    from: &ActorRef<Lab>,
    to: &ActorRef<Lab>,
    ledger: &Arc<Ledger>,
    ids: std::ops::Range<u32>,
) {
    let (to, ledger) = (to.clone(), Arc::clone(ledger));
    let send = move |_: &mut Lab, _: &mut Context<Lab>| {
        ids.for_each(|id| to.tell(ledger.item(id, 0)).unwrap());
    };
    from.tell(job(send)).unwrap();
}

#[test]
fn s12_a_handlers_sends_are_admitted_and_mute_the_sender_until_half_is_free() {
    let system = system(2);
    for capacity in [1, 4, 100, 1_024, 2_000] {
        let to = lab_with(&system, capacity, Overflow::Block);
        let from = system.spawn(Lab::new()).unwrap();
        let n = capacity + 50;
        let ledger = Ledger::new(n as usize);
        let held = hold(&to);
        flood(&from, &to, &ledger, 0..n);
        eventually("it is muted", || state(&system, &from) == ActorState::Suspended);
        assert_eq!(counts_in_handler(&system, &to).queued, u64::from(n), "all were admitted");
        from.tell(job(|lab, _| lab.n += 1)).unwrap();
        let_pass(Duration::from_millis(2));
        assert_eq!(state(&system, &from), ActorState::Suspended, "it handles nothing");
        drop(held);
        assert_eq!(from.ask(call(|lab, _| lab.n)).timeout(PATIENCE).wait().unwrap(), 1);
        assert_eq!(seen(&to), (0..n).collect::<Vec<_>>(), "in order");
        ledger.check_all();
    }
    finish(&system);
}

#[test]
fn s12_a_sender_is_let_go_when_the_queue_is_at_most_half_the_capacity() {
    let system = system(2);
    let to = lab_with(&system, 10, Overflow::Block);
    let from = system.spawn(Lab::new()).unwrap();
    let gates: Vec<Gate> = (0..13).map(|_| Gate::new()).collect();
    let _all: Vec<Opens> = gates.iter().cloned().map(Opens).collect();
    let doors = gates.clone();
    let target = to.clone();
    from.tell(job(move |_, _| {
        for door in doors {
            target.tell(job(move |_, _| door.pass())).unwrap();
        }
    }))
    .unwrap();
    // One in the handler, twelve queued.
    gates[0].wait_for(1);
    eventually("it is muted", || state(&system, &from) == ActorState::Suspended);
    for n in 0..6 {
        gates[n].open();
        gates[n + 1].wait_for(1);
        assert_eq!(counts_in_handler(&system, &to).queued, 11 - n as u64);
        assert_eq!(state(&system, &from), ActorState::Suspended, "{n} handled");
    }
    gates[6].open();
    gates[7].wait_for(1);
    eventually("five are left", || state(&system, &from) == ActorState::Idle);
    gates.iter().for_each(Gate::open);
    settle(&to);
    finish(&system);
}

#[test]
fn s12_a_muted_actor_obeys_orders() {
    let system = system(2);
    let to = lab_with(&system, 1, Overflow::Block);
    let ledger = Ledger::new(40);
    let held = hold(&to);
    let muted: Vec<_> = (0..4).map(|_| system.spawn(Lab::new()).unwrap()).collect();
    for (n, from) in (0..4).zip(&muted) {
        flood(from, &to, &ledger, n * 10..(n + 1) * 10);
        eventually("it is muted", || state(&system, from) == ActorState::Suspended);
    }
    muted[0].tell(job(|_, _| panic!("it is stopped"))).unwrap();
    assert!(matches!(muted[0].stop().wait(), Ok(EndReason::Stopped)));
    assert!(matches!(muted[1].kill().wait(), Ok(EndReason::Killed)));
    let draining = muted[2].drain();
    drop(held);
    assert!(matches!(draining.wait(), Ok(EndReason::Drained)));
    settle(&muted[3]);
    settle(&to);
    finish(&system);
    assert_eq!(ledger.handled(), 40);
}

#[test]
fn s12_the_end_of_the_receiver_lets_its_senders_go() {
    let system = system(2);
    for kill in [false, true] {
        let to = lab_with(&system, 2, Overflow::Block);
        let from = system.spawn(Lab::new()).unwrap();
        let ledger = Ledger::new(10);
        let held = hold(&to);
        flood(&from, &to, &ledger, 0..10);
        eventually("it is muted", || state(&system, &from) == ActorState::Suspended);
        let ended = if kill { to.kill() } else { to.stop() };
        drop(held);
        ended.wait().unwrap();
        settle(&from);
        ledger.check_all();
    }
    finish(&system);
}

#[test]
fn s12_a_thousand_muted_senders_cost_nothing_and_the_queue_stays_bounded() {
    let name =
        "pressure::muting::s12_a_thousand_muted_senders_cost_nothing_and_the_queue_stays_bounded";
    process::alone(name, a_thousand_muted_senders);
}

fn a_thousand_muted_senders() {
    let system = system(2);
    let (senders, each, capacity) = (1_000, 3, 16);
    let to = lab_with(&system, capacity, Overflow::Block);
    let ledger = Ledger::new((senders * each) as usize);
    let held = hold(&to);
    let muted: Vec<_> = (0..senders).map(|_| system.spawn(Lab::new()).unwrap()).collect();
    for (n, from) in (0..senders).zip(&muted) {
        // A handler for each: those after the first find their actor muted.
        (n * each..(n + 1) * each).for_each(|id| flood(from, &to, &ledger, id..id + 1));
    }
    let late = |from: &ActorRef<Lab>| state(&system, from) != ActorState::Suspended;
    eventually("they are muted", || muted.iter().filter(|from| late(from)).count() <= 6);
    let queued = counts_in_handler(&system, &to).queued;
    assert!(queued <= u64::from(capacity + senders), "{queued} queued");
    let before = process::cpu_time();
    let_pass(Duration::from_millis(200));
    let spent = process::cpu_time() - before;
    assert!(spent < Duration::from_millis(100), "{spent:?} of CPU while all are muted");
    drop(held);
    muted.iter().for_each(settle);
    settle(&to);
    assert_eq!(ledger.handled(), u64::from(senders * each));
    finish(&system);
}

#[test]
fn s12_a_handler_is_muted_by_several_receivers_until_the_last_has_room() {
    let system = system(3);
    let ledger = Ledger::new(20);
    let (a, b) = (lab_with(&system, 1, Overflow::Block), lab_with(&system, 1, Overflow::Block));
    let (at_a, at_b) = (hold(&a), hold(&b));
    let from = system.spawn(Lab::new()).unwrap();
    let (to_a, to_b, items) = (a.clone(), b.clone(), Arc::clone(&ledger));
    from.tell(job(move |_, _| {
        for id in 0..10 {
            to_a.tell(items.item(2 * id, 0)).unwrap();
            to_b.tell(items.item(2 * id + 1, 0)).unwrap();
        }
    }))
    .unwrap();
    eventually("it is muted", || state(&system, &from) == ActorState::Suspended);
    drop(at_a);
    settle(&a);
    assert_eq!(state(&system, &from), ActorState::Suspended);
    drop(at_b);
    settle(&from);
    settle(&b);
    finish(&system);
    ledger.check_all();
}

#[test]
fn s13_a_send_to_oneself_does_not_mute() {
    let system = system(1);
    let lab = lab_with(&system, 1, Overflow::Block);
    let ledger = Ledger::new(100);
    flood(&lab, &lab, &ledger, 0..100);
    eventually("all are handled", || ledger.drops() == 100);
    finish(&system);
    ledger.check_all();
}

/// Floods its peer, again and again.
#[actor(Kick, Drop8, mailbox(capacity = 1, overflow = block))]
struct Flooder {
    peer: Option<ActorRef<Flooder>>,
    got: Arc<AtomicU32>,
    /// Asks, tells or forwards.
    way: u32,
}

#[derive(Message)]
enum Kick {
    Peer(ActorRef<Flooder>),
    Round(u32),
}

#[derive(Message)]
struct Drop8;

impl Handler<Kick> for Flooder {
    fn handle(&mut self, kick: Kick, ctx: &mut Context<Self>) {
        match kick {
            Kick::Peer(peer) => self.peer = Some(peer),
            Kick::Round(left) => {
                let peer = self.peer.clone().unwrap();
                for _ in 0..8 {
                    match self.way % 3 {
                        0 => peer.tell(Drop8).unwrap(),
                        1 => ctx.forward(&peer, Drop8).unwrap(),
                        _ => {
                            ctx.ask(&peer, Drop8).timeout(PATIENCE).then(|_, done, _| done.unwrap())
                        }
                    }
                    self.way += 1;
                }
                if left > 0 {
                    ctx.tell_self(Kick::Round(left - 1)).unwrap();
                }
            }
        }
    }
}

impl Handler<Drop8> for Flooder {
    fn handle(&mut self, _: Drop8, _: &mut Context<Self>) {
        self.got.fetch_add(1, Relaxed);
    }
}

#[test]
fn s13_cycles_of_full_mailboxes_finish() {
    for (workers, members) in [(1, 2), (1, 3), (2, 2), (2, 3), (2, 7)] {
        let system = system(workers);
        let got = Arc::new(AtomicU32::new(0));
        let all: Vec<_> = (0..members)
            .map(|way| {
                let flooder = Flooder { peer: None, got: Arc::clone(&got), way };
                system.spawn(flooder).unwrap()
            })
            .collect();
        for (n, flooder) in all.iter().enumerate() {
            let peer = all[(n + 1) % all.len()].clone();
            flooder.tell(Kick::Peer(peer)).unwrap();
        }
        let rounds = scaled(100, 2_000);
        all.iter().for_each(|flooder| flooder.tell(Kick::Round(rounds)).unwrap());
        let due = members * 8 * (rounds + 1);
        while_moving("all arrive", || got.load(Relaxed).into(), || got.load(Relaxed) == due);
        // Each knows its peer.
        all.iter().for_each(|flooder| drop(flooder.kill().wait()));
        finish(&system);
    }
}

#[test]
fn s13_a_send_from_a_drop_outside_any_handler_is_admitted_and_mutes_nobody() {
    let system = system(1);
    let to = lab_with(&system, 1, Overflow::Block);
    let journal = Journal::default();
    let held = system.spawn(Lab::new()).unwrap();
    let opens = hold(&held); // the only worker
    to.tell(job(|_, _| {})).unwrap();
    // Evicted by this thread, which would wait if it sent by itself.
    let small = lab_with(&system, 1, Overflow::DropOld);
    let target = to.clone();
    let send = move || target.tell(job(|_, _| {})).unwrap();
    small.tell(Noted::new("evicted", &journal).at_drop(send)).unwrap();
    small.tell(job(|_, _| {})).unwrap();
    assert_eq!(counts(&system, &to).queued, 2);
    drop(opens);
    settle(&to);
    finish(&system);
}

/// Passes the gate, asks the lab and awaits its reply.
#[derive(Message)]
#[message(reply = u64)]
struct AskThere(Gate, ActorRef<Lab>);

#[actor(async AskThere, Item, mailbox(capacity = 1, overflow = block))]
struct Asker;

impl AsyncHandler<AskThere> for Asker {
    async fn handle(&mut self, AskThere(gate, lab): AskThere, _: &mut Context<Self>) -> u64 {
        gate.pass();
        lab.ask(call(|_, _| 7)).timeout(PATIENCE).await.unwrap()
    }
}

impl Handler<Item> for Asker {
    fn handle(&mut self, item: Item, _: &mut Context<Self>) {
        item.handle();
    }
}

#[test]
fn s13_an_ask_that_waits_and_a_mute_in_a_cycle_go_on_whichever_comes_last() {
    let system = system(3);
    for muted_first in [true, false] {
        let lab = system.spawn(Lab::new()).unwrap();
        let asker = system.spawn(Asker).unwrap();
        let ledger = Ledger::new(10);
        let (gate, before) = (Gate::new(), Gate::new());
        let (opens, _second) = (Opens(gate.clone()), Opens(before.clone()));
        let (to, items, door) = (asker.clone(), Arc::clone(&ledger), before.clone());
        lab.tell(job(move |_, _| {
            door.pass();
            (0..10).for_each(|id| to.tell(items.item(id, 0)).unwrap());
        }))
        .unwrap();
        before.wait_for(1);
        let asked = asker.ask(AskThere(gate.clone(), lab.clone())).timeout(PATIENCE);
        gate.wait_for(1);
        if muted_first {
            before.open();
            eventually("it is muted", || state(&system, &lab) == ActorState::Suspended);
            drop(opens);
        } else {
            drop(opens);
            let waits = || system.inspect(asker.id()).unwrap().state == ActorState::Suspended;
            eventually("it waits", waits);
            before.open();
        }
        assert_eq!(asked.wait().unwrap(), 7);
        eventually("all are handled", || ledger.drops() == 10);
        settle(&lab);
    }
    finish(&system);
}
