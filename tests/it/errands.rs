//! Work beside the mailbox, futures and streams: S5, S12, S26, S39, S41.

use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, mpsc};
use std::task::{Context as TaskContext, Poll};
use std::time::Duration;

use crate::support::*;
use crate::suspended::{Lodge, Signal, Trace, doing, suspended};
use zactor::prelude::*;

/// Waits for ever, and notes its drop.
async fn never(trace: Trace) {
    std::future::pending::<()>().await;
    drop(trace);
}

/// An actor with a future that waits, and whose outcome nobody may see.
#[track_caller]
fn with_pending(lab: &ActorRef<Lab>, journal: &Journal) {
    let trace = Trace(journal.clone(), "drop future");
    lab.tell(job(move |_, ctx| {
        ctx.spawn_future(never(trace)).then(|_, _, _| panic!("it never ends"));
    }))
    .unwrap();
    settle(lab);
}

#[test]
fn the_outcome_of_a_future_comes_to_the_actor_in_a_turn_of_its_own() {
    let system = system(2);
    let lab = system.spawn(Lab::new()).unwrap();
    let (signal, (done, waits)) = (Signal::default(), mpsc::channel());
    let given = signal.clone();
    lab.tell(job(move |lab, ctx| {
        lab.n = 1;
        let work = async move {
            given.given().await;
            41
        };
        ctx.spawn_future(work).then(move |lab, out, ctx| {
            lab.n += out.unwrap();
            done.send((lab.n, ctx.id(), ctx.sender())).unwrap();
        });
    }))
    .unwrap();
    settle(&lab);
    assert!(waits.try_recv().is_err(), "the actor went on meanwhile");
    signal.give();
    assert_eq!(waits.recv_timeout(PATIENCE).unwrap(), (42, lab.id(), None));
    finish(&system);
}

#[test]
fn a_future_without_then_runs_and_its_outcome_is_dropped() {
    let system = system(1);
    let lab = system.spawn(Lab::new()).unwrap();
    let (done, waits) = mpsc::channel();
    lab.tell(job(move |_, ctx| {
        let _ = ctx.spawn_future(async move { done.send(()).unwrap() });
    }))
    .unwrap();
    waits.recv_timeout(PATIENCE).unwrap();
    finish(&system);
}

#[test]
fn a_future_runs_while_its_actor_waits_in_an_async_handler_for_it() {
    let system = system(1);
    let lodge = system.spawn(Lodge::new()).unwrap();
    let (first, second) = (Signal::default(), Signal::default());
    let (go, ready) = (first.clone(), second.clone());
    let done = lodge.ask(doing(move |lodge, ctx| {
        Box::pin(async move {
            let gives = ready.clone();
            let work = async move {
                go.given().await;
                gives.give();
                7
            };
            ctx.spawn_future(work).then(|lodge, out, _| lodge.notes.push(out.unwrap()));
            ready.given().await;
            lodge.notes.push(1);
            0
        })
    }));
    suspended(&system, &lodge);
    first.give();
    done.timeout(PATIENCE).wait().unwrap();
    let notes = || lodge.ask(crate::suspended::Notes).timeout(PATIENCE).wait().unwrap();
    eventually("the outcome comes after the handler", || notes() == [1, 7]);
    finish(&system);
}

#[test]
fn a_panic_of_a_future_is_an_outcome_and_of_a_stream_a_failure_of_its_actor() {
    let system = system(1);
    let lab = system.spawn(Lab::new()).unwrap();
    let (done, waits) = mpsc::channel();
    lab.tell(job(move |_, ctx| {
        ctx.spawn_future(async { give_up() }).then(move |_, out: Result<(), _>, _| {
            done.send(out.unwrap_err()).unwrap();
        });
    }))
    .unwrap();
    let failure = waits.recv_timeout(PATIENCE).unwrap();
    assert!(failure.is_panic(), "{failure}");
    settle(&lab);
    lab.tell(job(|_, ctx| ctx.attach_stream(Numbers::from(0..1), |_| -> Do { give_up() })))
        .unwrap();
    let ended = lab.ended().wait().unwrap();
    assert!(
        matches!(&ended, zactor::EndReason::Failed(failure) if failure.is_panic()),
        "{ended:?}"
    );
    finish(&system);
}

