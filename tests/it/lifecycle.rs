//! The first start, the hooks, and what counts as a failure: S21, S29, S42.

use std::sync::{Arc, Mutex, mpsc};
use std::thread;

use crate::support::*;
use zactor::SpawnError;
use zactor::prelude::*;

#[test]
fn s29_spawn_runs_factory_and_pre_start_on_the_calling_thread_before_it_returns() {
    let system = system(2);
    let here = thread::current().id();
    let ran = Arc::new(Mutex::new(Vec::new()));
    let (made, started) = (Arc::clone(&ran), Arc::clone(&ran));
    let started = Mutex::new(Some(started));
    system
        .spawn_with(move || {
            made.lock().unwrap().push(("factory", thread::current().id()));
            let started = started.lock().unwrap().take().expect("made once");
            Lab::new().on_start(move |_| {
                started.lock().unwrap().push(("pre_start", thread::current().id()));
                Ok(())
            })
        })
        .unwrap();
    assert_eq!(*ran.lock().unwrap(), [("factory", here), ("pre_start", here)]);
    finish(&system);
}

#[test]
fn s29_a_first_start_that_fails_leaves_nothing_but_the_error() {
    let system = system(2);
    let journal = Journal::default();
    let (tell_me, me) = mpsc::channel();
    let inner = journal.clone();
    let lab = Lab::named("parent", &journal).on_start(move |ctx| {
        let child = ctx.actor_of(Lab::named("child", &inner)).name("child").spawn()?;
        tell_me.send((ctx.me(), child)).unwrap();
        Err(Failure::new("no disk"))
    });
    let error = system.actor_of(lab).name("parent").spawn().unwrap_err();
    let SpawnError::Failed(failure) = &error else { panic!("{error:?}") };
    assert!(failure.to_string().contains("no disk"), "{failure}");
    let (parent, child) = me.recv().unwrap();
    assert!(matches!(parent.ended().wait(), Ok(EndReason::Failed(_))));
    child.ended().wait().unwrap();
    assert!(!parent.is_alive() && !child.is_alive());
    assert!(system.lookup::<Lab>("parent").is_none() && system.lookup::<Lab>("child").is_none());
    let mut entries = journal.entries();
    entries.sort();
    let expected = ["drop child", "drop parent", "start child", "start parent", "stop child"];
    assert_eq!(entries, expected, "no post_stop of the one that did not start");
    system.actor_of(Lab::new()).name("parent").spawn().unwrap();
    finish(&system);
}

#[test]
fn s29_a_panic_in_factory_or_pre_start_is_an_error_of_spawn() {
    let system = system(1);
    let error = system.spawn_with(|| -> Lab { give_up() }).unwrap_err();
    assert!(matches!(&error, SpawnError::Failed(failure) if failure.is_panic()), "{error:?}");
    let error = system.spawn(Lab::new().on_start(|_| give_up())).unwrap_err();
    assert!(matches!(&error, SpawnError::Failed(failure) if failure.is_panic()), "{error:?}");
    let error = system
        .spawn(Lab::new().on_start(|ctx| {
            ctx.fail(Failure::new("by fail"));
            Ok(())
        }))
        .unwrap_err();
    assert!(matches!(&error, SpawnError::Failed(failure) if !failure.is_panic()), "{error:?}");
    assert!(system.tree().is_empty());
    let stats = finish(&system);
    assert_eq!(stats.actors.live, 0);
}

#[test]
fn s29_a_child_that_fails_to_start_is_an_error_in_its_parents_handler() {
    let system = system(1);
    let lab = system.spawn(Lab::new()).unwrap();
    let failed = lab.ask(call(|_, ctx| {
        let child = Lab::new().on_start(|_| Err(Failure::new("no")));
        let error = ctx.spawn(child).unwrap_err();
        assert!(ctx.children().is_empty());
        u64::from(matches!(error, SpawnError::Failed(_)))
    }));
    assert_eq!(failed.wait().unwrap(), 1);
    assert!(lab.is_alive());
    finish(&system);
}

#[test]
fn s42_post_stop_runs_once_on_stop_drain_own_stop_failure_and_shutdown() {
    let ends: [Deed; 5] = [
        |lab| drop(lab.stop().wait().unwrap()),
        |lab| drop(lab.drain().wait().unwrap()),
        |lab| lab.tell(job(|_, ctx| ctx.stop())).unwrap(),
        |lab| lab.tell(job(|_, _| give_up())).unwrap(),
        |_| {},
    ];
    for end in ends {
        let system = system(2);
        let journal = Journal::default();
        let lab = system.spawn(Lab::named("lab", &journal)).unwrap();
        end(&lab);
        finish(&system);
        assert_eq!(journal.entries(), ["start lab", "stop lab", "drop lab"]);
    }
}

