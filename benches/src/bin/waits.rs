//! What waiting costs: `waits [--quick]`.
//!
//! * A message whose handler is async and need not wait, against one whose handler is not: at most 1.5 times as much, sent and
//!   handled. The handling alone is shown as well.
//! * A future that waits and is woken, in a handler against in a task of tokio: at most twice as much. Two of them wake each
//!   other in turn, on one worker.
//! * Actors that wait, and timers that are far away: no CPU.
//!
//! Each is measured several times, in turn with what it is compared with, and the best of each counts: what disturbs a
//! measurement makes it slower. Ends with 1 when a limit is not kept.

use std::future::poll_fn;
use std::process::ExitCode;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

use clap::Parser;
use zactor::prelude::*;

/// Measures what waiting costs.
#[derive(Debug, Parser)]
struct Arguments {
    /// Fewer and shorter rounds.
    #[arg(long)]
    quick: bool,
}

/// Messages that are sent, and then handled: a queue that a cache can hold.
const QUEUED: u32 = 20_000;

type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

fn main() -> ExitCode {
    match run(Arguments::parse().quick) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("waits: {error}");
            ExitCode::from(2)
        }
    }
}

fn run(quick: bool) -> Outcome<bool> {
    let (rounds, count) = if quick { (3, 20_000) } else { (9, 200_000) };
    let (mut plain, mut ready) = (Cost::MOST, Cost::MOST);
    let (mut actors, mut tasks) = (f64::MAX, f64::MAX);
    for _ in 0..rounds {
        plain = plain.min(handled(Kind::Plain, QUEUED)?);
        ready = ready.min(handled(Kind::Ready, QUEUED)?);
        actors = actors.min(woken_actors(count)?);
        tasks = tasks.min(woken_tasks(count)?);
    }
    let idle = if quick { Duration::from_millis(500) } else { Duration::from_secs(5) };
    let cpu = idle_cpu(count.min(100_000), idle)?;
    println!("| what | ns | against | ns | ratio | limit |\n|---|---:|---|---:|---:|---:|");
    let text = |limit: f64| if limit.is_finite() { limit.to_string() } else { "none".into() };
    let row = |what, ours: f64, against, theirs: f64, limit: f64| {
        let ratio = ours / theirs;
        println!("| {what} | {ours:.1} | {against} | {theirs:.1} | {ratio:.2} | {} |", text(limit));
        ratio <= limit
    };
    let sent = row("a message, async and ready", ready.all, "a plain one", plain.all, 1.5);
    row("handling it, alone", ready.handling, "a plain one", plain.handling, f64::INFINITY);
    let woken = row("a wake of a handler", actors, "of a task of tokio", tasks, 2.0);
    let Some(cpu) = cpu else {
        println!("\nCPU of those who wait: this system does not tell");
        return Ok(sent && woken);
    };
    println!(
        "\nCPU of {} waiting actors and as many timers in {idle:?}: {cpu:?} (limit: 1 %)",
        count.min(100_000)
    );
    Ok(sent && woken && cpu <= idle / 100)
}

fn system() -> Outcome<ActorSystem> {
    Ok(ActorSystem::builder("waits").workers(1).start()?)
}

fn nanoseconds_each(time: Duration, count: u32) -> f64 {
    time.as_nanos() as f64 / f64::from(count)
}

/// What one message costs, in nanoseconds.
#[derive(Clone, Copy)]
struct Cost {
    all: f64,
    handling: f64,
}

impl Cost {
    const MOST: Cost = Cost { all: f64::MAX, handling: f64::MAX };