#[test]
fn s26_a_future_ends_with_its_incarnation_before_the_state_does() {
    let ends: [(&str, Deed); 4] = [
        ("stop", |lab| drop(lab.stop().wait().unwrap())),
        ("drain", |lab| drop(lab.drain().wait().unwrap())),
        ("kill", |lab| drop(lab.kill().wait().unwrap())),
        ("fail", |lab| {
            lab.tell(job(|_, _| give_up())).unwrap();
            lab.ended().wait().unwrap();
        }),
    ];
    for (name, end) in ends {
        let system = system(2);
        let journal = Journal::default();
        let lab = system.spawn(Lab::named("lab", &journal)).unwrap();
        with_pending(&lab, &journal);
        end(&lab);
        let entries = journal.entries();
        let place = |what| entries.iter().position(|entry| entry == what);
        let (future, state) = (place("drop future"), place("drop lab"));
        assert!(future.is_some() && future < state, "{name}: {entries:?}");
        finish(&system);
    }
}

#[test]
fn s26_a_future_does_not_outlive_a_restart_nor_does_its_outcome() {
    for keep_children in [false, true] {
        let system = system(1);
        let journal = Journal::default();
        let own = journal.clone();
        let factory = move || Lab::named("lab", &own);
        let lab = system.actor(factory).keep_children(keep_children).spawn().unwrap();
        with_pending(&lab, &journal);
        // One that is done, and whose outcome stands behind the failure.
        lab.tell(job(|_, ctx| {
            let child = ctx.spawn(Lab::new()).unwrap();
            ctx.spawn_future(async {}).then(|_, _, _| panic!("of the old incarnation"));
            ctx.fail(std::io::Error::other("on purpose"));
            drop(child);
        }))
        .unwrap();
        settle(&lab);
        assert_eq!(journal.count("drop future"), 1);
        let restarted = journal.entries();
        let place = |what: &str| restarted.iter().position(|entry| entry.starts_with(what));
        assert!(place("drop future") < place("restart lab"), "{restarted:?}");
        let children = system.inspect(lab.id()).unwrap().children.len();
        assert_eq!(children, usize::from(keep_children));
        finish(&system);
    }
}

#[test]
fn s26_an_actor_that_has_ended_begins_nothing() {
    let system = system(1);
    let journal = Journal::default();
    let trace = Trace(journal.clone(), "drop future");
    let lab = Lab::new().on_stop(move |ctx| {
        ctx.spawn_future(never(trace)).then(|_, _, _| {});
        assert_eq!(ctx.children(), []);
    });
    let lab = system.spawn(lab).unwrap();
    lab.stop().wait().unwrap();
    assert_eq!(journal.entries(), ["drop future"]);
    finish(&system);
}

#[test]
fn s05_work_beside_the_mailbox_is_no_actor_and_no_message() {
    let system = system(2);
    let journal = Journal::default();
    let lab = system.spawn(Lab::new()).unwrap();
    (0..10).for_each(|_| with_pending(&lab, &journal));
    let info = system.inspect(lab.id()).unwrap();
    assert_eq!((info.children.len(), info.messages.handled), (0, 20));
    assert_eq!(system.tree().len(), 1);
    let stats = system.stats();
    assert_eq!((stats.actors.live, stats.actors.created), (1, 1));
    let stats = finish(&system);
    assert_eq!((stats.messages.accepted, stats.actors.stopped), (20, 1));
    assert_eq!(journal.count("drop future"), 10, "a shutdown drops them");
}

