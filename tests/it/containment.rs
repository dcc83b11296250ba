//! Failures concern nobody else; destructors that panic are contained; what aborts: S22, S48, S49, S50.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::support::*;
use zactor::prelude::*;

#[test]
fn s22_a_panic_concerns_nobody_else() {
    let system = system(2);
    let others: Vec<_> = (0..10).map(|_| system.spawn(Lab::new()).unwrap()).collect();
    let rounds = scaled(100, 5_000);
    let ledger = Ledger::new(rounds as usize);
    for id in 0..rounds {
        let victim = system.spawn(Lab::new()).unwrap();
        others[id as usize % 10].tell(ledger.item(id, 0)).unwrap();
        victim.tell(job(|_, _| give_up())).unwrap();
        assert!(matches!(victim.ended().wait(), Ok(EndReason::Failed(_))));
    }
    for other in &others {
        assert!(other.is_alive());
        settle(other);
    }
    assert_eq!(ledger.handled(), u64::from(rounds));
    let stats = finish(&system);
    assert_eq!((stats.actors.failed, stats.workers), (u64::from(rounds), 2));
}

#[test]
fn s22_the_one_worker_survives_a_panic_among_queued_work() {
    let system = system(1);
    let labs: Vec<_> = (0..100).map(|_| system.spawn(Lab::new()).unwrap()).collect();
    let blocker = system.spawn(Lab::new()).unwrap();
    let held = hold(&blocker);
    for (n, lab) in labs.iter().enumerate() {
        let fails = n % 3 == 0;
        lab.tell(job(move |_, _| {
            if fails {
                give_up();
            }
        }))
        .unwrap();
    }
    drop(held);
    for (n, lab) in labs.iter().enumerate() {
        if n % 3 == 0 {
            assert!(matches!(lab.ended().wait(), Ok(EndReason::Failed(_))));
        } else {
            settle(lab);
        }
    }
    finish(&system);
}

#[test]
fn s22_the_end_reason_carries_the_panics_text() {
    let system = system(1);
    for text in ["a literal", "a formatted 7"] {
        let lab = system.spawn(Lab::new()).unwrap();
        lab.tell(job(move |_, _| {
            if text == "a literal" {
                std::panic::resume_unwind(Box::new("a literal"))
            }
            std::panic::resume_unwind(Box::new(format!("a formatted {}", 7)))
        }))
        .unwrap();
        match lab.ended().wait().unwrap() {
            EndReason::Failed(Failure::Panic(said)) => assert_eq!(&*said, text),
            other => panic!("{other:?}"),
        }
    }
    finish(&system);
}

/// Panics when it is dropped, except during an unwinding.
struct Bomb(Arc<AtomicU64>);

impl Drop for Bomb {
    fn drop(&mut self) {
        self.0.fetch_add(1, Relaxed);
        give_up();
    }
}

#[derive(Message)]
struct Armed(Option<Bomb>);

