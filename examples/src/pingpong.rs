//! Pairs of actors throw a ball back and forth: each message has its handler send the next one.
//! Checked: the throws of both add up to all that were to be made.

use std::time::Instant;

use zactor::prelude::*;

use crate::ui::{self, Delivered, Outcome};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Pairs; 0 = one for each worker.
    #[arg(long, default_value_t = 0)]
    pairs: u32,
    /// Throws of each pair.
    #[arg(long, default_value_t = 5_000_000)]
    throws: u64,
}

/// The ball, to be thrown so many times more.
#[derive(Message)]
struct Ball {
    left: u64,
    from: ActorRef<Player>,
}

/// How often have you thrown?
#[derive(Message)]
#[message(reply = u64)]
struct Thrown;

#[actor(Ball, Thrown)]
struct Player {
    thrown: u64,
    /// Hears that a ball was thrown for the last time.
    done: std::sync::mpsc::Sender<Instant>,
}

impl Handler<Ball> for Player {
    fn handle(&mut self, Ball { left, from }: Ball, ctx: &mut Context<Self>) {
        if left == 0 {
            self.done.send(Instant::now()).ok();
            return;
        }
        self.thrown += 1;
        from.tell(Ball { left: left - 1, from: ctx.me() }).delivered();
    }
}

impl Handler<Thrown> for Player {
    fn handle(&mut self, _: Thrown, _ctx: &mut Context<Self>) -> u64 {
        self.thrown
    }
}

pub(crate) fn run(arguments: &Arguments) -> Outcome {
    let system = ActorSystem::start("pingpong")?;
    let workers = system.stats().workers;
    let pairs = if arguments.pairs == 0 { workers } else { arguments.pairs };
    let (done, finished) = std::sync::mpsc::channel();
    let mut players = Vec::new();
    for _ in 0..2 * pairs {
        players.push(system.spawn(Player { thrown: 0, done: done.clone() })?);
    }

    let start = Instant::now();
    for pair in players.chunks(2) {
        pair[0].tell(Ball { left: arguments.throws, from: pair[1].clone() })?;
    }
    let mut end = start;
    for _ in 0..pairs {
        end = end.max(finished.recv()?);
    }
    let time = end.duration_since(start);

    let mut thrown = 0;
    for player in &players {
        thrown += player.ask(Thrown).wait()?;
    }
    system.shutdown()?;
    let throws = arguments.throws * u64::from(pairs);
    let right = thrown == throws;
    let table = ui::facts(&[
        ("pairs", format!("{} on {workers} workers", ui::count(pairs.into()))),
        ("throws", ui::count(throws)),
        ("time", ui::time(time)),
        ("throughput", ui::rate(throws, time)),
        (
            "check",
            if right { "each throw was caught once".into() } else { format!("THROWN: {thrown}") },
        ),
    ]);
    ui::print(&table.to_string())?;
    Ok(ui::checked(right))
}
