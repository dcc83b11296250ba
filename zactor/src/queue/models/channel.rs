//! The channel: what its `unsafe` leans on.

use loom::thread;

use crate::queue::mpsc::channel;

/// What was accepted comes out or is dropped with the receiver, once.
#[test]
fn push_against_drop_of_the_receiver_leaks_nothing() {
    loom::model(|| {
        let alive = crate::sync::Arc::new(());
        let (sender, mut receiver) = channel(2).unwrap();
        let other = thread::spawn({
            let alive = crate::sync::Arc::clone(&alive);
            move || sender.push(alive).is_ok()
        });
        let _ = receiver.pop();
        drop(receiver);
        other.join().unwrap();
        assert_eq!(crate::sync::Arc::strong_count(&alive), 1);
    });
}
