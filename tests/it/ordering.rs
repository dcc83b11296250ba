//! Order, exactly-once, visibility, one at a time: S1, S3, S7, S8.

use std::cell::UnsafeCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread;

use crate::support::*;
use zactor::prelude::*;

/// Remembers the last number of each sender; counts what is out of order and what is missing.
#[actor(Item)]
struct Sorter {
    last: Vec<i64>,
    gaps: Arc<AtomicU64>,
}

impl Sorter {
    fn new(senders: usize, gaps: &Arc<AtomicU64>) -> Self {
        Self { last: vec![-1; senders], gaps: Arc::clone(gaps) }
    }
}

impl Handler<Item> for Sorter {
    fn handle(&mut self, item: Item, _: &mut Context<Self>) {
        item.handle();
        let last = &mut self.last[item.from as usize];
        if *last >= 0 && i64::from(item.id) != *last + 1 {
            self.gaps.fetch_add(1, Relaxed);
        }
        *last = i64::from(item.id);
    }
}

#[derive(Message)]
struct Go;

/// Sends its share to every target in turn, some in each of its turns.
#[actor(Go)]
struct Source {
    ledger: Arc<Ledger>,
    target: ActorRef<Sorter>,
    from: u32,
    next: u32,
    end: u32,
}

impl Handler<Go> for Source {
    fn handle(&mut self, _: Go, ctx: &mut Context<Self>) {
        let until = self.end.min(self.next + 10);
        for id in self.next..until {
            self.target.tell(self.ledger.item(id, self.from)).unwrap();
        }
        self.next = until;
        if self.next < self.end {
            ctx.tell_self(Go).unwrap();
        }
    }
}

#[test]
fn s01_messages_of_one_actor_keep_their_order_across_stealing() {
    let each = scaled(5_000, 100_000);
    let system = system_with(4, PerformanceConfig { batch_size: 8, ..Default::default() });
    let gaps = Arc::default();
    let ledger = Ledger::new(16 * each as usize);
    let targets: Vec<_> = (0..4)
        .map(|_| system.actor_of(Sorter::new(16, &gaps)).unbounded().spawn().unwrap())
        .collect();
    let sources: Vec<_> = (0..16_u32)
        .map(|from| {
            let target = targets[from as usize % 4].clone();
            let (next, end) = (from * each, (from + 1) * each);
            system.spawn(Source { ledger: ledger.clone(), target, from, next, end }).unwrap()
        })
        .collect();
    for source in &sources {
        source.tell(Go).unwrap();
    }
    let all = 16 * u64::from(each);
    while_moving("items", || ledger.drops(), || ledger.drops() == all);
    assert_eq!(gaps.load(Relaxed), 0);
    ledger.check_all();
    assert_eq!(ledger.handled(), all);
    finish(&system);
}

#[test]
fn s01_messages_of_one_thread_keep_their_order_single_and_in_batches() {
    let each = scaled(20_000, 250_000);
    let system = system(2);
    let gaps = Arc::default();
    let ledger = Ledger::new(4 * each as usize);
    let target = system.actor_of(Sorter::new(4, &gaps)).unbounded().spawn().unwrap();
    thread::scope(|scope| {
        for from in 0..4 {
            let (ledger, target) = (&ledger, &target);
            scope.spawn(move || {
                let mut rng = Rng::new(u64::from(from));
                let (mut next, end) = (from * each, (from + 1) * each);
                while next < end {
                    let size = (1 + rng.below(200)).min(end - next);
                    if rng.one_in(2) {
                        let sent =
                            target.tell_batch((next..next + size).map(|id| ledger.item(id, from)));
                        assert_eq!(sent.unwrap(), size as usize);
                    } else {
                        (next..next + size)
                            .for_each(|id| target.tell(ledger.item(id, from)).unwrap());
                    }
                    next += size;
                }
            });
        }
    });
    target.drain().wait().unwrap();
    assert_eq!(gaps.load(Relaxed), 0);
    assert_eq!(ledger.handled(), 4 * u64::from(each));
    ledger.check_all();
    finish(&system);
}

#[test]
fn s01_a_million_messages_of_one_sender() {
    let system = system(1);
    let gaps = Arc::default();
    let ledger = Ledger::new(1_000_000);
    let target = system.actor_of(Sorter::new(1, &gaps)).unbounded().spawn().unwrap();
    for id in 0..1_000_000 {
        target.tell(ledger.item(id, 0)).unwrap();
    }
    target.drain().wait().unwrap();
    assert_eq!((gaps.load(Relaxed), ledger.handled()), (0, 1_000_000));
    ledger.check_all();
    assert_eq!(counts(&system, &target).handled, 1_000_000);
    finish(&system);
}

#[test]
fn s01_a_self_send_stands_behind_what_was_sent_before() {
    let system = system(1);
    let journal = Journal::default();
    let lab = system.spawn(Lab::named("lab", &journal)).unwrap();
    let held = hold(&lab);
    let own = journal.clone();
    lab.tell(job(move |_, ctx| ctx.tell_self(Noted::new("own", &own)).unwrap())).unwrap();
    lab.tell(Noted::new("before", &journal)).unwrap();
    drop(held);
    settle(&lab); // a drain that came before its own send would refuse that
    lab.drain().wait().unwrap();
    let handled: Vec<_> =
        journal.entries().into_iter().filter(|entry| entry.starts_with("handle")).collect();
    assert_eq!(handled, ["handle before", "handle own"]);
}

