//! Who decides, and what it means: S35, S37.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::*;

#[derive(Debug)]
struct Disk(u32);

impl std::fmt::Display for Disk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "disk {}", self.0)
    }
}

impl std::error::Error for Disk {}

fn by_error(lab: &ActorRef<Lab>, n: u32) {
    lab.tell(job(move |_, ctx| ctx.fail(Disk(n)))).unwrap();
}

fn deciding(
    system: &ActorSystem,
    journal: &Journal,
    decide: fn(&ChildRef, &Failure) -> Directive,
) -> ActorRef<Boss> {
    let journal = journal.clone();
    system.spawn_with(move || Boss::new(&journal, decide)).unwrap()
}

#[test]
fn s35_a_supervisor_decides_by_the_error() {
    let (system, journal) = (system(2), Journal::default());
    let boss = deciding(&system, &journal, |_, failure| match failure.downcast_ref::<Disk>() {
        Some(Disk(0)) => Directive::Resume,
        Some(Disk(1)) => Directive::Restart,
        Some(_) => Directive::Stop,
        None => Directive::Resume,
    });
    let inner = journal.clone();
    let child = hire(&boss, Restart::Transient, move || Lab::named("child", &inner));
    child.tell(job(|lab, _| lab.n = 7)).unwrap();
    by_error(&child, 0);
    assert_eq!(child.ask(call(|lab, _| lab.n)).wait().unwrap(), 7, "resumed: the state is kept");
    by_error(&child, 1);
    assert_eq!(child.ask(call(|lab, _| lab.n)).wait().unwrap(), 0, "restarted");
    child.tell(job(|lab, _| lab.n = 7)).unwrap();
    fail(&child);
    assert_eq!(child.ask(call(|lab, _| lab.n)).wait().unwrap(), 0, "no resume after a panic");
    by_error(&child, 2);
    let ended = child.ended().timeout(PATIENCE).wait().unwrap();
    let EndReason::Failed(failure) = ended else { panic!("{ended:?}") };
    assert_eq!(failure.to_string(), "disk 2");
    assert_eq!(journal.count("stop child"), 1);
    assert!(boss.is_alive());
    assert_eq!(finish(&system).messages.failed, 4);
}

#[test]
fn s35_an_incarnation_that_did_not_begin_is_restarted_not_resumed() {
    let (system, journal) = (system(2), Journal::default());
    let inner = journal.clone();
    let boss = system
        .actor(move || Boss::new(&inner, |_, _| Directive::Resume))
        .supervise(Supervise::one_for_all())
        .spawn()
        .unwrap();
    let tries = Arc::new(AtomicU32::new(0));
    let inner = journal.clone();
    let child = hire(&boss, Restart::Transient, move || {
        let n = tries.fetch_add(1, Ordering::Relaxed);
        Lab::named("child", &inner).on_start(move |_| match n {
            1 => Err(Failure::new("no disk")),
            _ => Ok(()),
        })
    });
    let sibling = hire(&boss, Restart::Transient, Lab::new);
    fail(&child);
    settle(&child);
    settle(&sibling);
    assert_eq!(journal.count("restart child: no disk"), 1);
    fail(&sibling);
    settle(&sibling);
    settle(&child);
    finish(&system);
}

#[test]
fn s35_the_supervisor_is_told_who_failed() {
    let (system, journal) = (system(2), Journal::default());
    let inner = journal.clone();
    let boss = system
        .spawn_with(move || {
            let journal = inner.clone();
            Boss::new(&inner, move |child, failure| {
                let name = child.name().unwrap_or("?");
                journal.note(format_args!("{name} {} {failure}", child.restarts()));
                Directive::Restart
            })
        })
        .unwrap();
    let (give, take) = mpsc::channel();
    boss.tell(Order(Box::new(move |ctx| {
        give.send(ctx.actor(Lab::new).name("child").spawn().unwrap()).unwrap();
    })))
    .unwrap();
    let child = take.recv_timeout(PATIENCE).unwrap();
    by_error(&child, 1);
    by_error(&child, 2);
    settle(&child);
    assert_eq!(journal.entries(), ["start boss", "child 0 disk 1", "child 1 disk 2"]);
    finish(&system);
}

#[test]
fn s35_a_temporary_child_is_asked_about_and_not_restarted() {
    let (system, journal) = (system(2), Journal::default());
    let boss = deciding(&system, &journal, |_, failure| {
        if failure.is_panic() { Directive::Restart } else { Directive::Resume }
    });
    let child = hire(&boss, Restart::Temporary, Lab::new);
    child.tell(job(|lab, _| lab.n = 7)).unwrap();
    by_error(&child, 0);
    assert_eq!(child.ask(call(|lab, _| lab.n)).wait().unwrap(), 7);
    fail(&child);
    assert!(matches!(child.ended().wait(), Ok(EndReason::Failed(_))));
    finish(&system);
}

