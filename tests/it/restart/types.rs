//! After which ends an actor starts again: S30; and what a restart does to a drain: S38.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::{child_of, fail, lab};
use crate::support::*;
use zactor::prelude::*;

/// How an actor's life ends.
type End = fn(&ActorRef<Lab>);

#[test]
fn s30_nine_restart_types_and_ends() {
    use Restart::{Permanent, Temporary, Transient};
    let normal: End = |lab| lab.tell(job(|_, ctx| ctx.stop())).unwrap();
    let ordered: End = |lab| drop(lab.stop());
    for under_root in [true, false] {
        for (restart, end, restarts) in [
            (Permanent, normal, true),
            (Permanent, fail as End, true),
            (Permanent, ordered, false),
            (Transient, normal, false),
            (Transient, fail, true),
            (Transient, ordered, false),
            (Temporary, normal, false),
            (Temporary, fail, false),
            (Temporary, ordered, false),
        ] {
            let (system, journal) = (system(2), Journal::default());
            let inner = journal.clone();
            let make = move || Lab::named("lab", &inner);
            let lab = if under_root {
                system.actor(make).restart(restart).spawn().unwrap()
            } else {
                child_of(&system.spawn(Lab::new()).unwrap(), restart, make)
            };
            end(&lab);
            let gone: &[&str] = &["start lab", "stop lab", "drop lab"];
            if restarts {
                settle(&lab);
                let entries = journal.entries();
                assert_eq!(entries[..3], ["start lab", "before restart lab", "drop lab"]);
                assert!(entries[3].starts_with("restart lab"), "{entries:?}");
                assert_eq!(entries.len(), 4);
            } else {
                lab.ended().timeout(PATIENCE).wait().unwrap();
                assert_eq!(journal.entries(), gone, "{restart:?}");
            }
            finish(&system);
        }
    }
}

#[test]
fn s30_a_permanent_actor_that_stops_itself_is_told_so_and_counted() {
    let (system, journal) = (system(2), Journal::default());
    let inner = journal.clone();
    let lab = system
        .actor(move || Lab::named("lab", &inner))
        .restart(Restart::Permanent)
        .spawn()
        .unwrap();
    for _ in 0..5 {
        lab.tell(job(|_, ctx| ctx.stop())).unwrap();
        settle(&lab);
    }
    assert_eq!(journal.count("restart lab: ended normally, but is permanent"), 5);
    assert_eq!(journal.count("stop lab"), 0);
    lab.tell(job(|_, ctx| ctx.stop())).unwrap();
    let ended = lab.ended().timeout(PATIENCE).wait().unwrap();
    assert!(matches!(ended, EndReason::Failed(Failure::NormalEnd)), "the sixth in ten seconds");
    finish(&system);
}

#[test]
fn s30_a_permanent_actor_that_stops_itself_as_it_starts_is_restarted_too() {
    let (system, journal) = (system(2), Journal::default());
    let inner = journal.clone();
    let make = move || {
        let first = inner.count("start lab") == 0;
        let stops = move |ctx: &mut Context<Lab>| {
            if first {
                ctx.stop();
            }
            Ok(())
        };
        Lab::named("lab", &inner).on_start(stops)
    };
    let top = system.actor(make).restart(Restart::Permanent).spawn().unwrap();
    settle(&top);
    assert_eq!(system.inspect(top.id()).unwrap().restarts, 1);
    let expected = ["start lab", "before restart lab", "drop lab"];
    assert_eq!(journal.entries()[..3], expected);
    assert_eq!(journal.count("stop lab"), 0);
    let temporary = system.spawn(Lab::new().on_start(|ctx| {
        ctx.stop();
        Ok(())
    }));
    assert!(matches!(temporary.unwrap().ended().wait(), Ok(EndReason::Stopped)));
    finish(&system);
}

#[test]
fn s30_a_value_is_temporary_and_takes_no_other() {
    let system = system(1);
    for restart in [Restart::Permanent, Restart::Transient] {
        let refused = system.actor_of(Lab::new()).restart(restart).spawn();
        assert!(matches!(refused, Err(zactor::SpawnError::Config(_))));
    }
    let lab = system.actor_of(Lab::new()).restart(Restart::Temporary).spawn().unwrap();
    fail(&lab);
    lab.ended().wait().unwrap();
    finish(&system);
}

#[test]
fn s38_a_drain_goes_on_over_a_restart() {
    let system = system(2);
    let handled = Arc::new(AtomicU32::new(0));
    let lab = lab(&system, &Journal::default());
    let gate = hold(&lab);
    for n in 0..100 {
        let handled = Arc::clone(&handled);
        lab.tell(job(move |_, _| {
            handled.fetch_add(1, Ordering::Relaxed);
            if n == 50 {
                give_up();
            }
        }))
        .unwrap();
    }
    let drained = lab.drain();
    assert!(lab.tell(job(|_, _| {})).is_err(), "closed already");
    drop(gate);
    assert!(matches!(drained.wait(), Ok(EndReason::Drained)));
    assert_eq!(handled.load(Ordering::Relaxed), 100);
    finish(&system);
}
