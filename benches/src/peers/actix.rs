//! actix: actors with a mailbox each on the one thread of an arbiter.
//!
//! `do_send` is its tell; it does not look at the capacity of a mailbox. All actors of a workload are on one arbiter:
//! faster than one each on all four workloads, for no line of cache and no wake-up crosses the cores.

use std::sync::mpsc;
use std::time::Instant;

use actix::prelude::*;
use tokio::task::yield_now;

use super::Peer;
use super::outside::Tally;
use crate::measure::{Latencies, Outcome, SAMPLE, timed, timed_async};
use crate::memory;
use crate::workloads::{self, tell_1to1::BURST};

/// The peer.
pub(super) struct Actix;

impl Peer for Actix {
    fn name(&self) -> &'static str {
        "actix"
    }

    fn tell_1to1(&self, messages: u64) -> Option<Outcome> {
        let arbiter = Arbiters::start();
        let receiver = arbiter.spawn(Receiver::default);
        let to = receiver.clone();
        let sender = arbiter.spawn(move || Sender { to, next: 0, end: 0 });
        Some(timed(messages, |count| {
            let (done, sum) = mpsc::channel();
            receiver.do_send(Expect { count, done });
            sender.do_send(Produce(count));
            sum.recv().expect("the receiver lives")
        }))
    }

    fn pingpong(&self, hops: u64) -> Option<Outcome> {
        let arbiter = Arbiters::start();
        let players = [arbiter.spawn(Player::default), arbiter.spawn(Player::default)];
        Some(timed(hops, |count| {
            let (done, hits) = mpsc::channel();
            for (player, other) in [(0, 1), (1, 0)] {
                players[player].do_send(Play { to: players[other].clone(), done: done.clone() });
            }
            players[0].do_send(Item(workloads::Item { value: count, from: 0 }));
            hits.recv().expect("a player lives") + hits.recv().expect("a player lives")
        }))
    }

    fn ask_in(&self, asks: u64) -> Option<Outcome> {
        let arbiter = Arbiters::start();
        let to = arbiter.spawn(|| Service);
        let (done, outcome) = mpsc::channel();
        arbiter.arbiter.spawn_fn(move || {
            actix::spawn(async move {
                let mut latencies = Latencies::default();
                let asking = async |count| ask_one_by_one(&to, count, &mut latencies).await;
                let outcome = timed_async(asks, asking).await;
                let _ = done.send(outcome.with_latencies(&latencies));
            });
        });
        outcome.recv().ok()
    }

    fn spawn_idle(&self, actors: u64) -> Option<Outcome> {
        let arbiter = Arbiters::start();
        let (started, told) = (Tally::default(), Tally::default());
        let count = usize::try_from(actors).ok()?;
        let before = memory::resident();
        let (done, references) = mpsc::channel();
        let start = Instant::now();
        let tallies = (started.clone(), told.clone());
        arbiter.arbiter.spawn(async move {
            let mut references = Vec::with_capacity(count);
            for state in 0..actors {
                let (started, told) = tallies.clone();
                references.push(Idle { state, started, told }.start());
            }
            let _ = done.send(references);
        });
        let references = references.recv().ok()?;
        started.wait_for(actors);
        let elapsed = start.elapsed();
        let bytes = memory::grown_per(actors, before);
        for (to, value) in references.iter().zip(0..) {
            to.do_send(Item(workloads::Item { value, from: 0 }));
        }
        Some(Outcome::new(actors, elapsed, told.wait_for(actors)).with_bytes(bytes))
    }
}

/// The system of actix and one arbiter of it.
struct Arbiters {
    arbiter: ArbiterHandle,
    _system: SystemRunner,
}

impl Arbiters {
    fn start() -> Self {
        let system = System::new();
        Self { arbiter: Arbiter::new().handle(), _system: system }
    }

