//! A thread for each actor, and the bounded channel of crossbeam: what one would write without any runtime.
//!
//! Capacity 1,024. A thread has no handlers: the sender of a stream loops and waits for room. `spawn_idle` and
//! `fork_join` have no form here, a thread is no small thing.

use std::thread::{self, JoinHandle};

use crossbeam_channel::{Receiver, Sender, bounded};

use super::Peer;
use crate::measure::{Latencies, Outcome, SAMPLE, timed};
use crate::workloads::Item;

const CAPACITY: usize = 1_024;

/// The peer.
pub(super) struct Threads;

impl Peer for Threads {
    fn name(&self) -> &'static str {
        "threads"
    }

    fn fan_in(&self, senders: u64, messages: u64) -> Option<Outcome> {
        Some(timed(messages, |count| {
            let (to, from) = bounded(CAPACITY);
            for _ in 0..senders {
                let to = to.clone();
                thread::spawn(move || (0..count / senders).for_each(|value| send(&to, value)));
            }
            drop(to);
            add_up(&from)
        }))
    }

    fn fan_out(&self, receivers: u64, messages: u64) -> Option<Outcome> {
        Some(timed(messages, |count| {
            let (to, from): (Vec<_>, Vec<_>) = (0..receivers).map(|_| bounded(CAPACITY)).unzip();
            let sums = from.into_iter().map(|from| thread::spawn(move || add_up(&from))).collect();
            thread::spawn(move || {
                for (value, to) in (0..count).zip(to.iter().cycle()) {
                    send(to, value);
                }
            });
            sum_of(sums)
        }))
    }

    fn balls(&self, rings: u64, players: u64, hops: u64) -> Option<Outcome> {
        Some(timed(hops, |count| {
            let count = (count / rings).max(1);
            let mut games = Vec::new();
            for _ in 0..rings {
                let (mut to, from): (Vec<_>, Vec<_>) =
                    (0..players).map(|_| bounded(CAPACITY)).unzip();
                send(&to[0], count);
                to.rotate_left(1);
                let players = from.into_iter().zip(to);
                games.extend(players.map(|(from, to)| thread::spawn(move || play(&from, &to))));
            }
            sum_of(games)
        }))
    }

    fn big(&self, actors: u64, messages: u64) -> Option<Outcome> {
        Some(timed(messages, |count| {
            let rounds = (count / (actors * (actors - 1))).max(1);
            let (to, from): (Vec<_>, Vec<_>) = (0..actors).map(|_| bounded(CAPACITY)).unzip();
            let mut threads = Vec::new();
            for (own, from) in from.into_iter().enumerate() {
                let mut others = to.clone();
                others.swap_remove(own);
                threads.push(thread::spawn(move || to_each(&from, &others, rounds)));
            }
            sum_of(threads)
        }))
    }

    fn ask_in(&self, asks: u64) -> Option<Outcome> {
        let to = serve();
        let mut latencies = Latencies::default();
        let outcome = timed(asks, |count| {
            let to = to.clone();
            let asker = thread::spawn(move || ask_one_by_one(&to, count));
            let (sum, taken) = asker.join().expect("no thread panics");
            latencies = taken;
            sum
        });
        Some(outcome.with_latencies(&latencies))
    }

    fn ask_out(&self, asks: u64) -> Option<Outcome> {
        let to = serve();
        let mut latencies = Latencies::default();
        let outcome = timed(asks, |count| {
            latencies = Latencies::default();
            latencies.sum_timed(count, |value| ask(&to, value))
        });
        Some(outcome.with_latencies(&latencies))
    }
}

fn send(to: &Sender<Item>, value: u64) {
    let _ = to.send(Item::new(value));
}

fn sum_of(threads: Vec<JoinHandle<u64>>) -> u64 {
    threads.into_iter().map(|thread| thread.join().expect("no thread panics")).sum()
}

fn add_up(from: &Receiver<Item>) -> u64 {
    from.iter().map(|item| item.value).sum()
}

/// Returns how often the ball came. Who takes the last hop lets go of the next one's channel, and so the game ends.
fn play(from: &Receiver<Item>, to: &Sender<Item>) -> u64 {
    let mut hits = 0;
    for ball in from {
        hits += 1;
        if ball.value == 1 {
            break;
        }
        send(to, ball.value - 1);
    }
    hits
}

/// Returns how many messages came.
fn to_each(from: &Receiver<Item>, others: &[Sender<Item>], rounds: u64) -> u64 {
    let mut came = 0;
    for round in 0..rounds {
        others.iter().for_each(|other| send(other, round));
        came += others.iter().filter(|_| from.recv().is_ok()).count() as u64;
    }
    came
}

/// A request with the way back.
type Request = (Item, Sender<u64>);

fn serve() -> Sender<Request> {
    let (to, from) = bounded::<Request>(CAPACITY);
    thread::spawn(move || {
        for (item, reply) in from {
            let _ = reply.send(item.value + 1);
        }
    });
    to
}

fn ask(to: &Sender<Request>, value: u64) -> u64 {
    let (reply, answer) = bounded(1);
    let _ = to.send((Item::new(value), reply));
    answer.recv().expect("each request is answered")
}

fn ask_one_by_one(to: &Sender<Request>, count: u64) -> (u64, Latencies) {
    let (mut sum, mut latencies) = (0, Latencies::default());
    for value in 0..count {
        if value.is_multiple_of(SAMPLE) {
            sum += latencies.timed(|| ask(to, value));
        } else {
            sum += ask(to, value);
        }
    }
    (sum, latencies)
}
