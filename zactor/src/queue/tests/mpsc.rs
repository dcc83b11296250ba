//! The intrusive core on one thread, and the channel on several.

use std::ops::RangeInclusive;
use std::ptr::NonNull;
use std::thread;

use super::{Counted, until};
use crate::queue::mpsc::{
    Closing, GaveBack, Head, Link, MAX_CAPACITY, NotEmpty, Popped, Pushed, Refused, Tail,
    UNBOUNDED, channel,
};

#[repr(C, align(64))]
struct Node {
    link: Link,
    value: u32,
}

/// A queue whose nodes stand in one row; node 0 is the stub. Each goes in once.
struct Row {
    nodes: Vec<Node>,
    head: Head,
    tail: Tail,
}

impl Row {
    fn new(len: u32, head: impl FnOnce(NonNull<Link>) -> Head) -> Self {
        let mut nodes: Vec<_> = (0..=len).map(|value| Node { link: Link::new(), value }).collect();
        let stub = NonNull::new(nodes.as_mut_ptr()).unwrap().cast();
        Self { head: head(stub), tail: Tail::new(stub), nodes }
    }

    fn node(&mut self, index: usize) -> NonNull<Link> {
        assert!(index < self.nodes.len());
        NonNull::new(self.nodes.as_mut_ptr().wrapping_add(index)).unwrap().cast()
    }

    fn push(&mut self, index: usize, limit: u32) -> Result<Pushed, Refused> {
        self.push_chain(index..=index, limit)
    }

    fn push_chain(&mut self, nodes: RangeInclusive<usize>, limit: u32) -> Result<Pushed, Refused> {
        let (first, last) = (self.node(*nodes.start()), self.node(*nodes.end()));
        let n = u32::try_from(nodes.clone().count()).unwrap();
        for index in nodes.clone() {
            let node = self.node(index);
            // SAFETY: a node of the row that is not in the queue.
            unsafe { Link::init(node) };
            if index > *nodes.start() {
                let before = self.node(index - 1);
                // SAFETY: both went through `init` just now.
                unsafe { Link::append(before, node) };
            }
        }
        // SAFETY: the chain just made; the stub lives as long as the row.
        unsafe { self.head.push(first, last, n, limit) }
    }

    fn push_uncounted(&mut self, index: usize, even_if_closed: bool) -> Result<Pushed, Refused> {
        let node = self.node(index);
        // SAFETY: a node of the row that is not in the queue.
        unsafe { self.head.push_uncounted(node, even_if_closed) }
    }

    fn next(&mut self) -> Popped {
        let stub = self.node(0);
        // SAFETY: there is one thread, and it has the row.
        unsafe { self.tail.pop(&self.head, stub) }
    }

    fn pop(&mut self) -> Option<u32> {
        let Popped::Message { node, .. } = self.next() else { return None };
        // SAFETY: a node of the row.
        Some(unsafe { (*node.cast::<Node>().as_ptr()).value })
    }

    fn mark_idle(&mut self, taken: u32) -> Result<Option<NonNull<Link>>, NotEmpty> {
        let stub = self.node(0);
        // SAFETY: there is one thread, and it has the row.
        unsafe { self.tail.mark_idle(&self.head, stub, taken) }
    }

    fn mark_ended(&mut self, taken: u32) -> Result<Option<NonNull<Link>>, NotEmpty> {
        let stub = self.node(0);
        // SAFETY: there is one thread, and it has the row.
        unsafe { self.tail.mark_ended(&self.head, stub, taken) }
    }
}

#[test]
fn push_to_an_idle_queue_schedules_once() {
    let mut row = Row::new(3, Head::new_idle);
    assert!(row.head.is_idle());
    assert_eq!(row.push(1, 4), Ok(Pushed::Schedule));
    assert!(matches!(row.push(2, 4), Ok(Pushed::Quiet { .. })));
    assert_eq!(row.mark_idle(2), Err(NotEmpty));
    assert_eq!((row.pop(), row.pop(), row.pop()), (Some(1), Some(2), None));
    let last = row.node(2);
    assert_eq!(row.mark_idle(2), Ok(Some(last)));
    assert_eq!(row.head.len(), 0);
    // The stub is used again, and its old link is gone.
    assert_eq!(row.push(3, 4), Ok(Pushed::Schedule));
    assert_eq!((row.pop(), row.pop()), (Some(3), None));
}