    fn spawn<A>(&self, make: impl FnOnce() -> A + Send + 'static) -> Addr<A>
    where
        A: Actor<Context = Context<A>>,
    {
        A::start_in_arbiter(&self.arbiter, |_| make())
    }
}

#[derive(Message)]
#[rtype(result = "()")]
struct Item(workloads::Item);

#[derive(Message)]
#[rtype(result = "()")]
struct Expect {
    count: u64,
    done: mpsc::Sender<u64>,
}

#[derive(Default)]
struct Receiver {
    left: u64,
    sum: u64,
    done: Option<mpsc::Sender<u64>>,
}

impl Actor for Receiver {
    type Context = Context<Self>;
}

impl Handler<Expect> for Receiver {
    type Result = ();
    fn handle(&mut self, expect: Expect, _: &mut Self::Context) {
        *self = Self { left: expect.count, sum: 0, done: Some(expect.done) };
    }
}

impl Handler<Item> for Receiver {
    type Result = ();
    fn handle(&mut self, Item(item): Item, _: &mut Self::Context) {
        self.sum += item.value;
        self.left -= 1;
        if self.left == 0
            && let Some(done) = self.done.take()
        {
            let _ = done.send(self.sum);
        }
    }
}

#[derive(Message)]
#[rtype(result = "()")]
struct Produce(u64);

struct Sender {
    to: Addr<Receiver>,
    next: u64,
    end: u64,
}

impl Actor for Sender {
    type Context = Context<Self>;
}

impl Handler<Produce> for Sender {
    type Result = ();
    fn handle(&mut self, Produce(count): Produce, ctx: &mut Self::Context) {
        (self.next, self.end) = (0, count);
        self.burst(ctx);
    }
}

impl Sender {
    /// A message to itself would come before all others on the arbiter; a yield lets them have their turn.
    fn burst(&mut self, ctx: &mut Context<Self>) {
        let stop = self.end.min(self.next + BURST);
        for value in self.next..stop {
            self.to.do_send(Item(workloads::Item { value, from: 0 }));
        }
        self.next = stop;
        if self.next < self.end {
            ctx.spawn(yield_now().into_actor(self).map(|(), this, ctx| this.burst(ctx)));
        }
    }
}

#[derive(Message)]
#[rtype(result = "()")]
struct Play {
    to: Addr<Player>,
    done: mpsc::Sender<u64>,
}

#[derive(Default)]
struct Player {
    hits: u64,
    game: Option<Play>,
}

impl Actor for Player {
    type Context = Context<Self>;
}

impl Handler<Play> for Player {
    type Result = ();
    fn handle(&mut self, play: Play, _: &mut Self::Context) {
        *self = Self { hits: 0, game: Some(play) };
    }
}

impl Handler<Item> for Player {
    type Result = ();
    fn handle(&mut self, Item(ball): Item, _: &mut Self::Context) {
        let Some(game) = &self.game else { return };
        if ball.value > 0 {
            self.hits += 1;
            game.to.do_send(Item(workloads::Item { value: ball.value - 1, from: 0 }));
        }
        if ball.value <= 1 {
            let _ = game.done.send(self.hits);
        }
    }
}

#[derive(Message)]
#[rtype(result = "u64")]
struct Request(workloads::Item);

struct Service;

impl Actor for Service {
    type Context = Context<Self>;
}

impl Handler<Request> for Service {
    type Result = u64;
    fn handle(&mut self, Request(item): Request, _: &mut Self::Context) -> u64 {
        item.value + 1
    }
}

async fn ask_one_by_one(to: &Addr<Service>, count: u64, latencies: &mut Latencies) -> u64 {
    let mut sum = 0;
    for value in 0..count {
        let start = (value % SAMPLE == 0).then(Instant::now);
        let request = Request(workloads::Item { value, from: 0 });
        sum += to.send(request).await.expect("each request is answered");
        if let Some(start) = start {
            latencies.record(start.elapsed());
        }
    }
    sum
}

struct Idle {
    state: u64,
    started: Tally,
    told: Tally,
}

impl Actor for Idle {
    type Context = Context<Self>;

    fn started(&mut self, _: &mut Self::Context) {
        self.started.count();
    }
}

impl Handler<Item> for Idle {
    type Result = ();
    fn handle(&mut self, Item(item): Item, _: &mut Self::Context) {
        let old = self.state;
        self.state = old.wrapping_add(item.value);
        self.told.add(self.state - old);
    }
}