#[test]
fn s39_a_stop_waits_for_a_future_that_is_being_polled() {
    let system = system(2);
    let lab = system.spawn(Lab::new()).unwrap();
    let gate = Gate::new();
    let (journal, door) = (Journal::default(), gate.clone());
    let trace = Trace(journal.clone(), "drop future");
    lab.tell(job(move |_, ctx| {
        let work = async move {
            let _trace = trace;
            door.pass();
        };
        ctx.spawn_future(work).then(|_, _, _| {});
    }))
    .unwrap();
    gate.wait_for(1);
    let stop = lab.stop();
    eventually("it stops", || !lab.is_alive());
    gate.open();
    stop.wait().unwrap();
    assert_eq!(journal.entries(), ["drop future"]);
    finish(&system);
}

#[test]
fn s41_a_future_that_blocks_past_the_time_of_a_stop_is_cut_off() {
    let config = SystemConfig { stop_timeout: Duration::from_millis(20), ..quiet() };
    let system = ActorSystem::builder("test").workers(2).config(config).start().unwrap();
    let lab = system.spawn(Lab::new()).unwrap();
    let gate = Gate::new();
    let opens = Opens(gate.clone());
    let door = gate.clone();
    lab.tell(job(move |_, ctx| {
        ctx.spawn_future(async move { door.pass() }).then(|_, _, _| {});
    }))
    .unwrap();
    gate.wait_for(1);
    lab.stop().wait().unwrap();
    drop(opens);
    drop(lab);
    let _ = system.shutdown();
}

#[test]
fn s12_a_future_that_sends_to_a_full_mailbox_is_muted_and_its_actor_is_not() {
    let system = system(2);
    let slow = system.actor_of(Lab::new()).mailbox_capacity(4).overflow(Overflow::Block).spawn();
    let (slow, lab) = (slow.unwrap(), system.spawn(Lab::new()).unwrap());
    let held = hold(&slow);
    let sent = Arc::new(AtomicU32::new(0));
    let (to, count) = (slow.clone(), Arc::clone(&sent));
    let ledger = Ledger::new(100);
    let items: Vec<_> = (0..100).map(|n| ledger.item(n, 0)).collect();
    lab.tell(job(move |_, ctx| {
        let work = async move {
            for item in items {
                to.tell(item).unwrap();
                count.fetch_add(1, Relaxed);
                let mut polled = false;
                std::future::poll_fn(|task| {
                    task.waker().wake_by_ref();
                    let ready = std::mem::replace(&mut polled, true);
                    if ready { Poll::Ready(()) } else { Poll::Pending }
                })
                .await;
            }
        };
        ctx.spawn_future(work).then(|_, _, _| {});
    }))
    .unwrap();
    eventually("the mailbox is full", || sent.load(Relaxed) >= 5);
    settle(&lab);
    settle(&lab);
    assert_eq!(sent.load(Relaxed), 5, "one above the capacity");
    drop(held);
    while_moving("all arrive", || ledger.handled(), || ledger.handled() == 100);
    finish(&system);
}

/// A stream of numbers, always ready; counts what was taken.
struct Numbers {
    left: std::ops::Range<u32>,
    taken: Arc<AtomicU32>,
    _trace: Option<Trace>,
}

impl Numbers {
    fn from(left: std::ops::Range<u32>) -> Self {
        Numbers { left, taken: Arc::default(), _trace: None }
    }
}

impl futures_core::Stream for Numbers {
    type Item = u32;
    fn poll_next(mut self: Pin<&mut Self>, _: &mut TaskContext<'_>) -> Poll<Option<u32>> {
        let next = self.left.next();
        self.taken.fetch_add(u32::from(next.is_some()), Relaxed);
        Poll::Ready(next)
    }
}

fn attach(lab: &ActorRef<Lab>, numbers: Numbers, ledger: &Arc<Ledger>) {
    let ledger = Arc::clone(ledger);
    lab.send(job(move |_, ctx| {
        let me = ctx.id();
        ctx.attach_stream(numbers, move |n| ledger.item(n, 0));
        assert_eq!(ctx.id(), me);
    }))
    .wait()
    .unwrap();
}

