//! Many senders, each policy, a slow receiver: S5 and S10, exactly.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread;

use super::{emptied, lab_with};
use crate::support::*;
use zactor::prelude::*;

fn storm(policy: Overflow, capacity: u32) {
    let system = system(2);
    let lab = lab_with(&system, capacity, policy);
    let (senders, each) = (scaled(8, 64), scaled(500, 4_000));
    let offers = u64::from(senders * each);
    let ledger = Ledger::new((senders * each) as usize);
    let (refused, over) = (AtomicU64::new(0), AtomicBool::new(false));
    let deepest = AtomicU64::new(0);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Relaxed) {
                let queued = system.inspect(lab.id()).unwrap().messages.queued;
                deepest.fetch_max(queued, Relaxed);
                thread::yield_now();
            }
        });
        let tellers: Vec<_> = (0..senders)
            .map(|from| {
                let (lab, ledger, refused) = (&lab, &ledger, &refused);
                scope.spawn(move || {
                    for id in from * each..(from + 1) * each {
                        if let Err(SendError::Full(item)) = lab.tell(ledger.item(id, from)) {
                            refused.fetch_add(1, Relaxed);
                            item.give_back();
                        }
                    }
                })
            })
            .collect();
        tellers.into_iter().for_each(|teller| teller.join().unwrap());
        over.store(true, Relaxed);
    });
    emptied(&system, &lab);
    let deepest = deepest.into_inner();
    assert!(deepest <= u64::from(capacity), "{policy:?}: {deepest} of {capacity}");
    let seen = seen(&lab);
    for from in 0..senders {
        let own: Vec<_> = seen.iter().filter(|id| **id / each == from).collect();
        assert!(own.is_sorted(), "{policy:?}: in order");
    }
    lab.drain().wait().unwrap();
    let own = counts(&system, &lab);
    // The last question is one message more.
    assert_eq!(own.offered, offers + 1, "{own:?}");
    assert_eq!(own.rejected, refused.into_inner(), "{own:?}");
    assert_eq!(own.handled, ledger.handled() + 1, "{own:?}");
    match policy {
        Overflow::Fail => assert_eq!((own.evicted, own.dead_lettered), (0, 0)),
        Overflow::Block => assert_eq!(own.handled, offers + 1),
        Overflow::DropNew => assert_eq!((own.evicted, own.rejected), (0, 0)),
        Overflow::DropOld => assert_eq!((own.dead_lettered, own.rejected), (0, 0)),
    }
    ledger.check_all();
    let all = finish(&system).messages;
    assert_eq!((all.offered, all.handled, all.evicted), (own.offered, own.handled, own.evicted));
}

#[test]
fn s05_each_policy_counts_exactly_under_a_storm() {
    for policy in [Overflow::Fail, Overflow::Block, Overflow::DropNew, Overflow::DropOld] {
        for capacity in [1, 16, 1_200] {
            storm(policy, capacity);
        }
    }
}
