//! The ring: what is popped was published whole, and a slot is used again only once it is read.

use loom::thread;

use crate::queue::spsc::starting_at;

/// Three messages through two slots, the indices just below their wrap.
#[test]
fn push_against_pop_keeps_order_around_the_ring() {
    loom::model(|| {
        let (mut producer, mut consumer) = starting_at(2, u32::MAX).unwrap();
        let pushes = thread::spawn(move || {
            for n in 1..=3 {
                while producer.push(Box::new(n)).is_err() {
                    thread::yield_now();
                }
            }
        });
        let mut expected = 1;
        while expected <= 3 {
            match consumer.pop() {
                Some(n) => {
                    assert_eq!(*n, expected);
                    expected += 1;
                }
                None => thread::yield_now(),
            }
        }
        pushes.join().unwrap();
        assert!(consumer.pop().is_none());
    });
}

/// Deferred messages show all at once, at the latest when the producer goes.
#[test]
fn drop_of_the_producer_against_pop_publishes_what_was_deferred() {
    loom::model(|| {
        let (mut producer, mut consumer) = starting_at(2, u32::MAX).unwrap();
        let pushes = thread::spawn(move || {
            producer.push_deferred(Box::new(1)).unwrap();
            producer.push_deferred(Box::new(2)).unwrap();
        });
        if let Some(n) = consumer.pop() {
            assert_eq!((*n, consumer.pop()), (1, Some(Box::new(2))));
        }
        pushes.join().unwrap();
    });
}
