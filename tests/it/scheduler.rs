//! Fairness, wake-ups, turns, stealing, idling: S52.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, mpsc};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use crate::support::*;
use zactor::prelude::*;

#[test]
fn s52_with_two_workers_the_target_of_a_handler_that_tells_and_then_blocks_runs() {
    let system = system(2);
    let (lab, target) = (system.spawn(Lab::new()).unwrap(), system.spawn(Lab::new()).unwrap());
    let mut times = Vec::new();
    for _ in 0..50 {
        let to = target.clone();
        let (done, waits) = mpsc::channel();
        lab.tell(job(move |_, _| {
            let (ran, runs) = mpsc::channel();
            let told = Instant::now();
            to.tell(job(move |_, _| ran.send(told.elapsed()).unwrap())).unwrap();
            let after = runs.recv_timeout(PATIENCE); // this worker is blocked
            done.send(after).unwrap();
        }))
        .unwrap();
        times.push(waits.recv().unwrap().expect("the target runs meanwhile"));
    }
    times.sort_unstable();
    // The median: what else runs on the machine may hold single ones back.
    assert!(times[25] < Duration::from_millis(100), "{times:?}");
    finish(&system);
}

#[test]
fn s52_a_blocked_handler_delays_only_its_own_actor() {
    let system = system(2);
    let blocked = system.spawn(Lab::new()).unwrap();
    let others: Vec<_> = (0..200).map(|_| system.spawn(Lab::new()).unwrap()).collect();
    let (to, gate) = (others.clone(), Gate::new());
    let (door, opens) = (gate.clone(), Opens(gate.clone()));
    blocked
        .tell(job(move |_, _| {
            // All of them go into the queue of this worker, which then stands still.
            to.iter().for_each(|other| other.tell(job(|lab, _| lab.n = 1)).unwrap());
            door.pass();
        }))
        .unwrap();
    gate.wait_for(1);
    others.iter().for_each(settle);
    let ran = others.iter().map(|other| other.ask(call(|lab, _| lab.n)).wait().unwrap());
    assert_eq!(ran.sum::<u64>(), 200);
    drop(opens);
    finish(&system);
}

/// A worker that wakes takes two actors at once; its first and that of the next worker to wake block.
#[test]
fn s52_a_free_worker_takes_what_two_blocked_ones_left_behind() {
    let system = system(3);
    let labs: Vec<_> = (0..3).map(|_| system.spawn(Lab::new()).unwrap()).collect();
    for _ in 0..300 {
        let_pass(Duration::from_micros(300)); // all workers sleep
        let ((_one, first), (_two, last)) = (mpsc::channel::<()>(), mpsc::channel::<()>());
        let (ran, runs) = mpsc::channel();
        labs[0].tell(job(move |_, _| drop(first.recv()))).unwrap();
        labs[1].tell(job(move |_, _| ran.send(()).unwrap())).unwrap();
        labs[2].tell(job(move |_, _| drop(last.recv()))).unwrap();
        runs.recv_timeout(PATIENCE).expect("one worker is free");
    }
    finish(&system);
}

#[derive(Message)]
struct Ball;

#[derive(Message)]
struct Partner(ActorRef<Player>);

#[actor(Ball, Partner)]
struct Player {
    partner: Option<ActorRef<Player>>,
    hits: Arc<AtomicU64>,
}

impl Handler<Partner> for Player {
    fn handle(&mut self, Partner(partner): Partner, _: &mut Context<Self>) {
        self.partner = Some(partner);
    }
}

impl Handler<Ball> for Player {
    fn handle(&mut self, _: Ball, _: &mut Context<Self>) {
        self.hits.fetch_add(1, Relaxed);
        if let Some(partner) = &self.partner {
            drop(partner.tell(Ball)); // refused once the game is over
        }
    }
}

/// Two players who never stop by themselves.
fn endless_game(system: &ActorSystem) -> Arc<AtomicU64> {
    let hits = Arc::new(AtomicU64::new(0));
    let player = || system.spawn(Player { partner: None, hits: Arc::clone(&hits) }).unwrap();
    let (a, b) = (player(), player());
    a.tell(Partner(b.clone())).unwrap();
    b.tell(Partner(a.clone())).unwrap();
    a.tell(Ball).unwrap();
    hits
}

#[test]
fn s52_an_endless_ping_pong_does_not_starve_a_thousand_others() {
    for workers in [1, 2] {
        let system = system(workers);
        let hits = endless_game(&system);
        eventually("the game has begun", || hits.load(Relaxed) > 100);
        let others: Vec<_> = (0..1_000).map(|_| system.spawn(Lab::new()).unwrap()).collect();
        for _ in 0..3 {
            others.iter().for_each(|other| other.tell(job(|lab, _| lab.n += 1)).unwrap());
        }
        others.iter().for_each(settle);
        let now = hits.load(Relaxed);
        eventually("the game goes on", || hits.load(Relaxed) > now);
        finish(&system);
    }
}

