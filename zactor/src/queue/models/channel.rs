//! The channel, and the nodes that it uses again.

use std::ptr::NonNull;

use loom::thread;

use crate::queue::mpsc::{Link, channel};
use crate::queue::nodes::{Cache, Chain, Node, Spare};
use crate::sync::Arc;

/// What was accepted comes out or is dropped with the receiver, once.
#[test]
fn push_against_drop_of_the_receiver_leaks_nothing() {
    loom::model(|| {
        let alive = Arc::new(());
        let (sender, mut receiver) = channel(2).unwrap();
        let other = thread::spawn({
            let alive = Arc::clone(&alive);
            move || sender.push(alive).is_ok()
        });
        let _ = receiver.pop();
        drop(receiver);
        other.join().unwrap();
        assert_eq!(Arc::strong_count(&alive), 1);
    });
}

/// An empty node, as the receiver has it.
fn empty() -> NonNull<Link> {
    let node = Node::boxed(0);
    // SAFETY: just made with a message, of which nobody else knows.
    assert_eq!(unsafe { Node::<u32>::take(node) }, 0);
    node
}

/// Takes the message out of a node that is nobody else's, and frees it.
fn finish(node: NonNull<Link>) -> u32 {
    // SAFETY: filled by `Cache::node`, and not yet pushed.
    let message = unsafe { Node::<u32>::take(node) };
    // SAFETY: the same node, empty now.
    unsafe { Node::<u32>::free(node) };
    message
}

/// A node that the receiver leaves is taken whole by one sender, or stays.
#[test]
fn put_against_node_hands_each_node_out_once() {
    loom::model(|| {
        let spare = Arc::new(Spare::<u32>::new());
        let sender = thread::spawn({
            let spare = Arc::clone(&spare);
            move || {
                let cache = Cache::new();
                let (first, second) = (cache.node(&spare, 1), cache.node(&spare, 2));
                (finish(first), finish(second))
            }
        });
        for _ in 0..2 {
            let mut chain = Chain::new();
            // SAFETY: empty, and nobody else's.
            unsafe { chain.push(empty()) };
            let _ = spare.put(&mut chain); // what is not put is freed here
        }
        assert_eq!(sender.join().unwrap(), (1, 2));
    });
}

/// Threads that share a sender get nodes of their own.
#[test]
fn node_against_node_shares_nothing() {
    loom::model(|| {
        let spare = Arc::new(Spare::<u32>::new());
        let cache = Arc::new(Cache::new());
        // SAFETY: empty, and nobody else's.
        unsafe { cache.give(empty()) };
        let other = thread::spawn({
            let (spare, cache) = (Arc::clone(&spare), Arc::clone(&cache));
            move || finish(cache.node(&spare, 1))
        });
        assert_eq!(finish(cache.node(&spare, 2)), 2);
        assert_eq!(other.join().unwrap(), 1);
    });
}
