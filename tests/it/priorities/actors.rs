//! Priorities of actors, among those that are ready.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

use super::*;

/// In which order actors had their turns.
type Turns = Arc<Mutex<Vec<Priority>>>;

/// One turn.
#[derive(Message)]
struct Step;

/// Says when it has a turn.
#[actor(Step, batch = 1)]
struct Common(Priority, Turns);

impl Handler<Step> for Common {
    fn handle(&mut self, _: Step, _: &mut Context<Self>) {
        self.1.lock().unwrap().push(self.0);
    }
}

/// Says in the macro how important it is.
#[actor(Step, batch = 1, priority = high)]
struct Important(Turns);

impl Handler<Step> for Important {
    fn handle(&mut self, _: Step, _: &mut Context<Self>) {
        self.0.lock().unwrap().push(Priority::High);
    }
}

fn with_one_worker(stealing: bool) -> ActorSystem {
    let performance =
        PerformanceConfig { enable_work_stealing: stealing, ..PerformanceConfig::default() };
    system_with(1, performance)
}

/// The turns of so many actors of each of these classes, which all have so many messages before the first turn.
fn turns(stealing: bool, classes: &[Priority], actors: u32, steps: u32) -> Vec<Priority> {
    let system = with_one_worker(stealing);
    let turns = Turns::default();
    let lab = system.spawn(Lab::new()).unwrap();
    let held = hold(&lab); // the only worker
    let mut all = Vec::new();
    for class in classes {
        for _ in 0..actors {
            let value = Common(*class, Arc::clone(&turns));
            all.push(system.actor_of(value).priority(*class).spawn().unwrap());
        }
    }
    for actor in &all {
        (0..steps).for_each(|_| actor.tell(Step).unwrap());
    }
    drop(held);
    all.iter().for_each(|actor| drop(actor.drain().wait().unwrap()));
    finish(&system);
    Arc::into_inner(turns).unwrap().into_inner().unwrap()
}

#[test]
fn s02_each_class_of_actors_with_work_gets_at_least_one_turn_in_eight() {
    for stealing in [true, false] {
        for classes in [&LANES[..], &LANES[..2], &LANES[1..], &LANES[..1], &LANES[2..]] {
            for (actors, steps) in [(1, 400), (8, 50), (50, 8)] {
                let seen = turns(stealing, classes, actors, steps);
                assert_eq!(seen.len(), classes.len() * 400);
                for class in classes {
                    let last = seen.iter().rposition(|other| other == class).unwrap();
                    for eight in seen[..=last].windows(8) {
                        assert!(eight.contains(class), "{class:?} starves: {eight:?}");
                    }
                }
            }
        }
    }
}

#[test]
fn s02_more_important_actors_get_more_turns() {
    for stealing in [true, false] {
        let seen = turns(stealing, &LANES, 4, 100);
        let of = |class| seen[..160].iter().filter(|other| **other == class).count();
        assert_eq!(LANES.map(of), [100, 40, 20], "of the first 160, while all have work");
    }
}

#[test]
fn s02_the_priority_of_the_macro_holds_and_the_builder_overrules_it() {
    let system = system(1);
    let turns = Turns::default();
    let lab = system.spawn(Lab::new()).unwrap();
    let held = hold(&lab);
    let normal: Vec<_> = (0..50)
        .map(|_| system.spawn(Common(Priority::Normal, Arc::clone(&turns))).unwrap())
        .collect();
    let important = system.spawn(Important(Arc::clone(&turns))).unwrap();
    let value = Important(Arc::clone(&turns));
    let not = system.actor_of(value).priority(Priority::Low).spawn().unwrap();
    normal.iter().for_each(|actor| actor.tell(Step).unwrap());
    not.tell(Step).unwrap();
    important.tell(Step).unwrap();
    drop(held);
    [important.drain(), not.drain()].into_iter().for_each(|ended| drop(ended.wait().unwrap()));
    normal.iter().for_each(|actor| drop(actor.drain().wait().unwrap()));
    let seen = turns.lock().unwrap().clone();
    let high: Vec<_> = (0..seen.len()).filter(|turn| seen[*turn] == Priority::High).collect();
    assert!(high[0] == 0 && (2..=8).contains(&high[1]), "first of all, and one of eight: {seen:?}");
    finish(&system);
}

/// Goes on for ever.
#[derive(Message)]
struct Again;

#[actor(Again)]
struct Endless(Arc<AtomicU64>, Arc<AtomicBool>);

impl Handler<Again> for Endless {
    fn handle(&mut self, _: Again, ctx: &mut Context<Self>) {
        self.0.fetch_add(1, Relaxed);
        if !self.1.load(Relaxed) {
            ctx.tell_self(Again).unwrap();
        }
    }
}

#[test]
fn s52_endless_work_of_every_class_starves_none() {
    for workers in [1, 2] {
        for stealing in [true, false] {
            let performance = PerformanceConfig {
                enable_work_stealing: stealing,
                ..PerformanceConfig::default()
            };
            let system = system_with(workers, performance);
            let over = Arc::new(AtomicBool::new(false));
            let counts = LANES.map(|class| {
                let count = Arc::new(AtomicU64::new(0));
                for _ in 0..4 {
                    let value = Endless(Arc::clone(&count), Arc::clone(&over));
                    let actor = system.actor_of(value).priority(class).spawn().unwrap();
                    actor.tell(Again).unwrap();
                }
                count
            });
            for class in LANES.into_iter().cycle().take(30) {
                let lab = system.actor_of(Lab::new()).priority(class).spawn().unwrap();
                settle(&lab);
                lab.stop().wait().unwrap();
            }
            let all = || counts.iter().all(|count| count.load(Relaxed) > 10_000);
            eventually("all have gone on", all);
            over.store(true, Relaxed);
            finish(&system);
        }
    }
}

#[test]
fn s52_workers_that_sleep_wake_for_actors_of_every_class() {
    let system = system(2);
    let labs = LANES.map(|class| system.actor_of(Lab::new()).priority(class).spawn().unwrap());
    for _ in 0..200 {
        let_pass(std::time::Duration::from_micros(300)); // all workers sleep
        labs.iter().for_each(settle);
    }
    // Behind a handler that blocks another worker takes them.
    let to = labs.clone();
    let (gate, blocked) = (Gate::new(), system.spawn(Lab::new()).unwrap());
    let (door, opens) = (gate.clone(), Opens(gate.clone()));
    blocked
        .tell(job(move |_, _| {
            to.iter().for_each(|lab| lab.tell(job(|lab, _| lab.n = 7)).unwrap());
            door.pass();
        }))
        .unwrap();
    gate.wait_for(1);
    for lab in &labs {
        assert_eq!(lab.ask(call(|lab, _| lab.n)).timeout(PATIENCE).wait().unwrap(), 7);
    }
    drop(opens);
    finish(&system);
}
