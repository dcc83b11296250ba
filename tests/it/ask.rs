//! The ends of an ask, the late reply, and what must not wait: S18, S19, S20.

use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::*;
use zactor::prelude::*;
use zactor::{AskState, DeadLetterReason, StopHandle, SystemError};

#[test]
fn s18_an_ask_is_answered_waited_for_or_awaited() {
    let system = system(2);
    let lab = system.spawn(Lab::new()).unwrap();
    assert_eq!(lab.ask(call(|_, _| 5)).wait().unwrap(), 5);
    assert_eq!(block_on(lab.ask(call(|_, _| 6))).unwrap(), 6);
    let recipient: Recipient<Call> = lab.recipient();
    assert_eq!(recipient.ask(call(|_, _| 7)).timeout(PATIENCE).wait().unwrap(), 7);
    finish(&system);
}

#[test]
fn s18_a_reply_is_send_unpin_and_static_and_sent_by_the_call() {
    fn free<T: Send + Unpin + 'static>(_: &T) {}
    let system = system(1);
    let lab = system.spawn(Lab::new()).unwrap();
    let (done, waits) = mpsc::channel();
    let reply = lab.ask(call(move |_, _| {
        done.send(()).unwrap();
        1
    }));
    free(&reply);
    free(&lab.ended());
    waits.recv_timeout(PATIENCE).expect("handled without a poll");
    assert_eq!(thread::spawn(move || block_on(reply)).join().unwrap().unwrap(), 1);
    finish(&system);
}

#[test]
fn s18_an_ask_of_a_full_mailbox_ends_with_full_and_of_the_dead_with_closed() {
    let system = system(1);
    let lab = system.actor_of(Lab::new()).mailbox_capacity(1).spawn().unwrap();
    let held = hold(&lab);
    lab.tell(job(|_, _| {})).unwrap();
    assert!(matches!(lab.ask(call(|_, _| 0)).wait(), Err(AskError::Full)));
    assert!(matches!(block_on(lab.ask(call(|_, _| 0))), Err(AskError::Full)));
    drop(held);
    lab.stop().wait().unwrap();
    assert!(matches!(lab.ask(call(|_, _| 0)).wait(), Err(AskError::Closed)));
    assert!(matches!(block_on(lab.ask(call(|_, _| 0))), Err(AskError::Closed)));
    finish(&system);
}

#[test]
fn s18_an_ask_whose_handler_fails_ends_with_the_failure() {
    let system = system(2);
    let lab = system.spawn(Lab::new()).unwrap();
    let ended = lab.ask(call(|_, _| panic!("deliberately"))).wait();
    let Err(AskError::Failed(failure)) = ended else { panic!("{ended:?}") };
    assert!(failure.is_panic());
    assert!(failure.to_string().contains("deliberately"), "{failure}");

    let lab = system.spawn(Lab::new()).unwrap();
    let ended = lab
        .ask(call(|_, ctx| {
            ctx.fail(std::io::Error::other("disk"));
            9
        }))
        .wait();
    let Err(AskError::Failed(failure)) = ended else { panic!("{ended:?}") };
    assert!(failure.downcast_ref::<std::io::Error>().is_some());
    assert!(!failure.is_panic());
    finish(&system);
}

#[test]
fn s18_an_ask_ends_at_its_time_limit() {
    let system = system(1);
    let lab = system.spawn(Lab::new()).unwrap();
    let held = hold(&lab);
    let limit = Duration::from_millis(30);
    for blocking in [true, false] {
        let start = Instant::now();
        let asked = lab.ask(call(|_, _| 0)).timeout(limit);
        let ended = if blocking { asked.wait() } else { block_on(asked) };
        assert!(start.elapsed() >= limit, "never early: {:?}", start.elapsed());
        match ended {
            Err(AskError::Timeout { actor, message, waited, .. }) => {
                assert_eq!((actor, message), (lab.id(), "Call"));
                assert!(waited >= limit, "{waited:?}");
            }
            other => panic!("{other:?}"),
        }
    }
    drop(held);
    finish(&system);
}