#[test]
fn idle_queue_that_was_claimed_goes_idle_again() {
    let mut row = Row::new(1, Head::new_idle);
    assert!(row.head.claim_idle());
    assert!(!row.head.claim_idle());
    assert_eq!(row.mark_idle(0), Ok(None));
    assert!(row.head.is_idle());
}

#[test]
fn popped_node_is_free_once_the_next_is_popped() {
    let mut row = Row::new(2, Head::new_busy);
    assert!(matches!(row.push_chain(1..=2, 2), Ok(Pushed::Quiet { .. })));
    let (first, second) = (row.node(1), row.node(2));
    assert_eq!(row.next(), Popped::Message { node: first, freed: None });
    assert_eq!(row.next(), Popped::Message { node: second, freed: Some(first) });
    assert_eq!(row.next(), Popped::Empty);
}

#[test]
fn full_queue_refuses_until_room_comes_back() {
    let mut row = Row::new(5, Head::new_busy);
    assert!(matches!(row.push_chain(1..=3, 3), Ok(Pushed::Quiet { .. })));
    assert_eq!(row.head.room(3), Err(Refused::Full));
    assert_eq!(row.push(4, 3), Err(Refused::Full));
    assert_eq!(row.pop(), Some(1));
    assert_eq!(row.push(4, 3), Err(Refused::Full));
    assert_eq!(row.head.give_back(1, 3), GaveBack::Plain);
    assert_eq!(row.head.room(3), Ok(1));
    assert_eq!(row.push_chain(4..=5, 3), Err(Refused::Full));
    assert!(matches!(row.push(4, 3), Ok(Pushed::Quiet { .. })));
    assert_eq!(row.head.len(), 3);
}

#[test]
fn uncounted_push_takes_no_room_and_meets_no_limit() {
    let mut row = Row::new(3, Head::new_idle);
    assert_eq!(row.push(1, 1), Ok(Pushed::Schedule));
    assert!(matches!(row.push_uncounted(2, false), Ok(Pushed::Quiet { .. })));
    assert_eq!(row.head.len(), 1);
    assert_eq!((row.pop(), row.pop()), (Some(1), Some(2)));
    let marker = row.node(2);
    assert_eq!(row.mark_idle(1), Ok(Some(marker)));
    assert_eq!(row.push_uncounted(3, false), Ok(Pushed::Schedule));
}

#[test]
fn closed_queue_refuses_messages_at_once_and_markers_at_the_end() {
    for limit in [1, MAX_CAPACITY, UNBOUNDED] {
        let mut row = Row::new(4, Head::new_busy);
        let marker = row.node(3);
        assert!(matches!(row.push(1, limit), Ok(Pushed::Quiet { .. })));
        assert_eq!(row.head.close(), Closing::Quiet);
        assert_eq!(row.head.close(), Closing::Already);
        assert_eq!(row.push(2, limit), Err(Refused::Closed));
        assert_eq!(row.head.room(limit), Err(Refused::Closed));
        assert_eq!(row.push_uncounted(2, false), Err(Refused::Closed));
        assert!(matches!(row.push_uncounted(3, true), Ok(Pushed::Quiet { .. })));
        assert_eq!((row.pop(), row.pop(), row.pop()), (Some(1), Some(3), None));
        assert_eq!(row.mark_idle(1), Err(NotEmpty));
        assert_eq!(row.mark_ended(1), Ok(Some(marker)));
        assert!(row.head.is_ended());
        assert_eq!(row.push_uncounted(4, true), Err(Refused::Closed));
        assert_eq!(row.head.close_and_claim(), Closing::Already);
        assert!(!row.head.claim_idle());
    }
}

