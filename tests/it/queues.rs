//! The public queues, as a user sees them.

use std::thread;

use crate::support::*;
use zactor::queue::{mpsc, spsc};

#[test]
fn spsc_hands_everything_over_in_order() {
    for capacity in [1, 2, 3, 64, 1_000] {
        // A ring of few slots is handed over by as many switches of threads as there are messages.
        let count = u64::from(scaled(20_000, 1_000_000)).min(20_000 * capacity as u64);
        let (mut producer, mut consumer) = spsc::channel::<u64>(capacity).unwrap();
        thread::scope(|scope| {
            scope.spawn(move || {
                for n in 0..count {
                    let mut value = n;
                    while let Err(back) = producer.push(value) {
                        value = back;
                        thread::yield_now();
                    }
                }
            });
            let mut expected = 0;
            eventually("all received", || {
                while let Some(n) = consumer.pop() {
                    assert_eq!(n, expected);
                    expected += 1;
                }
                expected == count
            });
        });
    }
}

#[test]
fn spsc_rounds_its_capacity_up_and_refuses_zero() {
    assert!(spsc::channel::<u8>(0).is_err());
    let error = spsc::channel::<u8>((1 << 31) + 1).err().unwrap().to_string();
    assert!(error.contains("2147483649") && error.contains("allowed"), "{error}");
    let (mut producer, mut consumer) = spsc::channel(5).unwrap();
    let fitted = (0..100).take_while(|n| producer.push(*n).is_ok()).count();
    assert_eq!(fitted, 8);
    assert_eq!(producer.push(100), Err(100), "the value comes back");
    assert_eq!(consumer.pop(), Some(0));
    assert_eq!(producer.push(100), Ok(()));
}

#[test]
fn spsc_deferred_values_are_visible_with_the_next_push_flush_or_drop() {
    let (mut producer, mut consumer) = spsc::channel(8).unwrap();
    producer.push_deferred(1).unwrap();
    assert_eq!(consumer.pop(), None);
    producer.push(2).unwrap();
    assert_eq!((consumer.pop(), consumer.pop()), (Some(1), Some(2)));
    producer.push_deferred(3).unwrap();
    producer.flush();
    assert_eq!(consumer.pop(), Some(3));
    producer.push_deferred(4).unwrap();
    drop(producer);
    assert_eq!((consumer.pop(), consumer.pop()), (Some(4), None));
}

#[test]
fn queues_drop_what_was_not_taken() {
    let ledger = Ledger::new(40);
    let (mut producer, mut consumer) = spsc::channel(16).unwrap();
    (0..10).for_each(|id| producer.push(ledger.item(id, 0)).unwrap());
    (10..15).for_each(|id| producer.push_deferred(ledger.item(id, 0)).unwrap());
    drop(consumer.pop());
    drop(consumer);
    drop(producer);
    assert_eq!(ledger.drops(), 15);
    let (sender, mut receiver) = mpsc::channel(16).unwrap();
    (15..25).for_each(|id| sender.push(ledger.item(id, 0)).unwrap());
    drop(receiver.pop());
    drop(receiver);
    assert_eq!(ledger.drops(), 25);
    let back = sender.push(ledger.item(25, 0)).unwrap_err();
    assert_eq!(back.id, 25, "without a receiver the value comes back");
    drop(back);
    ledger.check(0..26);
}

#[test]
fn mpsc_keeps_each_senders_order_and_its_capacity() {
    assert!(mpsc::channel::<u8>(0).is_err());
    let each = scaled(20_000, 500_000);
    let (sender, mut receiver) = mpsc::channel::<(u32, u32)>(100).unwrap();
    thread::scope(|scope| {
        for from in 0..3 {
            let sender = sender.clone();
            scope.spawn(move || {
                for n in 0..each {
                    let mut value = (from, n);
                    while let Err(back) = sender.push(value) {
                        value = back;
                        thread::yield_now();
                    }
                }
            });
        }
        let mut next = [0; 3];
        eventually("all received", || {
            while let Some((from, n)) = receiver.pop() {
                assert_eq!(n, next[from as usize]);
                next[from as usize] += 1;
            }
            next == [each; 3]
        });
    });
    let (sender, _receiver) = mpsc::channel(7).unwrap();
    assert_eq!((0..100).take_while(|n| sender.push(*n).is_ok()).count(), 7);
}