#[test]
fn s42_post_stop_does_not_run_on_kill() {
    let system = system(2);
    let journal = Journal::default();
    let lab = system.spawn(Lab::named("lab", &journal)).unwrap();
    assert!(matches!(lab.kill().wait(), Ok(EndReason::Killed)));
    assert_eq!(journal.entries(), ["start lab", "drop lab"]);
    finish(&system);
}

#[test]
fn s42_a_panic_in_post_stop_is_counted_and_the_stop_goes_on() {
    let system = system(2);
    let journal = Journal::default();
    let lab = Lab::named("lab", &journal).on_stop(|_| give_up());
    let lab = system.actor_of(lab).name("lab").spawn().unwrap();
    assert!(matches!(lab.stop().wait(), Ok(EndReason::Stopped)));
    assert_eq!(journal.entries(), ["start lab", "stop lab", "drop lab"]);
    assert!(system.lookup::<Lab>("lab").is_none());
    let stats = finish(&system);
    assert_eq!((stats.hook_panics, stats.drop_panics), (1, 0));
}

#[test]
fn s21_after_fail_the_handler_runs_to_its_end_and_its_reply_is_dropped() {
    let system = system(2);
    let journal = Journal::default();
    let lab = system.spawn(Lab::named("lab", &journal)).unwrap();
    let other = system.spawn(Lab::new()).unwrap();
    let (inner, to) = (journal.clone(), other.clone());
    let asked = lab
        .ask(call(move |_, ctx| {
            to.tell(job(|lab, _| lab.n += 1)).unwrap();
            ctx.fail(Failure::new("first"));
            ctx.fail(Failure::new("second"));
            to.tell(job(|lab, _| lab.n += 1)).unwrap();
            inner.note("end of handler");
            5
        }))
        .wait();
    let Err(AskError::Failed(failure)) = asked else { panic!("{asked:?}") };
    assert_eq!(failure.to_string(), "first", "a second call counts for nothing");
    lab.ended().wait().unwrap();
    assert_eq!(journal.entries(), ["start lab", "end of handler", "stop lab", "drop lab"]);
    assert_eq!(other.ask(call(|lab, _| lab.n)).wait().unwrap(), 2, "sends stay sent");
    assert_eq!(counts(&system, &lab).failed, 1);
    finish(&system);
}

#[test]
fn s21_a_panic_after_fail_wins() {
    let system = system(2);
    let lab = system.spawn(Lab::new()).unwrap();
    lab.tell(job(|_, ctx| {
        ctx.fail(Failure::new("first"));
        give_up();
    }))
    .unwrap();
    let ended = lab.ended().wait().unwrap();
    assert!(matches!(&ended, EndReason::Failed(failure) if failure.is_panic()), "{ended:?}");
    assert_eq!(counts(&system, &lab).failed, 1);
    finish(&system);
}

#[derive(Message)]
#[message(reply = Result<u8, String>)]
struct Try;

#[actor(Try)]
struct Careful;

impl Handler<Try> for Careful {
    fn handle(&mut self, _: Try, _: &mut Context<Self>) -> Result<u8, String> {
        Err("no".into())
    }
}

#[test]
fn s21_an_err_reply_is_an_answer_and_kills_nobody() {
    let system = system(1);
    let careful = system.spawn(Careful).unwrap();
    assert_eq!(careful.ask(Try).wait().unwrap(), Err("no".into()));
    assert!(careful.is_alive());
    let counted = counts(&system, &careful);
    assert_eq!((counted.handled, counted.failed), (1, 0));
    finish(&system);
}

#[test]
fn s21_the_message_in_flight_counts_failed_and_makes_no_dead_letter() {
    let system = system(1);
    let lab = system.spawn(Lab::new()).unwrap();
    lab.tell(job(|_, _| give_up())).unwrap();
    lab.ended().wait().unwrap();
    let counted = counts(&system, &lab);
    assert_eq!((counted.handled, counted.failed, counted.dead_lettered), (0, 1, 0));
    assert_eq!(system.dead_letters().count(), 0);
    let stats = finish(&system);
    assert_eq!((stats.actors.failed, stats.messages.failed), (1, 1));
}