#[test]
fn closing_an_idle_owner_wakes_it() {
    let row = Row::new(1, Head::new_idle);
    assert_eq!(row.head.close_and_claim(), Closing::Schedule);
    assert!(row.head.is_closed() && !row.head.is_idle());
    let row = Row::new(1, Head::new_busy);
    assert_eq!(row.head.close_and_claim(), Closing::Quiet);
}

#[test]
fn unbounded_count_comes_round_and_spares_the_closed_bit() {
    let mut row = Row::new(6, |stub| Head::counting_from(stub, UNBOUNDED - 1));
    assert!(matches!(row.push(1, UNBOUNDED), Ok(Pushed::Quiet { .. })));
    assert_eq!(row.head.len(), UNBOUNDED);
    assert_eq!(row.push(2, UNBOUNDED), Ok(Pushed::Wrapped));
    assert_eq!((row.head.len(), row.head.is_closed()), (0, false));
    assert!(matches!(row.push(3, UNBOUNDED), Ok(Pushed::Quiet { .. })));
    assert_eq!(row.head.give_back(2, UNBOUNDED), GaveBack::Borrowed);
    assert_eq!((row.head.len(), row.head.is_closed()), (UNBOUNDED, false));
    assert_eq!(row.push_chain(4..=6, UNBOUNDED), Ok(Pushed::Wrapped));
    assert_eq!(row.head.len(), 2);
    assert_eq!(row.head.close(), Closing::Quiet);
    assert_eq!(row.head.give_back(3, UNBOUNDED), GaveBack::Borrowed);
    assert!(row.head.is_closed());
    assert_eq!((1..=6).map(|_| row.pop().unwrap()).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6]);
}

#[test]
fn largest_capacity_is_reached_and_kept() {
    let mut row = Row::new(2, |stub| Head::counting_from(stub, MAX_CAPACITY - 1));
    assert!(matches!(row.push(1, MAX_CAPACITY), Ok(Pushed::Quiet { .. })));
    assert_eq!(row.push(2, MAX_CAPACITY), Err(Refused::Full));
    assert_eq!(row.head.len(), MAX_CAPACITY);
}

#[test]
fn chain_cut_in_two_goes_in_piece_by_piece() {
    let mut row = Row::new(4, Head::new_busy);
    assert_eq!(row.push_chain(1..=4, 2), Err(Refused::Full));
    let (first, second, third, last) = (row.node(1), row.node(2), row.node(3), row.node(4));
    // SAFETY: refused, so this thread's.
    assert_eq!(unsafe { Link::cut(second) }, Some(third));
    // SAFETY: the first half of the chain.
    assert!(matches!(unsafe { row.head.push(first, second, 2, 2) }, Ok(Pushed::Quiet { .. })));
    assert_eq!((row.pop(), row.pop(), row.pop()), (Some(1), Some(2), None));
    assert_eq!(row.head.give_back(2, 2), GaveBack::Plain);
    // SAFETY: the second half.
    assert!(matches!(unsafe { row.head.push(third, last, 2, 2) }, Ok(Pushed::Quiet { .. })));
    assert_eq!((row.pop(), row.pop(), row.pop()), (Some(3), Some(4), None));
}

#[test]
fn capacity_out_of_range_is_an_error() {
    for capacity in [0, MAX_CAPACITY as usize + 1, usize::MAX] {
        let error = channel::<u8>(capacity).unwrap_err().to_string();
        assert!(error.contains("capacity") && error.contains(&capacity.to_string()), "{error}");
    }
    assert!(channel::<u8>(MAX_CAPACITY as usize).is_ok());
}

#[test]
fn channel_refuses_only_when_full() {
    for capacity in [1, 2, 1_024] {
        let (sender, mut receiver) = channel(capacity).unwrap();
        for round in 0..3 {
            for n in 0..capacity {
                assert_eq!(sender.push((round, n)), Ok(()));
            }
            assert_eq!(sender.push((round, capacity)), Err((round, capacity)));
            for n in 0..capacity {
                assert_eq!(receiver.pop(), Some((round, n)));
            }
        }
        assert_eq!(receiver.pop(), None);
    }
}

