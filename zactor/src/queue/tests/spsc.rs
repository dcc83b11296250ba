//! The ring on one thread, its indices about to wrap, and between two.

use std::thread;

use super::{Counted, until};
use crate::queue::spsc::{channel, starting_at};

#[test]
fn capacity_is_rounded_up_and_checked() {
    for (asked, given) in [(1, 1), (2, 2), (3, 4), (1_000, 1_024)] {
        assert_eq!(channel::<u8>(asked).unwrap().0.capacity(), given);
    }
    for capacity in [0, (1 << 31) + 1, usize::MAX] {
        let error = channel::<u8>(capacity).unwrap_err().to_string();
        assert!(error.contains("capacity") && error.contains("1..=2147483648"), "{error}");
    }
    assert!(channel::<[u64; 1 << 29]>(1 << 31).is_err()); // more than addresses reach
}

#[test]
fn full_ring_refuses_around_the_wrap() {
    for start in [0, u32::MAX - 5, u32::MAX, 1 << 31] {
        for capacity in [1, 2, 8] {
            let (mut producer, mut consumer) = starting_at(capacity, start).unwrap();
            for round in 0..4 {
                assert_eq!(consumer.pop(), None);
                for n in 0..capacity {
                    assert_eq!(producer.push((round, n)), Ok(()));
                }
                assert_eq!(producer.push((round, capacity)), Err((round, capacity)));
                for n in 0..capacity {
                    assert_eq!(consumer.pop(), Some((round, n)));
                }
            }
        }
    }
}

#[test]
fn deferred_messages_show_with_push_flush_drop_and_when_full() {
    let (mut producer, mut consumer) = channel(4).unwrap();
    producer.push_deferred(1).unwrap();
    assert_eq!(consumer.pop(), None);
    producer.push(2).unwrap();
    assert_eq!((consumer.pop(), consumer.pop(), consumer.pop()), (Some(1), Some(2), None));
    producer.push_deferred(3).unwrap();
    producer.flush();
    assert_eq!((consumer.pop(), consumer.pop()), (Some(3), None));
    assert!((4..8).all(|n| producer.push_deferred(n).is_ok()));
    assert_eq!(consumer.pop(), None);
    assert_eq!(producer.push_deferred(8), Err(8));
    assert!((4..8).all(|n| consumer.pop() == Some(n)));
    producer.push_deferred(9).unwrap();
    drop(producer);
    assert_eq!((consumer.pop(), consumer.pop()), (Some(9), None));
}

#[test]
fn dropped_ring_drops_what_is_left_whoever_goes_first() {
    for producer_first in [true, false] {
        let message = Counted::new();
        let (mut producer, mut consumer) = starting_at(8, u32::MAX - 2).unwrap();
        for _ in 0..6 {
            producer.push(message.clone()).unwrap();
        }
        producer.push_deferred(message.clone()).unwrap();
        drop(consumer.pop());
        assert_eq!(message.others(), 6);
        if producer_first {
            drop(producer);
            drop(consumer);
        } else {
            drop(consumer);
            drop(producer);
        }
        assert_eq!(message.others(), 0);
    }
}

#[test]
fn messages_without_size_are_counted_too() {
    let (mut producer, mut consumer) = channel(2).unwrap();
    assert_eq!(
        (producer.push(()), producer.push(()), producer.push(())),
        (Ok(()), Ok(()), Err(()))
    );
    assert_eq!((consumer.pop(), consumer.pop(), consumer.pop()), (Some(()), Some(()), None));
}

#[test]
fn stress_of_two_threads_loses_and_reorders_nothing() {
    const MESSAGES: u32 = if cfg!(miri) { 200 } else { 100_000 };
    for capacity in [1, 4, 1_024] {
        let (mut producer, mut consumer) = starting_at(capacity, u32::MAX - MESSAGES / 2).unwrap();
        thread::scope(|scope| {
            scope.spawn(move || {
                for n in 0..MESSAGES {
                    let mut message = Some(Box::new(n));
                    until(|| {
                        let Some(boxed) = message.take() else { return true };
                        let pushed = if n % 3 == 0 {
                            producer.push(boxed)
                        } else {
                            producer.push_deferred(boxed)
                        };
                        message = pushed.err();
                        message.is_none()
                    });
                }
            });
            for n in 0..MESSAGES {
                until(|| consumer.pop().is_some_and(|message| *message == n));
            }
        });
        assert_eq!(consumer.pop(), None);
    }
}
