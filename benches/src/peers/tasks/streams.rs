//! Streams: `fan_in` and `fan_out`.

use tokio::task::yield_now;

use super::{Channel, runtime, sum_of};
use crate::measure::{Outcome, timed};
use crate::workloads::{BURST, Item, TAKE};

pub(super) fn fan_in<C: Channel>(senders: u64, messages: u64) -> Outcome {
    let runtime = runtime();
    timed(messages, |count| {
        let (to, from) = C::channel();
        for _ in 0..senders {
            runtime.spawn(send_all::<C>(to.clone(), count / senders));
        }
        drop(to);
        runtime.block_on(runtime.spawn(add_up::<C>(from))).expect("no task panics")
    })
}

pub(super) fn fan_out<C: Channel>(receivers: u64, messages: u64) -> Outcome {
    let runtime = runtime();
    timed(messages, |count| {
        let (to, from): (Vec<_>, Vec<_>) = (0..receivers).map(|_| C::channel()).unzip();
        let sums = from.into_iter().map(|from| runtime.spawn(add_up::<C>(from))).collect();
        runtime.spawn(deal::<C>(to, count));
        runtime.block_on(sum_of(sums))
    })
}

async fn send_all<C: Channel>(to: C::Sender<Item>, count: u64) {
    for value in 0..count {
        C::send(&to, Item::new(value)).await;
        rest::<C>(value).await;
    }
}

/// To each in turn.
async fn deal<C: Channel>(to: Vec<C::Sender<Item>>, count: u64) {
    for (value, to) in (0..count).zip(to.iter().cycle()) {
        C::send(to, Item::new(value)).await;
        rest::<C>(value).await;
    }
}

/// After a burst, others have their turn, if no full channel gives it to them.
async fn rest<C: Channel>(sent: u64) {
    if !C::WAITS && sent % BURST == BURST - 1 {
        yield_now().await;
    }
}

async fn add_up<C: Channel>(mut from: C::Receiver<Item>) -> u64 {
    let mut sum = 0;
    let mut items = Vec::with_capacity(TAKE);
    while C::receive_many(&mut from, &mut items, TAKE).await {
        sum += items.drain(..).map(|item| item.value).sum::<u64>();
    }
    sum
}
