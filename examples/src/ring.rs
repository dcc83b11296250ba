//! Actors in a ring pass tokens on. One token: how long a hop takes; many: how many hops a second the machine makes.
//! Checked: each token makes its laps, and each actor sees each of them.

use std::time::Instant;

use zactor::prelude::*;

use crate::ui::{self, Delivered, Outcome};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Actors in the ring.
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..))]
    actors: u32,
    /// Tokens at a time.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=60_000))]
    tokens: u32,
    /// Times that each token goes round.
    #[arg(long, default_value_t = 1000)]
    laps: u64,
}

/// A token that has `laps` more to make.
#[derive(Message)]
struct Token {
    laps: u64,
}

/// Whom to pass tokens to.
#[derive(Message)]
struct Join(ActorRef<Node>);

/// How many tokens have come by?
#[derive(Message)]
#[message(reply = u64)]
struct Passed;

#[actor(Token, Join, Passed)]
struct Node {
    next: Option<ActorRef<Node>>,
    passed: u64,
    /// The first node of the ring counts laps, and the tokens that have made theirs.
    finish: Option<Finish>,
}

struct Finish {
    tokens: u32,
    line: std::sync::mpsc::Sender<Instant>,
}

impl Handler<Token> for Node {
    fn handle(&mut self, mut token: Token, _ctx: &mut Context<Self>) {
        if let Some(finish) = &mut self.finish {
            if token.laps == 0 {
                finish.tokens -= 1;
                if finish.tokens == 0 {
                    finish.line.send(Instant::now()).ok();
                }
                return;
            }
            token.laps -= 1;
        }
        self.passed += 1;
        if let Some(next) = &self.next {
            next.tell(token).delivered();
        }
    }
}

impl Handler<Join> for Node {
    fn handle(&mut self, Join(next): Join, _ctx: &mut Context<Self>) {
        self.next = Some(next);
    }
}

impl Handler<Passed> for Node {
    fn handle(&mut self, _: Passed, _ctx: &mut Context<Self>) -> u64 {
        self.passed
    }
}

pub(crate) fn run(arguments: &Arguments) -> Outcome {
    let &Arguments { actors, tokens, laps } = arguments;
    let system = ActorSystem::start("ring")?;
    let (line, finished) = std::sync::mpsc::channel();
    let first =
        system.spawn(Node { next: None, passed: 0, finish: Some(Finish { tokens, line }) })?;
    let mut ring = vec![first.clone()];
    for _ in 1..actors {
        ring.push(system.spawn(Node { next: None, passed: 0, finish: None })?);
    }
    for (node, next) in ring.iter().zip(ring.iter().cycle().skip(1)) {
        node.tell(Join(next.clone()))?;
    }

    let start = Instant::now();
    first.tell_batch((0..tokens).map(|_| Token { laps }))?;
    let time = finished.recv()?.duration_since(start);

    let mut right = true;
    for node in &ring {
        right &= node.ask(Passed).wait()? == u64::from(tokens) * laps;
    }
    system.shutdown()?;
    let hops = u64::from(actors) * u64::from(tokens) * laps;
    let a_hop = time.checked_div(u32::try_from(hops).unwrap_or(u32::MAX)).unwrap_or_default();
    let table = ui::facts(&[
        ("actors", ui::count(actors.into())),
        ("tokens", ui::count(tokens.into())),
        ("hops", ui::count(hops)),
        ("time", ui::time(time)),
        ("throughput", format!("{} ({} a hop)", ui::rate(hops, time), ui::time(a_hop))),
        (
            "check",
            if right { "each actor saw each token in each lap" } else { "TOKENS WERE LOST" }.into(),
        ),
    ]);
    ui::print(&table.to_string())?;
    Ok(ui::checked(right))
}
