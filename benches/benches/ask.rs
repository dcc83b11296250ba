//! What does an answer cost: asked by an actor on the same worker, asked by a thread that waits for it?

use std::hint::black_box;
use std::sync::mpsc;
use std::time::Instant;

use criterion::{Criterion, criterion_group, criterion_main};
use zactor::prelude::*;
use zactor_benches::actors::service::{AskFor, Asker, Asking, Request, Service};
use zactor_benches::measure::Latencies;

fn inside(criterion: &mut Criterion) {
    let system = ActorSystem::builder("ask").workers(1).start().expect("a thread can be started");
    let service = system.spawn(Service).expect("the system runs");
    let asker = system.spawn(Asker::new(service)).expect("the system runs");
    criterion.bench_function("ask, then: one worker", |bencher| {
        bencher.iter_custom(|count| {
            let (done, answer) = mpsc::channel();
            let round = Asking { count, latencies: Latencies::default(), done };
            let start = Instant::now();
            asker.tell(AskFor(Box::new(round))).expect("it lives");
            black_box(answer.recv().expect("it lives").0);
            start.elapsed()
        });
    });
}

fn outside(criterion: &mut Criterion) {
    let system = ActorSystem::start("ask").expect("threads can be started");
    let service = system.spawn(Service).expect("the system runs");
    criterion.bench_function("ask, wait: from outside", |bencher| {
        bencher.iter(|| black_box(service.ask(Request::new(1)).wait().expect("it answers")));
    });
}

criterion_group!(ask, inside, outside);
criterion_main!(ask);
