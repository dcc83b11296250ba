//! Models of the parker.

use loom::thread;

use super::atomic::{AtomicBool, Ordering::Relaxed};
use super::{Arc, Parker, Woken};

/// Wherever `unpark` falls, `park` returns, and sees what the waker did before.
#[test]
fn park_against_unpark_loses_no_wake_up() {
    loom::model(|| {
        let parker = Arc::new(Parker::new());
        let done = Arc::new(AtomicBool::new(false));
        let waker = thread::spawn({
            let (parker, done) = (Arc::clone(&parker), Arc::clone(&done));
            move || {
                done.store(true, Relaxed);
                parker.unpark();
            }
        });
        parker.park();
        assert!(done.load(Relaxed));
        waker.join().unwrap();
    });
}

/// A token that comes too late for a timed park is there for the next one.
#[test]
fn park_timeout_against_unpark_leaves_the_token() {
    loom::model(|| {
        let parker = Arc::new(Parker::new());
        let waker = thread::spawn({
            let parker = Arc::clone(&parker);
            move || parker.unpark()
        });
        if parker.park_timeout(std::time::Duration::ZERO) == Woken::Elapsed {
            parker.park();
        }
        waker.join().unwrap();
    });
}

/// Two wake-ups at once wake once at least, and leave at most one token.
#[test]
fn unpark_against_unpark_wakes() {
    loom::model(|| {
        let parker = Arc::new(Parker::new());
        let wakers = [(); 2].map(|()| {
            let parker = Arc::clone(&parker);
            thread::spawn(move || parker.unpark())
        });
        parker.park();
        for waker in wakers {
            waker.join().unwrap();
        }
        let _ = parker.park_timeout(std::time::Duration::ZERO);
        assert_eq!(parker.park_timeout(std::time::Duration::ZERO), Woken::Elapsed);
    });
}
