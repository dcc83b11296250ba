//! What the parker promises, on real threads.

use std::time::Duration;

use super::{Arc, Parker, Woken, thread};

#[test]
fn token_left_before_makes_park_return_at_once() {
    let parker = Parker::new();
    parker.unpark();
    parker.park();
}

#[test]
fn tokens_do_not_add_up() {
    let parker = Parker::new();
    parker.unpark();
    parker.unpark();
    assert_eq!(parker.park_timeout(Duration::ZERO), Woken::Unparked);
    assert_eq!(parker.park_timeout(Duration::ZERO), Woken::Elapsed);
}

#[test]
fn token_of_the_thread_itself_wakes_nobody() {
    let parker = Parker::new();
    thread::current().unpark();
    assert_eq!(parker.park_timeout(Duration::from_secs(60)), Woken::Elapsed);
}

#[test]
fn threads_take_turns() {
    let (ping, pong) = (Arc::new(Parker::new()), Arc::new(Parker::new()));
    let other = thread::spawn({
        let (ping, pong) = (Arc::clone(&ping), Arc::clone(&pong));
        move || {
            for _ in 0..1_000 {
                ping.park();
                pong.unpark();
            }
        }
    });
    for _ in 0..1_000 {
        ping.unpark();
        pong.park();
    }
    other.join().unwrap();
}