#[test]
fn s52_floods_from_inside_and_outside_do_not_starve_others() {
    fn again(over: Arc<AtomicBool>) -> Do {
        job(move |_, ctx| {
            if !over.load(Relaxed) {
                ctx.tell_self(again(over)).unwrap();
            }
        })
    }
    let system = system(1);
    let over = Arc::new(AtomicBool::new(false));
    let own = system.actor_of(Lab::new()).unbounded().spawn().unwrap();
    (0..500).for_each(|_| own.tell(again(Arc::clone(&over))).unwrap());
    let flooded = system.spawn(Lab::new()).unwrap();
    thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Relaxed) {
                drop(flooded.tell(job(|_, _| {})));
            }
        });
        let others: Vec<_> = (0..100).map(|_| system.spawn(Lab::new()).unwrap()).collect();
        for _ in 0..5 {
            others.iter().for_each(settle);
        }
        over.store(true, Relaxed);
    });
    finish(&system);
}

/// Queues 200 messages at each of three actors on one worker and records who handled when.
fn turns(performance: PerformanceConfig, batch: Option<u32>) -> Vec<usize> {
    let system = system_with(1, performance);
    let order = Arc::new(Mutex::new(Vec::new()));
    let blocker = system.spawn(Lab::new()).unwrap();
    let held = hold(&blocker);
    let labs: Vec<_> = (0..3)
        .map(|_| {
            let builder = system.actor_of(Lab::new());
            batch.map_or(system.actor_of(Lab::new()), |batch| builder.batch(batch)).spawn().unwrap()
        })
        .collect();
    for (n, lab) in labs.iter().enumerate() {
        for _ in 0..200 {
            let order = Arc::clone(&order);
            lab.tell(job(move |_, _| order.lock().unwrap().push(n))).unwrap();
        }
    }
    drop(held);
    for lab in &labs {
        lab.drain().wait().unwrap();
    }
    finish(&system);
    let order = order.lock().unwrap();
    assert_eq!(order.len(), 600);
    order.clone()
}

/// Lengths of the runs of one actor, as long as all three still have messages.
fn run_lengths(order: &[usize]) -> Vec<usize> {
    let mut left = [200; 3];
    let mut runs = vec![];
    for run in order.chunk_by(|a, b| a == b) {
        left[run[0]] -= run.len();
        runs.push(run.len());
        if left.contains(&0) {
            break;
        }
    }
    runs
}

#[test]
fn s52_a_turn_handles_at_most_a_batch() {
    let performance = |batch_size| PerformanceConfig { batch_size, ..Default::default() };
    let cases =
        [(performance(10), None, 10), (performance(64), None, 64), (performance(64), Some(7), 7)];
    for (performance, batch, most) in cases {
        let runs = run_lengths(&turns(performance, batch));
        assert_eq!(*runs.iter().max().unwrap(), most, "{runs:?}");
        let full = runs.iter().filter(|run| **run == most).count();
        assert!(full * 2 > runs.len(), "most turns are full: {runs:?}");
    }
}

#[test]
fn s54_without_batching_a_turn_is_one_message() {
    let performance = PerformanceConfig { enable_batching: false, ..Default::default() };
    let runs = run_lengths(&turns(performance, None));
    assert_eq!(*runs.iter().max().unwrap(), 1, "{runs:?}");
}

/// Lets 40 actors run now and then, told by one of them and from outside; says on which threads each ran.
fn threads_of(performance: PerformanceConfig) -> Vec<HashSet<ThreadId>> {
    let system = system_with(4, performance);
    let labs: Vec<_> = (0..40).map(|_| system.spawn(Lab::new()).unwrap()).collect();
    let seen: Vec<Arc<Mutex<HashSet<ThreadId>>>> = labs.iter().map(|_| Arc::default()).collect();
    let work = |n: usize| {
        let seen = Arc::clone(&seen[n]);
        job(move |_, _| {
            seen.lock().unwrap().insert(thread::current().id());
            let begun = Instant::now();
            while begun.elapsed() < Duration::from_micros(100) {}
        })
    };
    for round in 0..30 {
        let jobs: Vec<Do> = (1..40).map(work).collect();
        if round % 2 == 0 {
            let others = labs[1..].to_vec();
            labs[0]
                .tell(job(move |_, _| {
                    for (job, other) in jobs.into_iter().zip(&others) {
                        other.tell(job).unwrap();
                    }
                }))
                .unwrap();
            labs[0].tell(work(0)).unwrap();
        } else {
            jobs.into_iter().zip(&labs[1..]).for_each(|(job, lab)| lab.tell(job).unwrap());
        }
        labs.iter().for_each(settle);
    }
    let steals = finish(&system).steals;
    let threads: Vec<_> = seen.iter().map(|seen| seen.lock().unwrap().clone()).collect();
    let all: HashSet<ThreadId> = threads.iter().flatten().copied().collect();
    assert!(all.len() > 1, "more than one worker had work");
    assert!(!all.contains(&thread::current().id()), "handlers run on workers");
    if threads.iter().all(|threads| threads.len() == 1) {
        assert_eq!(steals, 0);
    }
    threads
}

