//! `tell_batch`: a contiguous prefix goes in, nothing of the rest is lost: S1, S5.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use crate::support::*;
use zactor::prelude::*;

#[test]
fn s05_of_a_batch_that_does_not_fit_one_message_counts_rejected() {
    let system = system(1);
    let ledger = Ledger::new(200);
    let lab = system.actor_of(Lab::new()).mailbox_capacity(100).spawn().unwrap();
    let held = hold(&lab);
    let mut items = (0..200).map(|id| ledger.item(id, 0));
    let refused = lab.tell_batch(items.by_ref()).unwrap_err();
    assert_eq!(refused.accepted, 100);
    let SendError::Full(first) = refused.error else { panic!("{:?}", refused.error) };
    assert_eq!(first.id, 100, "a contiguous prefix went in");
    let rest: Vec<u32> = refused.rest.iter().map(|item| item.id).collect();
    assert!(rest.len() <= 63, "{} taken beyond the first refused", rest.len());
    let left: Vec<u32> = items.map(|item| item.id).collect();
    let after: Vec<u32> = rest.into_iter().chain(left).collect();
    assert_eq!(after, (101..200).collect::<Vec<_>>(), "nothing is lost behind it");
    let now = counts_in_handler(&system, &lab);
    assert_eq!((now.offered, now.accepted, now.rejected, now.queued), (102, 101, 1, 100));
    drop((first, refused.rest, held));
    lab.drain().wait().unwrap();
    ledger.check_all();
    assert_eq!(ledger.handled(), 100);
    finish(&system);
}

#[test]
fn s05_a_batch_to_the_dead_gives_its_first_message_back() {
    let system = system(1);
    let ledger = Ledger::new(10);
    let lab = system.spawn(Lab::new()).unwrap();
    lab.stop().wait().unwrap();
    let refused = lab.tell_batch((0..10).map(|id| ledger.item(id, 0))).unwrap_err();
    assert_eq!(refused.accepted, 0);
    assert!(matches!(&refused.error, SendError::Closed(item) if item.id == 0));
    drop(refused);
    assert_eq!(counts(&system, &lab).rejected, 1);
    assert_eq!(ledger.handled(), 0);
    assert_eq!(lab.tell_batch(std::iter::empty::<Item>()).unwrap(), 0);
    finish(&system);
}

#[test]
fn a_batch_of_any_length_goes_in_whole_if_there_is_room() {
    let system = system(2);
    for length in [0, 1, 63, 64, 65, 128, 1_000] {
        let ledger = Ledger::new(length as usize);
        let lab = system.spawn(Lab::new()).unwrap();
        let sent = lab.tell_batch((0..length).map(|id| ledger.item(id, 0)));
        assert_eq!(sent.unwrap(), length as usize);
        assert_eq!(seen(&lab), (0..length).collect::<Vec<_>>());
        lab.stop().wait().unwrap();
        ledger.check_all();
    }
    finish(&system);
}

#[test]
fn a_batch_whose_iterator_panics_leaks_nothing() {
    let system = system(1);
    for good in [0_u32, 1, 10, 64, 70, 200] {
        let ledger = Ledger::new(good as usize);
        let lab = system.spawn(Lab::new()).unwrap();
        let items = (0..=good).map(|id| if id == good { give_up() } else { ledger.item(id, 0) });
        let outcome = catch_unwind(AssertUnwindSafe(|| lab.tell_batch(items)));
        assert!(outcome.is_err(), "the panic is the caller's");
        lab.drain().wait().unwrap();
        ledger.check_all();
        balanced_at_rest(&counts(&system, &lab));
        assert_eq!(counts(&system, &lab).handled, ledger.handled());
    }
    finish(&system);
}

#[test]
fn a_batch_ends_where_its_iterator_says_so() {
    let system = system(1);
    let lab = system.spawn(Lab::new()).unwrap();
    let ledger = Ledger::new(100);
    let mut asked = 0;
    let sent = lab.tell_batch(std::iter::from_fn(|| {
        asked += 1;
        (asked != 10).then(|| ledger.item(asked, 0)) // it would go on after its end
    }));
    assert_eq!((sent.unwrap(), asked), (9, 10));
    settle(&lab);
    assert_eq!(counts(&system, &lab).accepted, 10);
    finish(&system);
}

#[test]
fn a_batch_whose_iterator_sends_itself_is_in_order() {
    let system = system(1);
    let ledger = Ledger::new(200);
    let lab = system.spawn(Lab::new()).unwrap();
    let items = (0..100).map(|id| {
        lab.tell(ledger.item(100 + id, 1)).unwrap();
        ledger.item(id, 0)
    });
    assert_eq!(lab.tell_batch(items).unwrap(), 100);
    let seen = seen(&lab);
    assert!(seen.iter().filter(|id| **id < 100).is_sorted());
    assert!(seen.iter().filter(|id| **id >= 100).is_sorted());
    assert_eq!(seen.len(), 200);
    finish(&system);
}

#[test]
fn s05_batches_of_many_threads_share_the_capacity_exactly() {
    let system = system(1);
    for capacity in [1_u32, 10, 100, 1_000] {
        let ledger = Ledger::new(4 * 500);
        let lab = system.actor_of(Lab::new()).mailbox_capacity(capacity).spawn().unwrap();
        let held = hold(&lab);
        let accepted: usize = thread::scope(|scope| {
            let senders: Vec<_> = (0..4_u32)
                .map(|from| {
                    let (ledger, lab) = (&ledger, &lab);
                    scope.spawn(move || {
                        let items = (from * 500..(from + 1) * 500).map(|id| ledger.item(id, from));
                        match lab.tell_batch(items) {
                            Ok(accepted) => accepted,
                            Err(refused) => refused.accepted,
                        }
                    })
                })
                .collect();
            senders.into_iter().map(|sender| sender.join().unwrap()).sum()
        });
        assert_eq!(accepted, capacity as usize, "full, and not one more");
        assert_eq!(counts_in_handler(&system, &lab).queued, u64::from(capacity));
        drop(held);
        lab.drain().wait().unwrap();
        assert_eq!(ledger.handled(), u64::from(capacity));
    }
    finish(&system);
}
