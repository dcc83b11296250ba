//! kameo: actors as tasks of tokio, each with a mailbox, handlers are async.
//!
//! On the runtime of `#[tokio::main]`, with the mailbox that `spawn` gives (64 messages, a send waits for room).

use std::sync::mpsc;
use std::time::Instant;

use kameo::prelude::*;

use super::outside::Tally;
use super::{Peer, tasks};
use crate::measure::{Latencies, Outcome, SAMPLE, timed};
use crate::memory;
use crate::workloads::{Item, tell_1to1::BURST};

/// The peer.
pub(super) struct Kameo;

impl Peer for Kameo {
    fn name(&self) -> &'static str {
        "kameo"
    }

    fn tell_1to1(&self, messages: u64) -> Option<Outcome> {
        let runtime = tasks::runtime();
        let _inside = runtime.enter();
        let receiver = Receiver::spawn(Receiver::default());
        let sender = Sender::spawn(Sender { to: receiver.clone(), next: 0, end: 0 });
        Some(timed(messages, |count| {
            let (done, sum) = mpsc::channel();
            receiver.tell(Expect { count, done }).blocking_send().expect("the receiver lives");
            sender.tell(Produce(count)).blocking_send().expect("the sender lives");
            sum.recv().expect("the receiver lives")
        }))
    }

    fn pingpong(&self, hops: u64) -> Option<Outcome> {
        let runtime = tasks::runtime();
        let _inside = runtime.enter();
        let players = [Player::spawn(Player::default()), Player::spawn(Player::default())];
        Some(timed(hops, |count| {
            let (done, hits) = mpsc::channel();
            for (player, other) in [(0, 1), (1, 0)] {
                let play = Play { to: players[other].clone(), done: done.clone() };
                players[player].tell(play).blocking_send().expect("the player lives");
            }
            let serve = Item { value: count, from: 0 };
            players[0].tell(serve).blocking_send().expect("the player lives");
            hits.recv().expect("a player lives") + hits.recv().expect("a player lives")
        }))
    }

    fn ask_in(&self, asks: u64) -> Option<Outcome> {
        let runtime = tasks::runtime();
        let _inside = runtime.enter();
        let to = Service::spawn(Service);
        let mut latencies = Latencies::default();
        let outcome = timed(asks, |count| {
            let asker = runtime.spawn(ask_one_by_one(to.clone(), count));
            let (sum, taken) = runtime.block_on(asker).expect("the asker does not panic");
            latencies = taken;
            sum
        });
        Some(outcome.with_latencies(&latencies))
    }

    fn spawn_idle(&self, actors: u64) -> Option<Outcome> {
        let runtime = tasks::runtime();
        let _inside = runtime.enter();
        let (started, told) = (Tally::default(), Tally::default());
        let mut references = Vec::with_capacity(usize::try_from(actors).ok()?);
        let before = memory::resident();
        let start = Instant::now();
        for state in 0..actors {
            let (started, told) = (started.clone(), told.clone());
            references.push(Idle::spawn(Idle { state, started, told }));
        }
        started.wait_for(actors);
        let elapsed = start.elapsed();
        let bytes = memory::grown_per(actors, before);
        for (to, value) in references.iter().zip(0..) {
            to.tell(Item { value, from: 0 }).blocking_send().expect("the actor lives");
        }
        Some(Outcome::new(actors, elapsed, told.wait_for(actors)).with_bytes(bytes))
    }
}

struct Expect {
    count: u64,
    done: mpsc::Sender<u64>,
}

#[derive(Actor, Default)]
struct Receiver {
    left: u64,
    sum: u64,
    done: Option<mpsc::Sender<u64>>,
}

impl Message<Expect> for Receiver {
    type Reply = ();
    async fn handle(&mut self, expect: Expect, _: &mut Context<Self, ()>) {
        *self = Self { left: expect.count, sum: 0, done: Some(expect.done) };
    }
}

impl Message<Item> for Receiver {
    type Reply = ();
    async fn handle(&mut self, item: Item, _: &mut Context<Self, ()>) {
        self.sum += item.value;
        self.left -= 1;
        if self.left == 0
            && let Some(done) = self.done.take()
        {
            let _ = done.send(self.sum);
        }
    }
}

struct Produce(u64);
struct Continue;

#[derive(Actor)]
struct Sender {
    to: ActorRef<Receiver>,
    next: u64,
    end: u64,
}

impl Message<Produce> for Sender {
    type Reply = ();
    async fn handle(&mut self, Produce(count): Produce, ctx: &mut Context<Self, ()>) {
        (self.next, self.end) = (0, count);
        let _ = ctx.actor_ref().tell(Continue).await;
    }
}

impl Message<Continue> for Sender {
    type Reply = ();
    async fn handle(&mut self, _: Continue, ctx: &mut Context<Self, ()>) {
        let stop = self.end.min(self.next + BURST);
        for value in self.next..stop {
            let _ = self.to.tell(Item { value, from: 0 }).await;
        }
        self.next = stop;
        if self.next < self.end {
            let _ = ctx.actor_ref().tell(Continue).await;
        }
    }
}

struct Play {
    to: ActorRef<Player>,
    done: mpsc::Sender<u64>,
}

#[derive(Actor, Default)]
struct Player {
    hits: u64,
    game: Option<Play>,
}

impl Message<Play> for Player {
    type Reply = ();
    async fn handle(&mut self, play: Play, _: &mut Context<Self, ()>) {
        *self = Self { hits: 0, game: Some(play) };
    }
}

impl Message<Item> for Player {
    type Reply = ();
    async fn handle(&mut self, ball: Item, _: &mut Context<Self, ()>) {
        let Some(game) = &self.game else { return };
        if ball.value > 0 {
            self.hits += 1;
            let _ = game.to.tell(Item { value: ball.value - 1, from: 0 }).await;
        }
        if ball.value <= 1 {
            let _ = game.done.send(self.hits);
        }
    }
}

#[derive(Actor)]
struct Service;

struct Request(Item);

impl Message<Request> for Service {
    type Reply = u64;
    async fn handle(&mut self, Request(item): Request, _: &mut Context<Self, u64>) -> u64 {
        item.value + 1
    }
}

async fn ask_one_by_one(to: ActorRef<Service>, count: u64) -> (u64, Latencies) {
    let (mut sum, mut latencies) = (0, Latencies::default());
    for value in 0..count {
        let start = (value % SAMPLE == 0).then(Instant::now);
        let request = Request(Item { value, from: 0 });
        sum += to.ask(request).await.expect("each request is answered");
        if let Some(start) = start {
            latencies.record(start.elapsed());
        }
    }
    (sum, latencies)
}

struct Idle {
    state: u64,
    started: Tally,
    told: Tally,
}

impl Actor for Idle {
    type Args = Self;
    type Error = std::convert::Infallible;

    async fn on_start(idle: Self, _: ActorRef<Self>) -> Result<Self, Self::Error> {
        idle.started.count();
        Ok(idle)
    }
}

impl Message<Item> for Idle {
    type Reply = ();
    async fn handle(&mut self, item: Item, _: &mut Context<Self, ()>) {
        let old = self.state;
        self.state = old.wrapping_add(item.value);
        self.told.add(self.state - old);
    }
}
