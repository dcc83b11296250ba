//! What does it cost to put a value into a queue and to take it out again?

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use zactor::queue::{mpsc, spsc};

/// Values that are put in before the first is taken out.
const BURST: u64 = 64;

fn ring(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("spsc");
    group.throughput(Throughput::Elements(BURST));
    let (mut producer, mut consumer) = spsc::channel::<[u64; 2]>(1_024).expect("a good capacity");
    group.bench_function("push, pop", |bencher| {
        bencher.iter(|| {
            for value in 0..BURST {
                let _ = black_box(producer.push([value, 0]));
            }
            for _ in 0..BURST {
                black_box(consumer.pop());
            }
        });
    });
    group.bench_function("push_deferred, flush, pop", |bencher| {
        bencher.iter(|| {
            for value in 0..BURST {
                let _ = black_box(producer.push_deferred([value, 0]));
            }
            producer.flush();
            for _ in 0..BURST {
                black_box(consumer.pop());
            }
        });
    });
    group.finish();
}

fn intrusive(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("mpsc");
    group.throughput(Throughput::Elements(BURST));
    let (sender, mut receiver) = mpsc::channel::<[u64; 2]>(1_024).expect("a good capacity");
    group.bench_function("push, pop", |bencher| {
        bencher.iter(|| {
            for value in 0..BURST {
                let _ = black_box(sender.push([value, 0]));
            }
            for _ in 0..BURST {
                black_box(receiver.pop());
            }
        });
    });
    group.finish();
}

criterion_group!(queue, ring, intrusive);
criterion_main!(queue);