#[test]
fn s54_without_stealing_an_actor_stays_with_its_worker() {
    let performance = PerformanceConfig { enable_work_stealing: false, ..Default::default() };
    for threads in threads_of(performance) {
        assert_eq!(threads.len(), 1, "{threads:?}");
    }
}

#[test]
fn s52_with_stealing_a_backlog_is_shared() {
    let moved = threads_of(PerformanceConfig::default());
    assert!(moved.iter().any(|threads| threads.len() > 1), "no actor ever changed its worker");
}

#[test]
fn s52_several_ready_actors_wake_a_worker_at_once() {
    let system = system(4);
    for _ in 0..scaled(50, 500) {
        let labs: Vec<_> = (0..4).map(|_| system.spawn(Lab::new()).unwrap()).collect();
        let gate = Gate::new();
        let opens = Opens(gate.clone());
        for lab in &labs {
            let door = gate.clone();
            lab.tell(job(move |_, _| door.pass())).unwrap();
        }
        gate.wait_for(4); // all four workers stand at the gate
        drop(opens);
        labs.iter().for_each(settle);
    }
    finish(&system);
}

#[test]
fn s52_no_wake_up_is_lost_between_bursts() {
    let system = system(3);
    let lab = system.spawn(Lab::new()).unwrap();
    let mut rng = Rng::new(3);
    for n in 0..u64::from(scaled(3_000, 30_000)) {
        // Pauses of every length around the point where workers park.
        (0..rng.below(3_000)).for_each(|_| std::hint::spin_loop());
        assert_eq!(lab.ask(call(move |_, _| n)).timeout(PATIENCE).wait().unwrap(), n);
    }
    finish(&system);
}

#[test]
#[cfg(target_os = "linux")]
fn s52_an_idle_system_uses_no_cpu() {
    process::alone("scheduler::s52_an_idle_system_uses_no_cpu", || {
        let system = system(8);
        let labs: Vec<_> = (0..1_000).map(|_| system.spawn(Lab::new()).unwrap()).collect();
        labs.iter().for_each(settle);
        let parks = system.stats().parks;
        let_pass(Duration::from_millis(200));
        let before = process::cpu_time();
        let_pass(Duration::from_secs(5));
        let used = process::cpu_time() - before;
        assert!(used < Duration::from_millis(50), "{used:?} of CPU in 5 s of idling");
        assert!(system.stats().parks >= parks);
        labs.iter().for_each(settle);
        finish(&system);
    });
}

#[test]
fn s54_zero_workers_means_those_this_process_may_use() {
    let system = ActorSystem::start("t").unwrap();
    let available = thread::available_parallelism().unwrap().get();
    assert_eq!(system.stats().workers as usize, available);
    finish(&system);
    let performance = PerformanceConfig { worker_threads: 3, ..Default::default() };
    let config = SystemConfig { performance, ..quiet() };
    let system = ActorSystem::builder("t").config(config.clone()).start().unwrap();
    assert_eq!(system.stats().workers, 3);
    let system = ActorSystem::builder("t").workers(2).config(config).start().unwrap();
    assert_eq!(system.stats().workers, 2, "workers(n) wins");
}

#[test]
fn a_sender_far_ahead_of_its_receiver_ends_its_turn() {
    let system = system(1);
    let (source, sink) = (system.spawn(Lab::new()).unwrap(), system.spawn(Lab::new()).unwrap());
    let order = Arc::new(Mutex::new(Vec::new()));
    let held = hold(&source);
    for _ in 0..64 {
        let (to, order) = (sink.clone(), Arc::clone(&order));
        source
            .tell(job(move |_, _| {
                order.lock().unwrap().push("source");
                for _ in 0..100 {
                    let order = Arc::clone(&order);
                    to.tell(job(move |_, _| order.lock().unwrap().push("sink"))).unwrap();
                }
            }))
            .unwrap();
    }
    drop(held);
    settle(&source);
    settle(&sink);
    let order = order.lock().unwrap();
    let longest =
        order.chunk_by(|a, b| a == b).filter(|run| run[0] == "source").map(<[_]>::len).max();
    assert!(longest.unwrap() < 32, "{longest:?} messages, 100 sends each, in one turn");
    finish(&system);
}

#[test]
fn s54_as_many_workers_as_are_allowed_start_work_and_end() {
    let system = system(1024);
    let labs: Vec<_> = (0..2_000).map(|_| system.spawn(Lab::new()).unwrap()).collect();
    for lab in &labs {
        lab.tell(job(|_, _| {})).unwrap();
    }
    let report = system.shutdown().unwrap();
    assert_eq!((report.stats.workers, report.stats.messages.accepted), (1024, 2_000));
    balanced_at_rest(&report.stats.messages);
}
