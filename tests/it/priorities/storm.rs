//! Many senders into all lanes, each policy: S1, S5 and S10, exactly.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread;

use super::*;

fn storm(policy: Overflow, capacity: u32) {
    let system = system(2);
    let by = Seen::default();
    let laned = system.actor_of(Laned(Arc::clone(&by))).mailbox_capacity(capacity);
    let laned = laned.overflow(policy).spawn().unwrap();
    let (senders, each) = (scaled(8, 32), scaled(400, 4_000));
    let ledger = Ledger::new((senders * each) as usize);
    let (over, deepest) = (AtomicBool::new(false), AtomicU64::new(0));
    let send = |from: u32| {
        for id in from * each..(from + 1) * each {
            let lane = LANES[id as usize % 3];
            if let Err(SendError::Full(item)) = tell(&laned, lane, ledger.item(id, from)) {
                item.give_back();
            }
        }
    };
    thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Relaxed) {
                deepest.fetch_max(counts_now(&system, &laned), Relaxed);
                thread::yield_now();
            }
        });
        let tellers: Vec<_> = (0..senders)
            .map(|from| {
                scope.spawn({
                    let send = &send;
                    move || send(from)
                })
            })
            .collect();
        tellers.into_iter().for_each(|teller| teller.join().unwrap());
        over.store(true, Relaxed);
    });
    laned.drain().wait().unwrap();
    let deepest = deepest.into_inner();
    assert!(deepest <= u64::from(capacity), "{policy:?}: {deepest} of {capacity}");
    let own = counts(&system, &laned);
    assert_eq!(own.offered, u64::from(senders * each), "{own:?}");
    assert_eq!((own.handled, own.rejected), (ledger.handled(), ledger.returned()), "{own:?}");
    let seen = seen(&by);
    for (lane, from) in LANES.into_iter().flat_map(|lane| (0..senders).map(move |n| (lane, n))) {
        let own = seen.iter().filter(|(other, id)| *other == lane && id / each == from);
        assert!(own.is_sorted_by_key(|(_, id)| *id), "{policy:?}: {lane:?} of {from} in order");
    }
    ledger.check_all();
    finish(&system);
}

fn counts_now(system: &ActorSystem, laned: &ActorRef<Laned>) -> u64 {
    system.inspect(laned.id()).unwrap().messages.queued
}

#[test]
fn s05_lanes_count_exactly_under_a_storm() {
    for policy in [Overflow::Fail, Overflow::Block, Overflow::DropNew, Overflow::DropOld] {
        for capacity in [1, 16, 1_200] {
            storm(policy, capacity);
        }
    }
}
