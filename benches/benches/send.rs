//! What does a message cost on its way: filled with bytes, told by an actor, told from outside?

use std::hint::black_box;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use zactor::message::{ActorId, FastMessage};
use zactor::prelude::*;
use zactor_benches::actors::players::{Play, Player};
use zactor_benches::actors::stream::{Expect, Item, Produce, Receiver, Sender};

fn bytes(criterion: &mut Criterion) {
    let payload = [7_u8; 16];
    criterion.bench_function("FastMessage: new, set_data, data_bytes", |bencher| {
        bencher.iter(|| {
            let mut message = FastMessage::new(ActorId::NONE, ActorId::NONE, 1);
            let _ = black_box(message.set_data(black_box(&payload)));
            black_box(black_box(&message).data_bytes().map(<[u8]>::len))
        });
    });
}

fn tell(criterion: &mut Criterion) {
    let system = ActorSystem::builder("send").workers(1).start().expect("a thread can be started");
    let receiver = system.spawn(Receiver::default()).expect("the system runs");
    let sender = system.spawn(Sender::new(receiver.clone())).expect("the system runs");
    criterion.bench_function("tell, handle: one worker", |bencher| {
        bencher.iter_custom(|count| {
            timed(count, &receiver, || sender.tell(Produce(count)).expect("it lives"))
        });
    });
    criterion.bench_function("tell, handle: from outside", |bencher| {
        bencher.iter_custom(|count| timed(count, &receiver, || tell_all(count, &receiver)));
    });
}

/// Yields when the mailbox is full.
fn tell_all(count: u64, to: &ActorRef<Receiver>) {
    for value in 0..count {
        let mut item = Item::new(value);
        while let Err(refused) = to.tell(item) {
            item = refused.into_inner();
            std::thread::yield_now();
        }
    }
}

/// From `send` until the receiver has handled `count` items.
fn timed(count: u64, receiver: &ActorRef<Receiver>, send: impl FnOnce()) -> Duration {
    let (done, sum) = mpsc::channel();
    receiver.tell(Expect { count, done }).expect("it lives");
    let start = Instant::now();
    send();
    black_box(sum.recv().expect("it lives"));
    start.elapsed()
}

fn hop(criterion: &mut Criterion) {
    let system = ActorSystem::builder("hop").workers(1).start().expect("a thread can be started");
    let ping = system.spawn(Player::default()).expect("the system runs");
    let pong = system.spawn(Player::default()).expect("the system runs");
    criterion.bench_function("hop of a ball: one worker", |bencher| {
        bencher.iter_custom(|count| {
            let (done, hits) = mpsc::channel();
            for (player, other) in [(&ping, &pong), (&pong, &ping)] {
                let play = Play { to: other.clone(), done: done.clone() };
                player.tell(play).expect("it lives");
            }
            let start = Instant::now();
            ping.tell(Item::new(count)).expect("it lives");
            black_box((hits.recv().expect("it lives"), hits.recv().expect("it lives")));
            start.elapsed()
        });
    });
}

criterion_group!(send, bytes, tell, hop);
criterion_main!(send);
