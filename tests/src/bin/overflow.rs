//! S5 and S10 under pressure, at full size: `overflow [OFFERS]`. For each overflow policy 64 threads offer so many messages in
//! all to one slow actor, whose mailbox has one lane or three, while another thread looks how many are queued. Each message is
//! accounted for, per actor and in sum, each destructor once, order kept, and never more are queued than the capacity says.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::Instant;

use zactor::MessageCounts;
use zactor::prelude::*;
use zactor_tests::ledger::{Item, Ledger, balanced, balanced_at_rest};

const SENDERS: u32 = 64;
const CAPACITY: u32 = 1_024;
/// Steps that the handler takes for a message: it is slower than its senders.
const SLOW: u32 = 20;

#[derive(Message)]
struct Plain(Item);

#[derive(Message)]
#[message(priority = high)]
struct High(Item);

#[derive(Message)]
#[message(priority = low)]
struct Low(Item);

/// Which message of each sender was handled last, in each lane, and how many came out of order.
#[derive(Default)]
struct Order {
    last: Vec<[Option<u32>; 3]>,
    disorder: Arc<AtomicU64>,
}

impl Order {
    fn new(disorder: &Arc<AtomicU64>) -> Self {
        Order { last: vec![[None; 3]; SENDERS as usize], disorder: Arc::clone(disorder) }
    }

    fn see(&mut self, lane: usize, item: &Item) {
        item.handle();
        let last = self.last[item.from as usize][lane].replace(item.id);
        if last.is_some_and(|last| last >= item.id) {
            self.disorder.fetch_add(1, Relaxed);
        }
        (0..SLOW).for_each(|_| std::hint::spin_loop());
    }
}

/// One lane.
#[actor(Plain)]
struct Single(Order);

impl Handler<Plain> for Single {
    fn handle(&mut self, Plain(item): Plain, _: &mut Context<Self>) {
        self.0.see(0, &item);
    }
}

/// Three lanes.
#[actor(High, Plain, Low)]
struct Laned(Order);

impl Handler<High> for Laned {
    fn handle(&mut self, High(item): High, _: &mut Context<Self>) {
        self.0.see(0, &item);
    }
}

impl Handler<Plain> for Laned {
    fn handle(&mut self, Plain(item): Plain, _: &mut Context<Self>) {
        self.0.see(1, &item);
    }
}

impl Handler<Low> for Laned {
    fn handle(&mut self, Low(item): Low, _: &mut Context<Self>) {
        self.0.see(2, &item);
    }
}

/// Sends an item; gives back what was refused.
trait Receiver: Actor {
    fn offer(to: &ActorRef<Self>, item: Item) -> Option<Item>;
}

fn refused<M>(outcome: Result<(), SendError<M>>, item: impl FnOnce(M) -> Item) -> Option<Item> {
    outcome.err().map(|error| match error {
        SendError::Full(message) => item(message),
        error => panic!("the actor lives: {error}"),
    })
}

impl Receiver for Single {
    fn offer(to: &ActorRef<Self>, item: Item) -> Option<Item> {
        refused(to.tell(Plain(item)), |Plain(item)| item)
    }
}

impl Receiver for Laned {
    fn offer(to: &ActorRef<Self>, item: Item) -> Option<Item> {
        match item.id % 3 {
            0 => refused(to.tell(High(item)), |High(item)| item),
            1 => refused(to.tell(Plain(item)), |Plain(item)| item),
            _ => refused(to.tell(Low(item)), |Low(item)| item),
        }
    }
}

/// One policy; the actor's counters at the end.
fn run<A: Receiver>(policy: Overflow, offers: u32, make: fn(Order) -> A) -> MessageCounts {
    let config = SystemConfig { dead_letter_log: 0, ..Default::default() };
    let system = ActorSystem::builder("overflow").workers(2).config(config).start();
    let system = system.expect("a system");
    let disorder = Arc::default();
    let builder = system.actor_of(make(Order::new(&disorder))).mailbox_capacity(CAPACITY);
    let to = builder.overflow(policy).spawn().expect("a new system spawns");
    let each = offers / SENDERS;
    let ledger = Ledger::new((each * SENDERS) as usize);
    let (over, deepest) = (AtomicBool::new(false), AtomicU64::new(0));
    thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Relaxed) {
                let queued = system.inspect(to.id()).map_or(0, |info| info.messages.queued);
                deepest.fetch_max(queued, Relaxed);
                thread::yield_now();
            }
        });
        let senders: Vec<_> = (0..SENDERS)
            .map(|from| {
                let (to, ledger) = (&to, &ledger);
                scope.spawn(move || {
                    for id in from * each..(from + 1) * each {
                        if let Some(item) = A::offer(to, ledger.item(id, from)) {
                            item.give_back();
                        }
                    }
                })
            })
            .collect();
        senders.into_iter().for_each(|sender| sender.join().expect("it does not panic"));
        over.store(true, Relaxed);
    });
    to.drain().wait().expect("it ends");
    let own = system.inspect(to.id()).expect("the reference keeps its counters").messages;
    let all = system.shutdown().expect("it ends").stats.messages;
    balanced(&own);
    balanced_at_rest(&all);
    ledger.check_all();
    assert_eq!((all.offered, all.handled), (own.offered, own.handled), "in sum as per actor");
    assert_eq!(own.offered, u64::from(each * SENDERS), "{own:?}");
    assert_eq!((own.handled, own.rejected), (ledger.handled(), ledger.returned()), "{own:?}");
    assert_eq!(disorder.load(Relaxed), 0, "in order");
    let deepest = deepest.into_inner();
    assert!(deepest <= u64::from(CAPACITY), "{deepest} queued of {CAPACITY}");
    own
}

fn main() {
    let offers =
        std::env::args().nth(1).map_or(10_000_000, |count| count.parse().expect("a number"));
    println!("| lanes | policy | offered | handled | rejected | dead letters | evicted | s |");
    println!("|---|---|---:|---:|---:|---:|---:|---:|");
    for lanes in [1, 3] {
        for policy in [Overflow::Fail, Overflow::Block, Overflow::DropNew, Overflow::DropOld] {
            let begin = Instant::now();
            let counts =
                if lanes == 1 { run(policy, offers, Single) } else { run(policy, offers, Laned) };
            let MessageCounts { offered, handled, rejected, dead_lettered, evicted, .. } = counts;
            let time = begin.elapsed().as_secs_f64();
            println!(
                "| {lanes} | {policy:?} | {offered} | {handled} | {rejected} | {dead_lettered} | {evicted} | {time:.1} |"
            );
        }
    }
}