#[test]
fn s03_a_message_whose_handler_panicked_is_never_delivered_again() {
    let system = system(2);
    for _ in 0..scaled(50, 1_000) {
        let ledger = Ledger::new(3);
        let lab = system.spawn(Lab::new()).unwrap();
        let held = hold(&lab);
        lab.tell(ledger.item(0, 0)).unwrap();
        let poison = ledger.item(1, 0);
        lab.tell(job(move |_, _| {
            poison.handle();
            give_up();
        }))
        .unwrap();
        lab.tell(ledger.item(2, 0)).unwrap();
        drop(held);
        assert!(matches!(lab.ended().wait(), Ok(EndReason::Failed(_))));
        ledger.check_all();
        assert_eq!(ledger.handled(), 2);
        let counts = counts(&system, &lab);
        assert_eq!((counts.handled, counts.failed, counts.dead_lettered), (2, 1, 1));
    }
    finish(&system);
}

/// A number that is not atomic, handed from actor to actor. Whoever holds the token may touch it.
struct Plain(UnsafeCell<u64>);

#[expect(
    unsafe_code,
    reason = "a data race here is what the test is about; ThreadSanitizer sees it"
)]
// SAFETY: only the holder of the one token touches the cell, see `bump`.
unsafe impl Sync for Plain {}

impl Plain {
    #[expect(unsafe_code, reason = "see above")]
    fn bump(&self) -> u64 {
        // SAFETY: called only by the handler that got the token; if messages carry visibility, no other access is concurrent.
        let n = unsafe { &mut *self.0.get() };
        *n += 1;
        *n
    }
}

#[derive(Message)]
struct Token(Arc<Plain>);

#[derive(Message)]
struct Others(Vec<ActorRef<Holder>>);

#[actor(Token, Others)]
struct Holder {
    others: Vec<ActorRef<Holder>>,
    rng: Rng,
    last: Arc<AtomicU64>,
    hops: u64,
}

impl Handler<Others> for Holder {
    fn handle(&mut self, Others(others): Others, _: &mut Context<Self>) {
        self.others = others;
    }
}

impl Handler<Token> for Holder {
    fn handle(&mut self, Token(plain): Token, _: &mut Context<Self>) {
        let n = plain.bump();
        self.last.store(n, Relaxed);
        if n < self.hops {
            self.rng.one_of(&self.others).tell(Token(plain)).unwrap();
        }
    }
}

#[test]
fn s07_a_plain_counter_is_handed_back_and_forth() {
    let hops = u64::from(scaled(20_000, 500_000));
    let system = system(4);
    let last = Arc::new(AtomicU64::new(0));
    let holders: Vec<_> = (0..8)
        .map(|seed| {
            let (rng, last) = (Rng::new(seed), Arc::clone(&last));
            system.spawn(Holder { others: Vec::new(), rng, last, hops }).unwrap()
        })
        .collect();
    for holder in &holders {
        holder.tell(Others(holders.clone())).unwrap();
    }
    holders[0].tell(Token(Arc::new(Plain(UnsafeCell::new(0))))).unwrap();
    while_moving("hops", || last.load(Relaxed), || last.load(Relaxed) == hops);
    finish(&system);
}

#[derive(Message)]
struct Enter;

/// Counts without a read-modify-write: two at a time would lose counts.
#[actor(Enter, lifecycle)]
struct Alone {
    inside: Arc<AtomicBool>,
    count: Arc<AtomicU64>,
}

impl Alone {
    fn enter(&self) {
        assert!(!self.inside.swap(true, Relaxed), "two at a time");
        self.count.store(self.count.load(Relaxed) + 1, Relaxed);
        self.inside.store(false, Relaxed);
    }
}

impl Lifecycle for Alone {
    fn pre_start(&mut self, _: &mut Context<Self>) -> Result<(), Failure> {
        self.enter();
        Ok(())
    }

    fn post_stop(&mut self, _: &mut Context<Self>) {
        self.enter();
    }
}

impl Handler<Enter> for Alone {
    fn handle(&mut self, _: Enter, _: &mut Context<Self>) {
        self.enter();
    }
}

#[test]
fn s08_at_most_one_thread_runs_a_handler_or_hook_of_one_actor() {
    let each = u64::from(scaled(5_000, 100_000));
    let system = system_with(8, PerformanceConfig { batch_size: 4, ..Default::default() });
    let count = Arc::new(AtomicU64::new(0));
    let alone = Alone { inside: Arc::default(), count: Arc::clone(&count) };
    let alone = system.actor_of(alone).unbounded().spawn().unwrap();
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..each).for_each(|_| alone.tell(Enter).unwrap()));
        }
    });
    assert!(matches!(alone.drain().wait(), Ok(EndReason::Drained)));
    assert_eq!(count.load(Relaxed), 4 * each + 2);
    finish(&system);
}