#[test]
fn s18_the_default_time_limit_is_the_configurations() {
    let config = SystemConfig { ask_timeout: Duration::from_millis(20), ..quiet() };
    let system = ActorSystem::builder("t").workers(1).config(config).start().unwrap();
    let lab = system.spawn(Lab::new()).unwrap();
    let held = hold(&lab);
    let ended = lab.ask(call(|_, _| 0)).wait();
    assert!(matches!(ended, Err(AskError::Timeout { .. })), "{ended:?}");
    let ended = block_on(lab.ask(call(|_, _| 0)));
    assert!(matches!(ended, Err(AskError::Timeout { .. })), "{ended:?}");
    drop(held);
    finish(&system);
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    Stop,
    Drain,
    Kill,
    Panic,
    Fail,
    ParentStop,
    ParentKill,
    Shutdown,
}

/// Ends an actor with one ask in flight and one queued; says how the two ended.
fn ends_of_asks(end: End) -> [Result<u64, AskError>; 2] {
    let system = system(2);
    let parent = system.spawn(Lab::new()).unwrap();
    let child = child_of(&parent);
    let gate = Gate::new();
    let (door, opens) = (gate.clone(), Opens(gate.clone()));
    let in_flight = child.ask(call(move |_, ctx| {
        door.pass();
        match end {
            End::Panic => give_up(),
            End::Fail => ctx.fail(Failure::new("failed")),
            _ => {}
        }
        1
    }));
    gate.wait_for(1);
    let queued = child.ask(call(|_, _| 2));
    let ending = match end {
        End::Stop => Some(child.stop()),
        End::Drain => Some(child.drain()),
        End::Kill => Some(child.kill()),
        End::Panic | End::Fail => Some(child.ended()),
        End::ParentStop => Some(parent.stop()),
        End::ParentKill => Some(parent.kill()),
        End::Shutdown => None,
    };
    let outcome = thread::scope(|scope| {
        if ending.is_none() {
            scope.spawn(|| system.shutdown().unwrap());
        }
        if matches!(end, End::ParentStop | End::ParentKill | End::Shutdown) {
            told_to_stop(&system, &child);
        }
        drop(opens);
        let outcome = [in_flight.timeout(PATIENCE).wait(), queued.timeout(PATIENCE).wait()];
        ending.map(StopHandle::wait).transpose().unwrap();
        outcome
    });
    finish(&system);
    outcome
}

fn child_of(parent: &ActorRef<Lab>) -> ActorRef<Lab> {
    let (tell_me, me) = mpsc::channel();
    parent.tell(job(move |_, ctx| tell_me.send(ctx.spawn(Lab::new()).unwrap()).unwrap())).unwrap();
    me.recv_timeout(PATIENCE).unwrap()
}

#[test]
fn s18_the_end_of_the_target_ends_its_asks_on_every_path() {
    for end in [End::Stop, End::ParentStop, End::Shutdown] {
        let [in_flight, queued] = ends_of_asks(end);
        assert!(matches!(in_flight, Ok(1)), "{end:?}, in flight: {in_flight:?}");
        assert!(matches!(queued, Err(AskError::Closed)), "{end:?}, queued: {queued:?}");
    }
    let drained = ends_of_asks(End::Drain);
    assert!(matches!(drained, [Ok(1), Ok(2)]), "{drained:?}");
    for end in [End::Kill, End::ParentKill] {
        let [in_flight, queued] = ends_of_asks(end);
        assert!(matches!(in_flight, Err(AskError::Closed)), "{end:?}, in flight: {in_flight:?}");
        assert!(matches!(queued, Err(AskError::Closed)), "{end:?}, queued: {queued:?}");
    }
    for end in [End::Panic, End::Fail] {
        let [in_flight, queued] = ends_of_asks(end);
        assert!(matches!(in_flight, Err(AskError::Failed(_))), "{end:?}: {in_flight:?}");
        assert!(matches!(queued, Err(AskError::Closed)), "{end:?}, queued: {queued:?}");
    }
}

