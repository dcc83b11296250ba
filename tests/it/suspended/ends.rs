//! How a handler that waits is ended: S18, S21, S23, S38, S48.

use std::time::Duration;

use super::*;
use zactor::SystemError;

#[test]
fn s23_kill_drops_the_future_at_once_where_it_waits() {
    let system = system(2);
    let journal = Journal::default();
    let lodge = system.spawn(Lodge::named("lodge", &journal)).unwrap();
    let (reply, signal) = suspend(&system, &lodge);
    lodge.tell(Note(1)).unwrap();
    assert!(matches!(lodge.kill().wait().unwrap(), EndReason::Killed));
    assert!(matches!(reply.wait(), Err(AskError::Closed)));
    assert_eq!(journal.entries(), ["drop future", "drop lodge"]);
    let counts = counts(&system, &lodge);
    assert_eq!((counts.failed, counts.dead_lettered, counts.handled), (1, 1, 0));
    signal.give();
    finish(&system);
}

#[test]
fn s23_stop_and_drain_wait_for_the_future() {
    for drain in [false, true] {
        let system = system(2);
        let lodge = system.spawn(Lodge::new()).unwrap();
        let (reply, signal) = suspend(&system, &lodge);
        lodge.tell(Note(1)).unwrap();
        let end = if drain { lodge.drain() } else { lodge.stop() };
        let waited = end.timeout(Duration::from_millis(5)).wait();
        assert!(matches!(waited, Err(SystemError::Timeout)), "{waited:?}");
        signal.give();
        assert_eq!(reply.wait().unwrap(), 7);
        lodge.ended().wait().unwrap();
        let counts = counts(&system, &lodge);
        let expected = if drain { (2, 0, 0) } else { (1, 0, 1) };
        assert_eq!((counts.handled, counts.failed, counts.dead_lettered), expected);
        finish(&system);
    }
}

#[test]
fn s23_a_stop_past_its_time_drops_the_future() {
    let clock = zactor::testing::ManualClock::new();
    let config = SystemConfig { stop_timeout: Duration::from_secs(3), ..quiet() };
    let built = ActorSystem::builder("test").workers(2).config(config).clock(clock.clone());
    let system = built.start().unwrap();
    let journal = Journal::default();
    let lodge = system.spawn(Lodge::named("lodge", &journal)).unwrap();
    let (reply, signal) = suspend(&system, &lodge);
    let ended = lodge.stop();
    // It has looked at the order, and its time begins.
    eventually("the order was seen", || {
        clock.advance(Duration::from_secs(1));
        !lodge.is_alive()
    });
    assert!(matches!(ended.wait().unwrap(), EndReason::Stopped));
    assert!(matches!(reply.wait(), Err(AskError::Closed)));
    assert_eq!(journal.entries(), ["drop future", "stop lodge", "drop lodge"]);
    assert_eq!(counts(&system, &lodge).failed, 1);
    signal.give();
    finish(&system);
}

#[test]
fn s38_a_drain_past_its_time_drops_the_future_and_handles_what_was_accepted() {
    let config = SystemConfig { stop_timeout: Duration::from_millis(20), ..quiet() };
    let system = ActorSystem::builder("test").workers(1).config(config).start().unwrap();
    let lodge = system.spawn(Lodge::new()).unwrap();
    let (reply, _signal) = suspend(&system, &lodge);
    let notes = lodge.ask(Notes);
    lodge.drain().wait().unwrap();
    assert!(matches!(reply.wait(), Err(AskError::Closed)));
    assert!(notes.wait().unwrap().is_empty());
    let counts = counts(&system, &lodge);
    assert_eq!((counts.handled, counts.failed, counts.dead_lettered), (1, 1, 0));
    finish(&system);
}

#[test]
fn s21_a_panic_after_an_await_fails_the_actor() {
    let system = system(2);
    let lodge = system.spawn_with(Lodge::new).unwrap();
    let signal = Signal::default();
    let waits = signal.clone();
    let reply = lodge.ask(doing(move |_, _| {
        Box::pin(async move {
            waits.given().await;
            give_up()
        })
    }));
    suspended(&system, &lodge);
    lodge.tell(Note(1)).unwrap();
    signal.give();
    let ended = reply.wait();
    assert!(matches!(&ended, Err(AskError::Failed(failure)) if failure.is_panic()), "{ended:?}");
    assert_eq!(lodge.ask(Notes).wait().unwrap(), [1]);
    let counts = counts(&system, &lodge);
    assert_eq!((counts.handled, counts.failed), (2, 1));
    assert_eq!(finish(&system).actors.restarted, 1);
}

