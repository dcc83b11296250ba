//! Each failure is one line of `tracing`, with the actor, the message and the cause; how often actors are restarted.

use std::fmt;
use std::time::Duration;

use super::*;
use crate::lines::{keep_lines, lines_of};
use zactor::testing::ManualClock;
use zactor::{SpawnError, SystemError};

/// Whether `line` says what failed, where and why.
#[track_caller]
fn says(line: &str, what: &str, message: &str, cause: &str) {
    for part in [what, &format!("message=\"{message}\""), cause, "kind="] {
        assert!(line.contains(part), "{part} in {line}");
    }
}

/// An actor of this name under the root.
fn named(
    system: &ActorSystem,
    name: &str,
    make: impl FnMut() -> Lab + Send + 'static,
) -> ActorRef<Lab> {
    system.actor(make).name(name).spawn().unwrap()
}

#[test]
fn s21_each_failure_is_logged_once_with_actor_message_and_cause() {
    keep_lines();
    let system = system(2);
    let panics = named(&system, "log-panics", Lab::new);
    fail(&panics);
    settle(&panics);
    let fails = named(&system, "log-fails", Lab::new);
    fails.tell(job(|_, ctx| ctx.fail(Failure::new("out of paper")))).unwrap();
    settle(&fails);
    let tries = std::sync::atomic::AtomicU32::new(0);
    let starts = named(&system, "log-starts", move || {
        if tries.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 1 {
            give_up();
        }
        Lab::new()
    });
    fail(&starts);
    settle(&starts);
    let stops = named(&system, "log-stops", || Lab::new().on_stop(|_| give_up()));
    stops.stop().wait().unwrap();
    let stops = named(&system, "log-stop-fails", || {
        Lab::new().on_stop(|ctx| ctx.fail(Failure::new("no ink")))
    });
    stops.stop().wait().unwrap();
    let stops = named(&system, "log-stop-fails-twice", || {
        Lab::new().on_stop(|ctx| {
            ctx.fail(Failure::new("no ink"));
            give_up();
        })
    });
    stops.stop().wait().unwrap();
    let start: Result<ActorRef<Lab>, _> =
        system.actor(|| -> Lab { give_up() }).name("log-factory").spawn();
    assert!(matches!(start, Err(SpawnError::Failed(_))));
    let start = system.actor_of(Lab::new().on_start(|_| Err(Failure::new("no desk"))));
    assert!(start.name("log-start").spawn().is_err());
    assert_eq!(finish(&system).hook_panics, 3, "of three post_stop");

    let expected: [(&str, &[[&str; 3]]); 8] = [
        ("log-panics", &[["actor failed", "Do", "on purpose"]]),
        ("log-fails", &[["actor failed", "Do", "out of paper"]]),
        (
            "log-starts",
            &[["actor failed", "Do", "on purpose"], ["failed to restart", "a hook", "on purpose"]],
        ),
        ("log-stops", &[["post_stop failed", "a hook", "on purpose"]]),
        ("log-stop-fails", &[["post_stop failed", "a hook", "no ink"]]),
        ("log-stop-fails-twice", &[["post_stop failed", "a hook", "on purpose"]]),
        ("log-factory", &[["failed to start", "a hook", "on purpose"]]),
        ("log-start", &[["failed to start", "a hook", "no desk"]]),
    ];
    for (name, expected) in expected {
        let lines = lines_of(name);
        assert_eq!(lines.len(), expected.len(), "{lines:?}");
        for (line, [what, message, cause]) in lines.iter().zip(expected) {
            says(line, what, message, cause);
        }
    }
}

#[test]
fn s33_the_failure_of_a_supervisor_past_its_limit_or_in_its_decision_is_logged_once() {
    keep_lines();
    let (system, journal) = (system(2), Journal::default());
    for (name, limit, what, cause) in [
        ("log-limit", 0, "supervisor failed", "too many restarts"),
        ("log-decides", 9, "on_failure failed", "on purpose"),
    ] {
        let decides = move |_: &ChildRef, _: &Failure| {
            if limit == 0 { Directive::Restart } else { give_up() }
        };
        let boss = system.actor_of(Boss::new(&journal, decides)).name(name);
        let boss = boss.supervise(Supervise::one_for_one().max_restarts(limit)).spawn().unwrap();
        fail(&hire(&boss, Restart::Transient, Lab::new));
        assert!(matches!(boss.ended().wait(), Ok(EndReason::Failed(_))));
        let lines = lines_of(name);
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(lines[0].contains(what) && lines[0].contains(cause), "{lines:?}");
    }
    finish(&system);
}

#[derive(Debug)]
struct Unprintable;

impl fmt::Display for Unprintable {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        give_up()
    }
}

impl std::error::Error for Unprintable {}

#[test]
fn s35_an_error_that_panics_when_it_is_printed_ends_the_system_as_any_other() {
    keep_lines();
    let (system, journal) = (system(1), Journal::default());
    let boss = system.spawn(Boss::new(&journal, |_, _| Directive::Escalate)).unwrap();
    let child = hire(&boss, Restart::Transient, Lab::new);
    child.tell(job(|_, ctx| ctx.fail(Unprintable))).unwrap();
    let Err(SystemError::Failed(failure)) = system.wait() else { panic!("it goes on") };
    assert!(failure.downcast_ref::<Unprintable>().is_some());
}

#[test]
fn s22_an_error_that_panics_when_it_is_printed_concerns_nobody_else() {
    keep_lines();
    let system = system(1);
    let lab = named(&system, "log-unprintable", Lab::new);
    lab.tell(job(|_, ctx| ctx.fail(Unprintable))).unwrap();
    settle(&lab);
    // The lab's `post_restart` prints the cause as well, which is a failure of its own.
    assert_eq!(
        (system.inspect(lab.id()).unwrap().restarts, system.stats().actors.restarted),
        (2, 2)
    );
    let lines = lines_of("log-unprintable");
    assert_eq!(lines.len(), 2, "{lines:?}");
    says(&lines[0], "actor failed", "Do", "panics when it is printed");
    finish(&system);
}

#[test]
fn s33_the_statistics_say_how_often_actors_are_restarted() {
    let clock = ManualClock::new();
    let system = ActorSystem::builder("test")
        .workers(1)
        .config(quiet())
        .clock(clock.clone())
        .start()
        .unwrap();
    let lab = system.spawn_with(Lab::new).unwrap();
    assert_eq!(system.stats().restart_rate().since_start, 0.0);
    for _ in 0..4 {
        fail(&lab);
    }
    settle(&lab);
    clock.advance(Duration::from_secs(2));
    let rate = system.stats().restart_rate();
    assert_eq!((rate.recent, rate.since_start), (2.0, 2.0));
    clock.advance(Duration::from_secs(2));
    let rate = system.stats().restart_rate();
    assert_eq!((rate.recent, rate.since_start), (0.0, 1.0));
    finish(&system);
}
