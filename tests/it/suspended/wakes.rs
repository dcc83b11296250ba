//! Who wakes a handler that waits, how often and when: S5, S8, S23.

use super::*;

#[test]
fn s23_a_wake_after_the_end_is_harmless() {
    let system = system(2);
    let lodge = system.spawn(Lodge::new()).unwrap();
    let (reply, signal) = suspend(&system, &lodge);
    let waker = signal.waker();
    waker.wake_by_ref();
    eventually("it was polled again", || signal.polls() >= 2);
    signal.give();
    assert_eq!(reply.wait().unwrap(), 7);
    // The handler has ended, the actor has not.
    waker.wake_by_ref();
    assert_eq!(lodge.ask(Notes).wait().unwrap(), [1_000]);
    // Another handler of the same actor waits: a wake more is a poll more.
    let (reply, signal) = suspend(&system, &lodge);
    waker.wake_by_ref();
    lodge.kill().wait().unwrap();
    waker.wake_by_ref();
    drop((lodge, reply, signal));
    waker.wake_by_ref();
    finish(&system);
    drop(system);
    waker.wake();
}

#[test]
fn s23_orders_do_not_poll_a_future_that_was_not_woken() {
    let system = system(1);
    let lodge = system.spawn(Lodge::new()).unwrap();
    let (reply, signal) = suspend(&system, &lodge);
    let polls = signal.polls();
    let ended = lodge.drain();
    let other = system.spawn(Lodge::new()).unwrap();
    other.ask(Notes).wait().unwrap();
    assert_eq!(signal.polls(), polls);
    signal.give();
    assert_eq!(reply.wait().unwrap(), 7);
    ended.wait().unwrap();
    finish(&system);
}

#[test]
fn s23_a_future_that_wakes_itself_lets_others_run() {
    let system = system(1);
    let (busy, other) = (system.spawn(Lodge::new()).unwrap(), system.spawn(Lodge::new()).unwrap());
    let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let stopped = std::sync::Arc::clone(&stop);
    let reply = busy.ask(doing(move |_, _| {
        Box::pin(async move {
            poll_fn(|task| {
                if stopped.load(std::sync::atomic::Ordering::Relaxed) {
                    return Poll::Ready(());
                }
                task.waker().wake_by_ref();
                Poll::Pending
            })
            .await;
            3
        })
    }));
    for _ in 0..100 {
        assert!(other.ask(Notes).wait().unwrap().is_empty());
    }
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    assert_eq!(reply.wait().unwrap(), 3);
    finish(&system);
}

#[test]
fn s05_suspended_actors_woken_in_random_order_by_threads_outside_add_up() {
    let system = system(2);
    let actors = scaled(2_000, 100_000) as usize;
    let mut waiting = Vec::with_capacity(actors);
    for _ in 0..actors {
        let lodge = system.spawn(Lodge::new()).unwrap();
        let signal = Signal::default();
        let waits = signal.clone();
        let reply = lodge.ask(doing(move |_, _| {
            Box::pin(async move {
                waits.given().await;
                1
            })
        }));
        waiting.push((reply.timeout(PATIENCE), signal));
    }
    let mut signals: Vec<Signal> = waiting.iter().map(|(_, signal)| signal.clone()).collect();
    let mut rng = Rng::new(7);
    for last in (1..signals.len()).rev() {
        signals.swap(last, rng.below(u32::try_from(last + 1).unwrap()) as usize);
    }
    std::thread::scope(|scope| {
        for part in signals.chunks(actors.div_ceil(4)) {
            scope.spawn(move || part.iter().for_each(Signal::give));
        }
    });
    for (reply, _) in waiting {
        assert_eq!(reply.wait().unwrap(), 1);
    }
    assert_eq!(finish(&system).messages.handled, actors as u64);
}

#[test]
fn s08_wakes_orders_and_messages_meet_and_one_thread_runs_the_actor() {
    let system = system(2);
    for round in 0..scaled(200, 5_000) {
        let lodge = system.spawn(Lodge::new()).unwrap();
        let signal = Signal::default();
        let waits = signal.clone();
        let reply = lodge.ask(doing(move |lodge, _| {
            Box::pin(async move {
                waits.given().await;
                lodge.notes.push(1);
                1
            })
        }));
        std::thread::scope(|scope| {
            scope.spawn(|| signal.give());
            scope.spawn(|| {
                drop(lodge.tell(Note(2)));
                drop(match round % 3 {
                    0 => lodge.stop(),
                    1 => lodge.drain(),
                    _ => lodge.kill(),
                });
            });
        });
        lodge.ended().timeout(PATIENCE).wait().unwrap();
        let ended = reply.wait();
        assert!(matches!(ended, Ok(1) | Err(AskError::Closed)), "{ended:?}");
        counts(&system, &lodge);
    }
    finish(&system);
}