#[test]
fn s35_escalate_fails_the_supervisor_with_the_childs_failure() {
    let (system, journal) = (system(2), Journal::default());
    let top = deciding(&system, &journal, |_, failure| {
        assert_eq!(failure.to_string(), "disk 3");
        Directive::Restart
    });
    let (give, take) = mpsc::channel();
    let inner = journal.clone();
    top.tell(Order(Box::new(move |ctx| {
        let middle = ctx.spawn_with(move || Boss::new(&inner, |_, _| Directive::Escalate));
        give.send(middle.unwrap()).unwrap();
    })))
    .unwrap();
    let middle = take.recv_timeout(PATIENCE).unwrap();
    let child = hire(&middle, Restart::Transient, Lab::new);
    by_error(&child, 3);
    wait_for(&journal, 1, "restart boss: disk 3");
    assert!(!child.is_alive() && middle.is_alive() && top.is_alive());
    finish(&system);
}

#[test]
fn s35_an_escalated_child_that_is_kept_is_restarted_with_its_supervisor() {
    let (system, journal) = (system(2), Journal::default());
    let top = deciding(&system, &journal, |_, _| Directive::Restart);
    let (give, take) = mpsc::channel();
    let inner = journal.clone();
    top.tell(Order(Box::new(move |ctx| {
        let middle = ctx.actor(move || Boss::new(&inner, |_, _| Directive::Escalate));
        give.send(middle.keep_children(true).spawn().unwrap()).unwrap();
    })))
    .unwrap();
    let middle = take.recv_timeout(PATIENCE).unwrap();
    let child = hire(&middle, Restart::Transient, Lab::new);
    by_error(&child, 3);
    settle(&child);
    assert_eq!(system.inspect(child.id()).unwrap().restarts, 1);
    assert_eq!(system.inspect(middle.id()).unwrap().restarts, 1);
    finish(&system);
}

#[test]
fn s37_a_panic_in_the_decision_fails_the_supervisor_and_leaves_no_child_suspended() {
    for keep in [false, true] {
        let (system, journal) = (system(2), Journal::default());
        let asked = Arc::new(AtomicU32::new(0));
        let (count, inner) = (Arc::clone(&asked), journal.clone());
        let boss = system
            .actor(move || {
                let count = Arc::clone(&count);
                Boss::new(&inner, move |_, failure| {
                    assert_eq!(failure.to_string(), "disk 4");
                    match count.fetch_add(1, Ordering::Relaxed) {
                        0 => give_up(),
                        _ => Directive::Restart,
                    }
                })
            })
            .keep_children(keep)
            .spawn()
            .unwrap();
        let child = hire(&boss, Restart::Transient, Lab::new);
        by_error(&child, 4);
        wait_for(&journal, 1, "restart boss: panicked: on purpose");
        if keep {
            settle(&child);
            assert_eq!(asked.load(Ordering::Relaxed), 2, "asked again");
        } else {
            let ended = child.ended().timeout(PATIENCE).wait().unwrap();
            let EndReason::Failed(failure) = ended else { panic!("{ended:?}") };
            assert_eq!(failure.to_string(), "disk 4");
        }
        finish(&system);
    }
}

#[test]
fn s23_a_failed_actor_handles_no_message_but_orders_until_its_supervisor_decides() {
    let (system, journal) = (system(2), Journal::default());
    let boss = deciding(&system, &journal, |_, _| Directive::Restart);
    let [first, second, third] = [(); 3].map(|()| hire(&boss, Restart::Transient, Lab::new));
    let gate = Gate::new();
    let door = gate.clone();
    boss.tell(Order(Box::new(move |_| door.pass()))).unwrap();
    gate.wait_for(1);
    for child in [&first, &second, &third] {
        by_error(child, 5);
        child.tell(job(|_, _| {})).unwrap();
    }
    eventually("all have failed", || system.stats().messages.failed == 3);
    assert_eq!(counts(&system, &first).queued, 1);
    assert!(matches!(second.kill().wait(), Ok(EndReason::Killed)));
    third.stop().wait().unwrap();
    assert_eq!(counts(&system, &first).queued, 1, "nothing is handled meanwhile");
    gate.open();
    settle(&first);
    finish(&system);
}