    fn min(self, other: Cost) -> Cost {
        Cost { all: self.all.min(other.all), handling: self.handling.min(other.handling) }
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Plain,
    Ready,
}

/// Of all, and of the handling alone.
type Times = (Duration, Duration);

/// Fills its own mailbox and says how long it takes to handle that.
#[actor]
#[derive(Default)]
struct Counter {
    sum: u64,
    /// When it began to send, and to handle.
    begun: Option<(Instant, Instant)>,
}

#[handlers]
impl Counter {
    fn plain(&mut self, n: u64) {
        self.sum += n;
    }
    async fn ready(&mut self, n: u64) {
        self.sum += n;
    }
    fn fill(&mut self, kind: Kind, count: u32, done: Sender<Times>, ctx: &mut Context<Self>) {
        let sending = Instant::now();
        for n in 0..u64::from(count) {
            let sent = match kind {
                Kind::Plain => ctx.tell_self(CounterPlain { n }).is_ok(),
                Kind::Ready => ctx.tell_self(CounterReady { n }).is_ok(),
            };
            assert!(sent, "the mailbox is unbounded");
        }
        assert!(ctx.tell_self(CounterFilled { done }).is_ok(), "the mailbox is unbounded");
        self.begun = Some((sending, Instant::now()));
    }
    fn filled(&mut self, done: Sender<Times>) {
        if let Some((sending, handling)) = self.begun.take() {
            let _ = done.send((sending.elapsed(), handling.elapsed()));
        }
    }
    fn sum(&self) -> u64 {
        self.sum
    }
}

/// What one message costs.
fn handled(kind: Kind, count: u32) -> Outcome<Cost> {
    let system = system()?;
    let counter = system.actor_of(Counter::default()).unbounded().spawn()?;
    let (done, times) = channel();
    // The first one warms up.
    counter.fill(kind, count / 10, done.clone())?;
    times.recv()?;
    counter.fill(kind, count, done)?;
    let (all, handling) = times.recv()?;
    let sum_below = |n: u64| n * (n - 1) / 2;
    let expected = sum_below(u64::from(count / 10)) + sum_below(count.into());
    assert_eq!(counter.sum().wait()?, expected);
    system.shutdown()?;
    let each = |time| nanoseconds_each(time, count);
    Ok(Cost { all: each(all), handling: each(handling) })
}

/// Two who wake each other in turn.
#[derive(Clone, Default)]
struct Table(Arc<Mutex<Game>>);

#[derive(Default)]
struct Game {
    /// Whose turn it is: 0 or 1.
    turn: usize,
    waiting: [Option<Waker>; 2],
}

impl Table {
    /// Waits for its turn, gives it to the other one, and so on.
    async fn play(&self, side: usize, turns: u32) {
        for _ in 0..turns {
            let other = poll_fn(|task| {
                let mut game = self.0.lock().unwrap_or_else(PoisonError::into_inner);
                if game.turn == side {
                    game.turn = 1 - side;
                    return Poll::Ready(game.waiting[1 - side].take());
                }
                game.waiting[side] = Some(task.waker().clone());
                Poll::Pending
            })
            .await;
            if let Some(other) = other {
                other.wake();
            }
        }
    }
}

#[actor]
struct Player {
    table: Table,
    side: usize,
}

#[handlers]
impl Player {
    async fn play(&mut self, turns: u32) -> Duration {
        let begun = Instant::now();
        self.table.play(self.side, turns).await;
        begun.elapsed()
    }
}

/// What one wake of a suspended handler costs, up to its next wait.
fn woken_actors(count: u32) -> Outcome<f64> {
    let system = system()?;
    let table = Table::default();
    let player = |side| system.spawn(Player { table: table.clone(), side });
    let (one, two) = (player(0)?, player(1)?);
    for turns in [count / 10, count] {
        let (first, second) = (one.play(turns), two.play(turns));
        let time = second.timeout(Duration::from_secs(600)).wait()?;
        first.timeout(Duration::from_secs(600)).wait()?;
        if turns == count {
            system.shutdown()?;
            return Ok(nanoseconds_each(time, 2 * count));
        }
    }
    Err("no turn was played".into())
}

/// The same of two tasks of tokio.
fn woken_tasks(count: u32) -> Outcome<f64> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build()?;
    let table = Table::default();
    let play = |side, turns| {
        let table = table.clone();
        runtime.spawn(async move {
            let begun = Instant::now();
            table.play(side, turns).await;
            begun.elapsed()
        })
    };
    let mut time = Duration::ZERO;
    for turns in [count / 10, count] {
        let (first, second) = (play(0, turns), play(1, turns));
        time = runtime.block_on(second)?;
        runtime.block_on(first)?;
    }
    Ok(nanoseconds_each(time, 2 * count))
}

#[actor]
struct Sleeper;

#[handlers]
impl Sleeper {
    async fn sleep(&mut self, ctx: &mut Context<Self>) {
        ctx.send_after(Duration::from_secs(100_000), SleeperRing {});
        std::future::pending().await
    }
    fn ring(&self) {}
}

/// CPU time of so many suspended actors, each with a timer, within `time`. `None`: the system does not tell.
fn idle_cpu(count: u32, time: Duration) -> Outcome<Option<Duration>> {
    let system = ActorSystem::start("idle")?;
    let mut waiting = Vec::new();
    for _ in 0..count {
        let sleeper = system.spawn(Sleeper)?;
        sleeper.sleep()?;
        waiting.push(sleeper);
    }
    let suspended = |sleeper: &ActorRef<Sleeper>| {
        system.inspect(sleeper.id()).is_some_and(|it| it.state == zactor::ActorState::Suspended)
    };
    while !waiting.iter().all(suspended) {
        std::thread::yield_now();
    }
    // Workers look for more for a while, then they sleep.
    std::thread::sleep(Duration::from_millis(300));
    let Some(before) = cpu_time() else { return Ok(None) };
    std::thread::sleep(time);
    let cpu = cpu_time().map(|after| after.saturating_sub(before));
    for sleeper in &waiting {
        drop(sleeper.kill());
    }
    system.shutdown()?;
    Ok(cpu)
}

/// CPU time of this process, all threads, where `/proc` has it: in hundredths of a second.
fn cpu_time() -> Option<Duration> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let (_, fields) = stat.rsplit_once(')')?;
    let ticks = |at| fields.split_whitespace().nth(at)?.parse::<u64>().ok();
    Some(Duration::from_millis(10 * (ticks(11)? + ticks(12)?)))
}