#[test]
fn s18_asks_race_with_the_end_of_their_target() {
    let system = system(2);
    let mut closed = 0;
    for round in 0..scaled(200, 3_000) {
        let lab = system.spawn(Lab::new()).unwrap();
        let asks = thread::scope(|scope| {
            let asking =
                scope.spawn(|| (0..50).map(|n| lab.ask(call(move |_, _| n))).collect::<Vec<_>>());
            drop(match round % 3 {
                0 => lab.stop(),
                1 => lab.kill(),
                _ => lab.drain(),
            });
            asking.join().unwrap()
        });
        for (n, ask) in asks.into_iter().enumerate() {
            match ask.timeout(PATIENCE).wait() {
                Ok(reply) => assert_eq!(reply, n as u64),
                Err(AskError::Closed) => closed += 1,
                Err(other) => panic!("{other:?}"),
            }
        }
    }
    assert!(closed > 0, "no ask met the end of its target");
    finish(&system);
}

#[test]
fn asks_of_many_threads_get_their_own_answers() {
    let system = system(2);
    let lab = system.actor_of(Lab::new()).unbounded().spawn().unwrap();
    thread::scope(|scope| {
        for thread in 0..4_u64 {
            let lab = &lab;
            scope.spawn(move || {
                for n in 0..u64::from(scaled(500, 20_000)) {
                    let value = thread << 32 | n;
                    let asked = lab.ask(call(move |_, _| value));
                    let got = if n % 2 == 0 { asked.wait() } else { block_on(asked) };
                    assert_eq!(got.unwrap(), value);
                }
            });
        }
    });
    finish(&system);
}

#[test]
fn s19_a_late_reply_is_a_dead_letter_and_answers_no_later_ask() {
    let system = system(2);
    let letters = Letters::of(&system);
    let lab = system.spawn(Lab::new()).unwrap();
    let gate = Gate::new();
    let door = gate.clone();
    let opens = Opens(gate.clone());
    let begun = lab.ask(call(move |_, _| {
        door.pass();
        1
    }));
    gate.wait_for(1);
    let queued = lab.ask(call(|_, _| 2)).timeout(Duration::from_millis(5));
    let begun = begun.timeout(Duration::from_millis(5)).wait();
    assert!(matches!(begun, Err(AskError::Timeout { .. })), "{begun:?}");
    let queued = queued.wait();
    assert!(matches!(queued, Err(AskError::Timeout { .. })), "{queued:?}");
    drop(opens);
    for n in 100..100 + u64::from(scaled(500, 20_000)) {
        assert_eq!(lab.ask(call(move |_, _| n)).wait().unwrap(), n, "the slot is used again");
    }
    let letters = letters.wait_for(2);
    assert_eq!(letters.len(), 2);
    assert!(letters.iter().all(|letter| letter.reason == DeadLetterReason::LateReply));
    let stats = finish(&system);
    assert_eq!((stats.late_replies, stats.messages.dead_lettered), (2, 0));
}

#[test]
fn s19_a_dropped_ask_leaves_nothing_behind() {
    let system = system(2);
    let lab = system.actor_of(Lab::new()).unbounded().spawn().unwrap();
    let dropped = Arc::new(());
    let rounds = scaled(2_000, 50_000);
    for _ in 0..rounds {
        let token = Arc::clone(&dropped);
        drop(lab.ask(call(move |_, _| Arc::strong_count(&token) as u64)));
        let n = lab.ask(call(|_, _| 77)).wait().unwrap();
        assert_eq!(n, 77);
    }
    lab.drain().wait().unwrap();
    assert_eq!(Arc::strong_count(&dropped), 1);
    let stats = finish(&system);
    assert_eq!(stats.messages.handled, 2 * u64::from(rounds));
    assert!(stats.late_replies <= u64::from(rounds), "{}", stats.late_replies);
}

#[test]
fn s19_replies_race_with_time_limits() {
    let system = system(2);
    let lab = system.spawn(Lab::new()).unwrap();
    let (mut answered, mut late) = (0_u64, 0_u64);
    for n in 0..u64::from(scaled(500, 5_000)) {
        let limit = Duration::from_micros(n % 60);
        match lab.ask(call(move |_, _| n)).timeout(limit).wait() {
            Ok(reply) => {
                assert_eq!(reply, n);
                answered += 1;
            }
            Err(AskError::Timeout { .. }) => late += 1,
            Err(other) => panic!("{other:?}"),
        }
    }
    lab.drain().wait().unwrap();
    let stats = finish(&system);
    assert_eq!((stats.messages.handled, stats.late_replies), (answered + late, late));
}