#[test]
fn large_channel_gives_room_back_in_batches_and_when_empty() {
    let (sender, mut receiver) = channel(2_000).unwrap();
    assert!((0..2_000).all(|n| sender.push(n).is_ok()));
    assert!((0..63).all(|n| receiver.pop() == Some(n)));
    assert_eq!(sender.push(2_000), Err(2_000));
    assert_eq!(receiver.pop(), Some(63));
    assert!((0..64).all(|n| sender.push(n).is_ok()));
    assert_eq!(sender.push(64), Err(64));
    while receiver.pop().is_some() {}
    assert!((0..2_000).all(|n| sender.push(n).is_ok()));
}

#[test]
fn dropped_receiver_drops_the_queued_and_gives_later_ones_back() {
    let message = Counted::new();
    let (sender, mut receiver) = channel(10).unwrap();
    for _ in 0..5 {
        sender.push(message.clone()).unwrap();
    }
    drop(receiver.pop());
    assert_eq!(message.others(), 4);
    drop(receiver);
    assert_eq!(message.others(), 0);
    assert!(sender.push(message.clone()).is_err());
    assert_eq!(message.others(), 0);
}

#[test]
fn receiver_outlives_the_senders() {
    let (sender, mut receiver) = channel(10).unwrap();
    sender.push(String::from("last words")).unwrap();
    drop(sender);
    assert_eq!(receiver.pop().as_deref(), Some("last words"));
}

/// The receiver's nodes come back to the senders, in chains, and none is used twice at a time.
#[test]
fn nodes_that_are_used_again_mix_no_messages() {
    let (sender, mut receiver) = channel(4_096).unwrap();
    let other = sender.clone();
    let (mut pushed, mut popped) = (0_u64, 0_u64);
    for burst in (1..1_000).chain((1..1_000).rev()).step_by(7) {
        for _ in 0..burst {
            let sender = if pushed % 3 == 0 { &sender } else { &other };
            sender.push(Box::new(pushed)).unwrap();
            pushed += 1;
        }
        while let Some(message) = receiver.pop() {
            assert_eq!(*message, popped);
            popped += 1;
        }
    }
    assert_eq!(pushed, popped);
}

/// Exactly once each, in the order of their producer, through a queue that is full most of the time.
#[test]
fn stress_of_several_producers_loses_and_reorders_nothing() {
    const PRODUCERS: usize = 3;
    const EACH: usize = if cfg!(miri) { 100 } else { 30_000 };
    for capacity in [2, 256, 4_096] {
        let (sender, mut receiver) = channel(capacity).unwrap();
        let producers = [(); PRODUCERS].map(|()| sender.clone());
        thread::scope(|scope| {
            for (producer, sender) in producers.into_iter().enumerate() {
                scope.spawn(move || {
                    for n in 0..EACH {
                        until(|| sender.push(Box::new((producer, n))).is_ok());
                    }
                });
            }
            let mut expected = [0; PRODUCERS];
            until(|| {
                while let Some(message) = receiver.pop() {
                    let (producer, n) = *message;
                    assert_eq!(n, expected[producer]);
                    expected[producer] += 1;
                }
                expected == [EACH; PRODUCERS]
            });
        });
        assert_eq!(receiver.pop(), None);
    }
}

/// Senders push while the receiver goes away: nothing leaks, nothing is dropped twice.
#[test]
fn stress_of_dropping_the_receiver_leaks_nothing() {
    let message = Counted::new();
    for round in 0..if cfg!(miri) { 5 } else { 500 } {
        let (sender, mut receiver) = channel(64).unwrap();
        let producers = [sender.clone(), sender];
        thread::scope(|scope| {
            for sender in producers {
                let message = message.clone();
                scope.spawn(move || while sender.push(message.clone()).is_ok() {});
            }
            for _ in 0..round % 50 {
                drop(receiver.pop());
            }
            drop(receiver);
        });
        assert_eq!(message.others(), 0);
    }
}
