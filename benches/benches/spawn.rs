//! What does an actor cost from its spawn to its end?

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use zactor::prelude::*;
use zactor_benches::actors::stream::Receiver;

fn spawn(criterion: &mut Criterion) {
    let system = ActorSystem::start("spawn").expect("threads can be started");
    criterion.bench_function("spawn, stop, wait: from outside", |bencher| {
        bencher.iter(|| {
            let actor = system.spawn(Receiver::default()).expect("the system runs");
            black_box(actor.stop().wait().expect("it stops"))
        });
    });
    criterion.bench_function("spawn 1,000, stop 1,000: from outside", |bencher| {
        bencher.iter(|| {
            let actors: Vec<ActorRef<Receiver>> = (0..1_000)
                .map(|_| system.spawn(Receiver::default()).expect("the system runs"))
                .collect();
            let stops: Vec<_> = actors.iter().map(ActorRef::stop).collect();
            for stop in stops {
                let _ = black_box(stop.wait());
            }
        });
    });
}

criterion_group!(spawning, spawn);
criterion_main!(spawning);