#[test]
fn s20_a_blocking_wait_in_a_handler_or_hook_is_would_block() {
    let system = system(2);
    let other = system.spawn(Lab::new()).unwrap();
    let (from_hook, target) = (other.clone(), other.clone());
    let lab = Lab::new().on_start(move |_| {
        let waited = from_hook.ask(call(|_, _| 1)).wait();
        assert!(matches!(waited, Err(AskError::WouldBlock)), "pre_start: {waited:?}");
        Ok(())
    });
    let lab = system.spawn(lab).unwrap();
    let blocked = lab
        .ask(call(move |_, ctx| {
            let ask = matches!(target.ask(call(|_, _| 1)).wait(), Err(AskError::WouldBlock));
            let stop = matches!(target.ended().wait(), Err(SystemError::WouldBlock));
            let own = matches!(
                ctx.me().stop().wait(),
                Err(SystemError::WouldBlock | SystemError::WouldDeadlock)
            );
            u64::from(ask) + u64::from(stop) + u64::from(own)
        }))
        .wait();
    assert_eq!(blocked.unwrap(), 3, "each of the three waits was refused at once");
    lab.ended().wait().unwrap();
    assert!(other.is_alive());
    finish(&system);
}

#[test]
fn s20_a_wait_in_a_post_stop_on_the_spawning_thread_is_would_block() {
    let system = system(2);
    let other = system.spawn(Lab::new()).unwrap();
    let (done, waits) = mpsc::channel();
    let lab = Lab::new()
        .on_start(|ctx| {
            ctx.stop();
            Ok(())
        })
        .on_stop(move |_| done.send(other.ask(call(|_, _| 1)).wait()).unwrap());
    let lab = system.spawn(lab).unwrap();
    let waited = waits.recv_timeout(PATIENCE).unwrap();
    assert!(matches!(waited, Err(AskError::WouldBlock)), "{waited:?}");
    assert!(matches!(lab.ended().wait(), Ok(EndReason::Stopped)));
    finish(&system);
}

#[test]
fn s20_a_worker_of_another_system_counts_as_a_worker() {
    let (here, there) = (system(1), system(1));
    let lab = here.spawn(Lab::new()).unwrap();
    let far = there.spawn(Lab::new()).unwrap();
    let target = far.clone();
    let refused = lab.ask(call(move |_, _| {
        u64::from(matches!(target.ask(call(|_, _| 1)).wait(), Err(AskError::WouldBlock)))
    }));
    assert_eq!(refused.wait().unwrap(), 1);
    finish(&here);
    finish(&there);
}

#[test]
fn s18_a_timeout_tells_whether_the_message_was_queued_running_or_answered_late() {
    let clock = zactor::testing::ManualClock::new();
    let builder = ActorSystem::builder("test").workers(1).config(quiet());
    let system = builder.clock(clock.clone()).start().unwrap();
    let lab = system.spawn(Lab::new()).unwrap();
    let gate = Gate::new();
    let (opens, door) = (Opens(gate.clone()), gate.clone());
    let limit = Duration::from_secs(3);
    let running = lab.ask(call(move |_, _| {
        door.pass();
        1
    }));
    let running = running.timeout(limit);
    gate.wait_for(1);
    let late = lab.ask(call(|_, _| 2)).timeout(limit);
    let queued = lab.ask(call(|_, _| 3)).timeout(limit);
    clock.advance(limit);
    let state = |ended| {
        let Err(AskError::Timeout { actor, message, waited, state, .. }) = ended else {
            panic!("{ended:?}");
        };
        assert_eq!((actor, message, waited), (lab.id(), "Call", limit));
        state
    };
    assert_eq!(state(queued.wait()), AskState::Queued { depth: 2 });
    let AskState::Running { since } = state(running.wait()) else { panic!("it runs") };
    assert!(limit.abs_diff(since) < Duration::from_millis(1), "{since:?}");
    drop(opens);
    lab.ask(call(|_, _| 0)).wait().unwrap();
    assert_eq!(state(late.wait()), AskState::AnsweredLate);
    finish(&system);
}