#[test]
fn s21_a_panic_in_the_first_poll_and_before_the_future_fails_the_actor() {
    let system = system(1);
    for early in [false, true] {
        let lodge = system.spawn(Lodge::new()).unwrap();
        let reply = lodge.ask(doing(move |_, _| {
            if early {
                give_up();
            }
            Box::pin(async { give_up() })
        }));
        assert!(matches!(reply.wait(), Err(AskError::Failed(_))));
        assert!(matches!(lodge.ended().wait().unwrap(), EndReason::Failed(_)));
    }
    assert_eq!(finish(&system).messages.failed, 2);
}

#[test]
fn s21_fail_and_stop_take_effect_when_the_future_has_ended() {
    let system = system(2);
    let (failing, stopping) =
        (system.spawn(Lodge::new()).unwrap(), system.spawn(Lodge::new()).unwrap());
    let signal = Signal::default();
    let (one, two) = (signal.clone(), Signal::default());
    let failed = failing.ask(doing(move |_, ctx| {
        Box::pin(async move {
            ctx.fail(std::io::Error::other("disk"));
            one.given().await;
            1
        })
    }));
    let waits = two.clone();
    let answered = stopping.ask(doing(move |_, ctx| {
        Box::pin(async move {
            ctx.stop();
            waits.given().await;
            2
        })
    }));
    suspended(&system, &failing);
    suspended(&system, &stopping);
    assert!(failing.is_alive() && stopping.is_alive());
    signal.give();
    two.give();
    let Err(AskError::Failed(failure)) = failed.wait() else { panic!("it has failed") };
    assert!(failure.downcast_ref::<std::io::Error>().is_some());
    assert!(matches!(failing.ended().wait().unwrap(), EndReason::Failed(_)));
    assert_eq!(answered.wait().unwrap(), 2);
    assert!(matches!(stopping.ended().wait().unwrap(), EndReason::Stopped));
    let stats = finish(&system);
    assert_eq!((stats.messages.handled, stats.messages.failed), (1, 1));
}

struct PanicsAtDrop;

impl Drop for PanicsAtDrop {
    fn drop(&mut self) {
        give_up();
    }
}

#[test]
fn s48_a_future_that_panics_when_it_is_dropped_is_contained_and_counted() {
    let system = system(1);
    let lodge = system.spawn(Lodge::new()).unwrap();
    let reply = lodge.ask(doing(|_, _| {
        Box::pin(async {
            let _panics = PanicsAtDrop;
            std::future::pending().await
        })
    }));
    suspended(&system, &lodge);
    lodge.kill().wait().unwrap();
    assert!(matches!(reply.wait(), Err(AskError::Closed)));
    let other = system.spawn(Lodge::new()).unwrap();
    assert!(other.ask(Notes).wait().unwrap().is_empty());
    assert_eq!(finish(&system).drop_panics, 1);
}

#[test]
fn s51_a_shutdown_ends_actors_that_wait() {
    let config = SystemConfig { stop_timeout: Duration::from_millis(50), ..quiet() };
    let system = ActorSystem::builder("test").workers(2).config(config).start().unwrap();
    let journal = Journal::default();
    let mut replies = Vec::new();
    for _ in 0..10 {
        let lodge = system.spawn(Lodge::named("lodge", &journal)).unwrap();
        replies.push(suspend(&system, &lodge));
    }
    let stats = finish(&system);
    assert_eq!((stats.messages.failed, journal.count("drop future")), (10, 10));
    for (reply, _) in replies {
        assert!(matches!(reply.wait(), Err(AskError::Closed)));
    }
}

#[test]
fn s18_an_ask_that_waits_learns_of_every_end_of_its_target() {
    let ends: [Deed2; 3] =
        [|lodge| drop(lodge.stop()), |lodge| drop(lodge.drain()), |lodge| drop(lodge.kill())];
    for end in ends {
        let config = SystemConfig { stop_timeout: Duration::from_millis(10), ..quiet() };
        let system = ActorSystem::builder("test").workers(2).config(config).start().unwrap();
        let (asker, target) =
            (system.spawn(Lodge::new()).unwrap(), system.spawn(Lodge::new()).unwrap());
        let (reply, _signal) = suspend(&system, &target);
        let asked = target.clone();
        let through = asker.ask(doing(move |_, _| {
            Box::pin(async move {
                match asked.ask(doing(|_, _| Box::pin(std::future::pending()))).await {
                    Err(AskError::Closed) => 1,
                    _ => 0,
                }
            })
        }));
        suspended(&system, &asker);
        end(&target);
        assert!(matches!(reply.wait(), Err(AskError::Closed)));
        assert_eq!(through.wait().unwrap(), 1);
        finish(&system);
    }
}

type Deed2 = fn(&ActorRef<Lodge>);
