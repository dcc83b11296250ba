//! Messages that cause messages: `balls` and `big`.

use super::{Channel, runtime, sum_of};
use crate::measure::{Outcome, timed};
use crate::workloads::Item;

pub(super) fn balls<C: Channel>(rings: u64, players: u64, hops: u64) -> Outcome {
    let runtime = runtime();
    timed(hops, |count| {
        let count = (count / rings).max(1);
        runtime.block_on(async {
            let mut games = Vec::new();
            for _ in 0..rings {
                let (mut to, from): (Vec<_>, Vec<_>) = (0..players).map(|_| C::channel()).unzip();
                C::send(&to[0], Item::new(count)).await;
                to.rotate_left(1);
                games.extend(from.into_iter().zip(to).map(|(from, to)| play::<C>(from, to)));
            }
            sum_of(games.into_iter().map(tokio::spawn).collect()).await
        })
    })
}

/// Returns how often the ball came. Who takes the last hop lets go of the next one's channel, and so the game ends.
async fn play<C: Channel>(mut from: C::Receiver<Item>, to: C::Sender<Item>) -> u64 {
    let mut hits = 0;
    while let Some(ball) = C::receive(&mut from).await {
        hits += 1;
        if ball.value == 1 {
            break;
        }
        C::send(&to, Item::new(ball.value - 1)).await;
    }
    hits
}

pub(super) fn big<C: Channel>(actors: u64, messages: u64) -> Outcome {
    let runtime = runtime();
    timed(messages, |count| {
        let rounds = (count / (actors * (actors - 1))).max(1);
        let (to, from): (Vec<_>, Vec<_>) = (0..actors).map(|_| C::channel()).unzip();
        let mut tasks = Vec::new();
        for (own, from) in from.into_iter().enumerate() {
            let mut others = to.clone();
            others.swap_remove(own);
            tasks.push(runtime.spawn(to_each::<C>(from, others, rounds)));
        }
        runtime.block_on(sum_of(tasks))
    })
}

/// Returns how many messages came.
async fn to_each<C: Channel>(
    mut from: C::Receiver<Item>,
    others: Vec<C::Sender<Item>>,
    rounds: u64,
) -> u64 {
    let mut came = 0;
    for round in 0..rounds {
        for other in &others {
            C::send(other, Item::new(round)).await;
        }
        for _ in &others {
            came += u64::from(C::receive(&mut from).await.is_some());
        }
    }
    came
}