#[derive(Message)]
struct Fine(#[expect(dead_code, reason = "dropped")] Noted);

/// State, messages and panic payloads with a destructor that panics.
#[actor(Armed, Fine, Enough)]
struct Minefield(Option<Bomb>);

#[derive(Message)]
struct Enough(Box<dyn FnOnce() + Send>);

impl Handler<Armed> for Minefield {
    fn handle(&mut self, Armed(bomb): Armed, _: &mut Context<Self>) {
        self.0 = bomb;
    }
}

impl Handler<Fine> for Minefield {
    fn handle(&mut self, _: Fine, _: &mut Context<Self>) {}
}

impl Handler<Enough> for Minefield {
    fn handle(&mut self, Enough(job): Enough, _: &mut Context<Self>) {
        job();
    }
}

#[test]
fn s48_a_panicking_drop_of_a_state_is_contained_and_counted() {
    let system = system(1);
    let drops = Arc::new(AtomicU64::new(0));
    let field = system.actor_of(Minefield(Some(Bomb(drops.clone())))).name("field");
    let field = field.spawn().unwrap();
    assert!(matches!(field.stop().wait(), Ok(EndReason::Stopped)));
    assert!(system.lookup::<Minefield>("field").is_none());
    assert_eq!(drops.load(Relaxed), 1);
    settle(&system.spawn(Lab::new()).unwrap());
    let stats = finish(&system);
    assert_eq!((stats.drop_panics, stats.hook_panics), (1, 0));
}

#[test]
fn s48_a_state_is_not_dropped_during_its_handlers_unwind() {
    let system = system(1);
    let drops = Arc::new(AtomicU64::new(0));
    let field = system.spawn(Minefield(Some(Bomb(drops.clone())))).unwrap();
    field.tell(Enough(Box::new(|| give_up()))).unwrap();
    assert!(matches!(field.ended().wait(), Ok(EndReason::Failed(_))));
    assert_eq!(drops.load(Relaxed), 1);
    assert_eq!(finish(&system).drop_panics, 1);
}

#[test]
fn s48_after_a_queued_message_whose_drop_panics_the_others_are_still_dropped() {
    let system = system(1);
    let (drops, journal) = (Arc::new(AtomicU64::new(0)), Journal::default());
    let field = system.spawn(Minefield(None)).unwrap();
    let gate = Gate::new();
    let (door, opens) = (gate.clone(), Opens(gate.clone()));
    field.tell(Enough(Box::new(move || door.pass()))).unwrap();
    gate.wait_for(1);
    for _ in 0..10 {
        field.tell(Fine(Noted::new("fine", &journal))).unwrap();
        field.tell(Armed(Some(Bomb(drops.clone())))).unwrap();
    }
    let stopping = field.stop();
    drop(opens);
    assert!(matches!(stopping.wait(), Ok(EndReason::Stopped)));
    assert_eq!((drops.load(Relaxed), journal.count("drop fine")), (10, 10));
    assert_eq!(counts(&system, &field).dead_lettered, 20);
    settle(&system.spawn(Lab::new()).unwrap());
    assert_eq!(finish(&system).drop_panics, 10);
}

#[test]
fn s48_a_panic_payload_whose_drop_panics_is_contained_and_counted() {
    let system = system(1);
    let drops = Arc::new(AtomicU64::new(0));
    let field = system.spawn(Minefield(None)).unwrap();
    let bomb = Bomb(drops.clone());
    field.tell(Enough(Box::new(move || std::panic::resume_unwind(Box::new(bomb))))).unwrap();
    assert!(matches!(field.ended().wait(), Ok(EndReason::Failed(_))));
    assert_eq!(drops.load(Relaxed), 1);
    settle(&system.spawn(Lab::new()).unwrap());
    assert_eq!(finish(&system).drop_panics, 1);
}

#[test]
fn s48_a_message_that_panics_when_its_handler_drops_it_is_a_failure() {
    let system = system(1);
    let drops = Arc::new(AtomicU64::new(0));
    let field = system.spawn(Minefield(Some(Bomb(drops.clone())))).unwrap();
    // The handler overwrites the bomb in its state: the drop panics inside the handler.
    field.tell(Armed(None)).unwrap();
    assert!(matches!(field.ended().wait(), Ok(EndReason::Failed(_))));
    assert_eq!((drops.load(Relaxed), counts(&system, &field).failed), (1, 1));
    finish(&system);
}

#[derive(Message)]
#[message(reply = Answer)]
struct Armament(Arc<AtomicU64>);

struct Answer(#[expect(dead_code, reason = "its destructor is the point")] Bomb);

#[actor(Armament)]
struct Armourer;

impl Handler<Armament> for Armourer {
    fn handle(&mut self, Armament(drops): Armament, _: &mut Context<Self>) -> Answer {
        Answer(Bomb(drops))
    }
}

#[test]
fn s48_a_late_reply_whose_drop_panics_is_contained_and_counted() {
    let system = system(1);
    let drops = Arc::new(AtomicU64::new(0));
    let blocker = system.spawn(Lab::new()).unwrap();
    let armourer = system.spawn(Armourer).unwrap();
    let held = hold(&blocker);
    drop(armourer.ask(Armament(drops.clone())));
    drop(held);
    eventually("the reply is dropped", || drops.load(Relaxed) == 1);
    armourer.drain().wait().unwrap();
    settle(&blocker);
    let stats = finish(&system);
    assert_eq!((stats.drop_panics, stats.late_replies), (1, 1));
}

/// Tells something inside an actor and waits: the process aborts before it could answer.
fn in_a_handler(work: impl FnOnce() + Send + 'static) {
    let system = system(1);
    let lab = system.spawn(Lab::new()).unwrap();
    let asked = lab.ask(call(move |_, _| {
        work();
        0
    }));
    let _ = asked.timeout(PATIENCE).wait();
    lab.stop().wait().unwrap();
}

#[test]
fn s49_two_panicking_destructors_in_one_value_abort() {
    struct Two(
        #[expect(dead_code, reason = "dropped")] Bomb,
        #[expect(dead_code, reason = "too")] Bomb,
    );
    process::aborts("containment::s49_two_panicking_destructors_in_one_value_abort", || {
        let drops = Arc::new(AtomicU64::new(0));
        in_a_handler(move || drop(Two(Bomb(drops.clone()), Bomb(drops))));
    });
}

#[test]
fn s49_a_drop_that_panics_during_unwinding_aborts() {
    process::aborts("containment::s49_a_drop_that_panics_during_unwinding_aborts", || {
        in_a_handler(|| {
            let _bomb = Bomb(Arc::default());
            give_up();
        });
    });
}

#[test]
fn s49_a_panic_in_the_panic_hook_aborts() {
    process::aborts("containment::s49_a_panic_in_the_panic_hook_aborts", || {
        std::panic::set_hook(Box::new(|_| panic!("in the hook")));
        in_a_handler(|| panic!("in the handler"));
    });
}

#[test]
fn s49_a_stack_overflow_aborts() {
    fn deeper(n: u64) -> u64 {
        let here = std::hint::black_box([n; 64]);
        if n == u64::MAX { here[0] } else { deeper(n + 1) + std::hint::black_box(here)[63] }
    }
    process::aborts("containment::s49_a_stack_overflow_aborts", || {
        in_a_handler(|| {
            std::hint::black_box(deeper(0));
        });
    });
}

#[test]
fn s49_out_of_memory_aborts() {
    process::aborts("containment::s49_out_of_memory_aborts", || {
        in_a_handler(|| {
            let bytes: Vec<u8> = Vec::with_capacity((isize::MAX / 2).unsigned_abs());
            std::hint::black_box(bytes);
        });
    });
}

#[test]
fn s50_a_million_queued_messages_are_freed_on_a_small_stack() {
    let count = 1_000_000;
    for kill in [false, true] {
        let system = ActorSystem::builder("small").workers(1).config(quiet());
        let system = system.worker_stack(256 * 1024).start().unwrap();
        let lab = system.actor_of(Lab::new()).unbounded().spawn().unwrap();
        let ledger = Ledger::new(count as usize);
        let held = hold(&lab);
        (0..count).for_each(|id| lab.tell(ledger.item(id, 0)).unwrap());
        let ended = if kill { lab.kill() } else { lab.stop() };
        drop(held);
        while_moving("drops", || ledger.drops(), || ledger.drops() == u64::from(count));
        ended.wait().unwrap();
        ledger.check_all();
        assert_eq!(counts(&system, &lab).dead_lettered, u64::from(count));
        finish(&system);
    }
}