#[test]
fn s10_a_stream_is_asked_for_no_more_than_the_mailbox_has_room_for() {
    for policy in [Overflow::Fail, Overflow::Block, Overflow::DropNew, Overflow::DropOld] {
        let system = system(2);
        let lab = system.actor_of(Lab::new()).mailbox_capacity(4).overflow(policy).spawn().unwrap();
        let ledger = Ledger::new(1_000);
        let numbers = Numbers::from(0..1_000);
        let taken = Arc::clone(&numbers.taken);
        let gate = Gate::new();
        let (door, own) = (gate.clone(), Arc::clone(&ledger));
        lab.send(job(move |_, ctx| {
            ctx.attach_stream(numbers, move |n| own.item(n, 0));
            door.pass();
        }))
        .wait()
        .unwrap();
        gate.wait_for(1);
        eventually("the mailbox is full", || taken.load(Relaxed) >= 5);
        let_pass(Duration::from_millis(5));
        assert_eq!(taken.load(Relaxed), 5, "{policy:?}: four are queued, one waits");
        gate.open();
        while_moving("all arrive", || ledger.handled(), || ledger.handled() == 1_000);
        assert!(seen(&lab).into_iter().eq(0..1_000), "{policy:?}");
        let stats = finish(&system);
        assert_eq!((stats.messages.rejected, stats.messages.evicted), (0, 0), "{policy:?}");
        ledger.check_all();
    }
}

#[test]
fn s26_a_stream_ends_with_its_incarnation_and_what_is_queued_is_handled() {
    let system = system(2);
    let journal = Journal::default();
    let own = journal.clone();
    let factory = move || Lab::named("lab", &own);
    let lab = system.actor(factory).mailbox_capacity(4).spawn().unwrap();
    let ledger = Ledger::new(100_000);
    let _trace = Some(Trace(journal.clone(), "drop stream"));
    let numbers = Numbers { _trace, ..Numbers::from(0..100_000) };
    let taken = Arc::clone(&numbers.taken);
    attach(&lab, numbers, &ledger);
    lab.send(job(|_, _| give_up())).wait().unwrap();
    eventually("it is dropped", || journal.count("drop stream") == 1);
    lab.send(job(|_, _| {})).wait().unwrap();
    let before = taken.load(Relaxed);
    lab.send(job(|_, _| {})).wait().unwrap();
    lab.drain().wait().unwrap();
    assert_eq!(taken.load(Relaxed), before);
    let stats = finish(&system);
    assert_eq!(stats.messages.dead_lettered, 0);
    let withdrawn = u64::from(before) - ledger.handled();
    assert!(withdrawn <= 1, "of those taken at most the one that waited for room was not handled");
    ledger.check(0..before as usize);
}

#[test]
fn s51_a_shutdown_ends_streams_and_futures_wherever_they_stand() {
    for workers in [1, 2, 8] {
        let system = system(workers);
        let ledger = Ledger::new(1_000_000);
        let journal = Journal::default();
        for n in 0..20 {
            let lab = system.actor_of(Lab::new()).mailbox_capacity(8).spawn().unwrap();
            with_pending(&lab, &journal);
            attach(&lab, Numbers::from(n * 50_000..(n + 1) * 50_000), &ledger);
        }
        eventually("they run", || ledger.handled() > 100);
        finish(&system);
        assert_eq!(journal.count("drop future"), 20);
    }
}

#[test]
fn without_stealing_work_beside_the_mailbox_runs_and_goes_on() {
    let performance = PerformanceConfig { enable_work_stealing: false, ..Default::default() };
    let system = system_with(2, performance);
    for _ in 0..20 {
        let lab = system.spawn(Lab::new()).unwrap();
        let (signal, (done, waits)) = (Signal::default(), mpsc::channel());
        let given = signal.clone();
        lab.tell(job(move |_, ctx| {
            ctx.spawn_future(async move { given.given().await })
                .then(move |_, out, _| done.send(out.is_ok()).unwrap());
        }))
        .unwrap();
        settle(&lab);
        signal.give();
        assert!(waits.recv_timeout(PATIENCE).unwrap());
    }
    finish(&system);
}
