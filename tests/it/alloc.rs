//! Sends between two actors on one worker allocate nothing after warm-up; what comes and goes leaves nothing behind. A binary
//! of its own: its allocator counts.

use std::sync::{Mutex, MutexGuard, PoisonError, mpsc};

use zactor::prelude::*;
use zactor_tests::churn;
use zactor_tests::counting::{Counting, allocations, live_bytes};
use zactor_tests::watchdog::{PATIENCE, eventually};

#[global_allocator]
static COUNTING: Counting = Counting;

/// One test at a time: the allocator counts what all threads do.
static ALONE: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Sends `burst` numbers at a time to its partner, which does the same, `left` times in all.
#[derive(Message)]
struct Pass {
    left: u64,
    payload: [u64; 3],
}

#[derive(Message)]
struct Partner(ActorRef<Player>, mpsc::Sender<u64>);

/// Counts the allocations from its first message of a game to the last.
#[actor(Pass, Filler, Partner)]
struct Player {
    burst: u64,
    partner: Option<(ActorRef<Player>, mpsc::Sender<u64>)>,
    begun: Option<u64>,
}

#[derive(Message)]
struct Filler(#[expect(dead_code, reason = "some bytes")] [u8; 32]);

impl Handler<Partner> for Player {
    fn handle(&mut self, Partner(partner, done): Partner, _: &mut Context<Self>) {
        self.partner = Some((partner, done));
    }
}

impl Handler<Filler> for Player {
    fn handle(&mut self, _: Filler, _: &mut Context<Self>) {}
}

impl Handler<Pass> for Player {
    fn handle(&mut self, Pass { left, payload }: Pass, _: &mut Context<Self>) {
        let now = allocations();
        let begun = *self.begun.get_or_insert(now);
        let (partner, done) = self.partner.as_ref().unwrap();
        if left == 0 {
            self.begun = None;
            done.send(now - begun).unwrap();
            return;
        }
        for _ in 0..self.burst {
            partner.tell(Filler([7; 32])).unwrap();
        }
        partner.tell(Pass { left: left - 1, payload: payload.map(|n| n + 1) }).unwrap();
    }
}

/// Allocations in a game of `hops`; both players count, so twice those of the pair.
fn game(players: &[ActorRef<Player>; 2], results: &mpsc::Receiver<u64>, hops: u64) -> u64 {
    players[0].tell(Pass { left: hops, payload: [0; 3] }).unwrap();
    let counted = results.recv_timeout(PATIENCE).unwrap();
    // The other player still remembers when it began: an empty game of its own forgets it.
    let other = &players[usize::from(hops.is_multiple_of(2))];
    other.tell(Pass { left: 0, payload: [0; 3] }).unwrap();
    counted + results.recv_timeout(PATIENCE).unwrap()
}

#[test]
fn a_send_between_two_actors_on_one_worker_allocates_nothing_after_warm_up() {
    let _alone = alone();
    for burst in [0, 1, 40] {
        let system = ActorSystem::builder("t").workers(1).start().unwrap();
        let player = || system.spawn(Player { burst, partner: None, begun: None }).unwrap();
        let players = [player(), player()];
        let (done, results) = mpsc::channel();
        players[0].tell(Partner(players[1].clone(), done.clone())).unwrap();
        players[1].tell(Partner(players[0].clone(), done)).unwrap();
        let hops = if cfg!(debug_assertions) { 2_000 } else { 100_000 };
        game(&players, &results, hops); // warm-up
        for hops in [hops, 10 * hops] {
            // The channel of the result takes a block now and then; nothing per message.
            let counted = game(&players, &results, hops);
            assert!(counted <= 4, "{counted} allocations in {hops} hops of {burst} + 1 messages");
        }
        system.shutdown().unwrap();
    }
}

/// Adds up what it is asked to add; need not wait.
#[derive(Message)]
#[message(reply = u64)]
struct Add(u64);

#[actor(async Add)]
struct Sum(u64);

impl AsyncHandler<Add> for Sum {
    async fn handle(&mut self, Add(by): Add, _: &mut Context<Self>) -> u64 {
        let kept = [by; 16];
        std::future::ready(()).await;
        self.0 += kept[3];
        self.0
    }
}

/// Tells the sum so many numbers, then answers how many allocations there were since the first of them was handled.
#[derive(Message)]
struct Drive(u64, mpsc::Sender<u64>);

#[actor(async Drive)]
struct Driver(ActorRef<Sum>);

impl AsyncHandler<Drive> for Driver {
    async fn handle(&mut self, Drive(numbers, done): Drive, _: &mut Context<Self>) {
        self.0.ask(Add(0)).await.unwrap();
        let begun = allocations();
        for _ in 0..numbers {
            for _ in 0..9 {
                self.0.tell(Add(1)).unwrap();
            }
            // Pending: polled again in the same block.
            self.0.ask(Add(1)).await.unwrap();
        }
        done.send(allocations() - begun).unwrap();
    }
}

#[test]
fn an_async_handler_allocates_nothing_after_warm_up() {
    let _alone = alone();
    let system = ActorSystem::builder("t").workers(1).start().unwrap();
    let sum = system.spawn(Sum(0)).unwrap();
    let driver = system.spawn(Driver(sum)).unwrap();
    let (done, results) = mpsc::channel();
    let numbers = if cfg!(debug_assertions) { 500 } else { 20_000 };
    for warm in [false, true] {
        driver.tell(Drive(numbers, done.clone())).unwrap();
        let counted = results.recv_timeout(PATIENCE).unwrap();
        // The run queue takes a block now and then; nothing per message.
        assert!(!warm || counted <= 4, "{counted} allocations for {numbers} times ten messages");
    }
    system.shutdown().unwrap();
}

/// The bin `churn` shows it with a million actors and 10 M messages.
#[test]
fn actors_and_messages_that_come_and_go_leave_no_byte_behind() {
    let _alone = alone();
    let system = ActorSystem::builder("t").workers(2).start().unwrap();
    let actors = if cfg!(debug_assertions) { 5_000 } else { 50_000 };
    let round = || {
        churn::round(&system, actors);
        churn::flood(&system, 2 * u64::from(actors), || {});
    };
    // The first rounds make the tables and pools as large as they are needed.
    (0..3).for_each(|_| round());
    let lowest = std::cell::Cell::new(u64::MAX);
    let mut looks = 0;
    eventually("the looks", || {
        lowest.set(lowest.get().min(live_bytes()));
        looks += 1;
        looks == 400
    });
    // Some bytes for each actor or message of a round would be a hundred times as much.
    let limit = lowest.get() + u64::from(actors) / 4;
    for _ in 0..4 {
        round();
        eventually("memory goes back", || live_bytes() <= limit);
    }
    system.shutdown().unwrap();
}
