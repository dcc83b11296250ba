//! A producer that is faster than its consumers, and what the overflow policy of their mailboxes makes of that:
//!
//! ```text
//!                    ┌──▶ [▮▮▮▮▮▮▮▮] Consumer     a full mailbox: refuses, drops the new or the oldest item,
//! Producer ── items ─┼──▶ [▮▮▮▮▮▮▮▮] Consumer     or keeps the producer from running until it is half empty
//!                    └──▶ [▮▮▮▮▮▮▮▮] Consumer
//! ```
//! A line every tenth of a second says how much waits and what became of the rest. Checked: each item is accounted for, for
//! each consumer and for the whole system, no mailbox held more than it may, and each consumer saw its items in order.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use clap::ValueEnum;
use zactor::prelude::*;
use zactor::{ActorState, MessageCounts, SystemStats};

use crate::ui::{self, Failed, Outcome};

/// Between two looks at the mailboxes.
const LOOK: Duration = Duration::from_millis(2);
/// Between two lines.
const LINE: Duration = Duration::from_millis(100);
/// Between two bursts of the producer.
const TICK: Duration = Duration::from_millis(1);
/// What was accepted is handled to the end.
const PATIENCE: Duration = Duration::from_secs(3600);

#[derive(Clone, clap::Args)]
pub(crate) struct Arguments {
    /// What a send to a full mailbox does.
    #[arg(value_enum, default_value_t = Policy::Block)]
    policy: Policy,
    /// Items to produce.
    #[arg(long, default_value_t = 200_000)]
    items: u64,
    /// Items a second, if nobody holds the producer back.
    #[arg(long, default_value_t = 200_000, value_parser = clap::value_parser!(u64).range(1_000..=1_000_000_000))]
    rate: u64,
    /// Consumers, each an actor.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    consumers: u32,
    /// Items that the mailbox of a consumer holds.
    #[arg(long, default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    capacity: u32,
    /// Microseconds that a consumer needs for an item.
    #[arg(long, default_value_t = 20)]
    work: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
#[value(rename_all = "snake_case")]
enum Policy {
    /// Refuse the item: the producer gives it up.
    Fail,
    /// Accept it, and do not run the producer until the mailbox is half empty.
    Block,
    /// Drop the item.
    DropNew,
    /// Drop the oldest item that waits.
    DropOld,
    /// There is no full mailbox.
    Unbounded,
}

impl Policy {
    /// As on the command line.
    fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }
}

/// Numbered from 0 on, in the order of sending.
#[derive(Message)]
struct Item(u64);

/// What a consumer has seen when it ends.
#[derive(Clone, Copy, Default)]
struct Seen {
    items: u64,
    next: u64,
    /// Items that came after a later one.
    disorder: u64,
}

// An item takes long: after each it is the turn of others.
#[actor(Item, batch = 1, lifecycle)]
struct Consumer {
    number: usize,
    work: Duration,
    seen: Seen,
    books: Sender<(usize, Seen)>,
}

impl Handler<Item> for Consumer {
    fn handle(&mut self, Item(number): Item, _ctx: &mut Context<Self>) {
        let begun = Instant::now();
        while begun.elapsed() < self.work {
            std::hint::spin_loop();
        }
        self.seen.items += 1;
        self.seen.disorder += u64::from(number < self.seen.next);
        self.seen.next = number + 1;
    }
}

impl Lifecycle for Consumer {
    fn post_stop(&mut self, _ctx: &mut Context<Self>) {
        self.books.send((self.number, self.seen)).ok();
    }
}

/// The next burst is due.
#[derive(Message)]
struct Tick;

#[actor(Tick, lifecycle)]
struct Producer {
    consumers: Vec<ActorRef<Consumer>>,
    burst: u64,
    items: u64,
    sent: u64,
    refused: u64,
    ticks: Option<Timer>,
    done: Sender<u64>,
}

impl Lifecycle for Producer {
    fn pre_start(&mut self, ctx: &mut Context<Self>) -> Result<(), Failure> {
        // A producer that may not run misses ticks, and makes no burst of them later.
        self.ticks = Some(ctx.send_every(TICK, || Tick)?);
        Ok(())
    }
}

impl Handler<Tick> for Producer {
    fn handle(&mut self, _: Tick, ctx: &mut Context<Self>) {
        for _ in 0..self.burst.min(self.items - self.sent) {
            let consumer = usize::try_from(self.sent).unwrap_or(0) % self.consumers.len();
            match self.consumers[consumer].tell(Item(self.sent)) {
                Ok(()) => {}
                Err(SendError::Full(_)) => self.refused += 1,
                Err(error) => return ctx.fail(error.map(drop)),
            }
            self.sent += 1;
        }
        if self.sent == self.items
            && let Some(ticks) = self.ticks.take()
        {
            ticks.cancel();
            self.done.send(self.refused).ok();
        }
    }
}

/// What is seen of the pipeline while it runs.
#[derive(Default)]
struct View {
    /// Of all consumers.
    items: MessageCounts,
    /// The longest queue of one of them so far.
    deepest: u64,
    /// Looks since the last line, and how many of them found the producer held back.
    looks: u32,
    held_back: u32,
    ever_held_back: bool,
}

/// What a run came to.
struct Run {
    stats: SystemStats,
    view: View,
    wrong: Vec<String>,
}

pub(crate) fn run(arguments: &Arguments) -> Outcome {
    let Arguments { policy, rate, consumers, capacity, work, .. } = arguments;
    ui::print(&format!(
        "{}: {} items a second for {consumers} consumers; each needs {work} µs for one and holds {}",
        policy.name(),
        ui::count(*rate),
        ui::count((*capacity).into()),
    ))?;
    let header =
        ["time", "sent", "handled", "waiting", "refused", "dropped", "evicted", "held back"];
    ui::print(&line(header.map(str::to_owned)))?;
    let begun = Instant::now();
    let run = perform(arguments, |view| {
        let items = view.items;
        let [sent, handled, waiting] = [items.offered, items.handled, items.queued].map(ui::count);
        let lost = [items.rejected, items.dead_lettered, items.evicted].map(ui::count);
        let time = format!("{:.1} s", begun.elapsed().as_secs_f64());
        let held_back = format!("{} %", 100 * view.held_back / view.looks.max(1));
        let [refused, dropped, evicted] = lost;
        let columns = [time, sent, handled, waiting, refused, dropped, evicted, held_back];
        Ok(ui::print(&line(columns))?)
    })?;
    ui::print(&format!("at most {} items waited for one consumer", ui::count(run.view.deepest)))?;
    ui::print(&equation(&run.stats.messages))?;
    run.wrong.iter().try_for_each(|wrong| ui::print(wrong))?;
    if run.wrong.is_empty() {
        ui::print("this holds, for the system and for each consumer, to the last message")?;
    }
    Ok(ui::checked(run.wrong.is_empty()))
}

fn line(columns: [String; 8]) -> String {
    columns.map(|column| format!("{column:>11}")).concat()
}

/// The equation that every actor and every system keeps (S5).
fn equation(counts: &MessageCounts) -> String {
    let MessageCounts { offered, accepted, rejected, handled, failed, .. } = *counts;
    let MessageCounts { dead_lettered, evicted, queued, .. } = *counts;
    let [offered, accepted, rejected] = [offered, accepted, rejected].map(ui::count);
    let ends = [handled, failed, dead_lettered, evicted, queued].map(ui::count);
    let [handled, failed, dead_lettered, evicted, queued] = ends;
    format!(
        "offered {offered} = accepted {accepted} + rejected {rejected}\n\
         accepted {accepted} = handled {handled} + failed {failed} + dead-lettered {dead_lettered} \
         + evicted {evicted} + queued {queued}"
    )
}

fn holds(counts: &MessageCounts) -> bool {
    let ends = counts.handled + counts.failed + counts.dead_lettered + counts.evicted;
    counts.offered == counts.accepted + counts.rejected && counts.accepted == ends + counts.queued
}

/// Runs a pipeline, and says now and then what is seen.
fn perform(
    arguments: &Arguments,
    show: impl FnMut(&View) -> Result<(), Failed>,
) -> Result<Run, Failed> {
    let Arguments { items, rate, .. } = *arguments;
    let config = SystemConfig { dead_letter_log: 0, ..SystemConfig::default() };
    let system = ActorSystem::builder("pipeline").config(config).start()?;
    let (books, ended) = channel();
    let consumers = (0..arguments.consumers as usize)
        .map(|number| consumer(&system, arguments, number, &books))
        .collect::<Result<Vec<_>, _>>()?;
    drop(books);
    let (done, finished) = channel();
    let producer = Producer {
        consumers: consumers.clone(),
        burst: burst(rate),
        items,
        sent: 0,
        refused: 0,
        ticks: None,
        done,
    };
    let producer = system.spawn(producer)?;
    let (view, refused) = watch(&system, &producer, &consumers, &finished, show)?;
    let mut seen = vec![Seen::default(); consumers.len()];
    ended.iter().for_each(|(number, of)| seen[number] = of);
    let all: Option<Vec<_>> =
        consumers.iter().map(|consumer| Some(system.inspect(consumer.id())?.messages)).collect();
    let counts = all.ok_or("a reference keeps an actor's counters")?;
    let stats = system.drain_and_shutdown(PATIENCE)?.stats;
    let wrong = mistakes(arguments, &view, &counts, &seen, refused, &stats.messages);
    Ok(Run { stats, view, wrong })
}

fn consumer(
    system: &ActorSystem,
    arguments: &Arguments,
    number: usize,
    books: &Sender<(usize, Seen)>,
) -> Result<ActorRef<Consumer>, Failed> {
    let work = Duration::from_micros(arguments.work);
    let consumer = Consumer { number, work, seen: Seen::default(), books: books.clone() };
    let builder = system.actor_of(consumer).mailbox_capacity(arguments.capacity);
    let builder = match arguments.policy {
        Policy::Fail => builder.overflow(Overflow::Fail),
        Policy::Block => builder.overflow(Overflow::Block),
        Policy::DropNew => builder.overflow(Overflow::DropNew),
        Policy::DropOld => builder.overflow(Overflow::DropOld),
        Policy::Unbounded => builder.unbounded(),
    };
    Ok(builder.spawn()?)
}

/// Items of a tick.
fn burst(rate: u64) -> u64 {
    rate / 1_000
}

/// Looks on until everything is produced, and then until everything is consumed. Says also what the producer was refused.
fn watch(
    system: &ActorSystem,
    producer: &ActorRef<Producer>,
    consumers: &[ActorRef<Consumer>],
    finished: &Receiver<u64>,
    mut show: impl FnMut(&View) -> Result<(), Failed>,
) -> Result<(View, u64), Failed> {
    let (mut view, mut refused, mut shown) = (View::default(), None, Instant::now());
    loop {
        match finished.recv_timeout(LOOK) {
            Ok(by_producer) => {
                refused = Some(by_producer);
                consumers.iter().for_each(|consumer| drop(consumer.drain()));
            }
            Err(RecvTimeoutError::Disconnected) => return Err("the producer failed".into()),
            Err(RecvTimeoutError::Timeout) => {}
        }
        let running = look(system, producer, consumers, &mut view);
        if !running || shown.elapsed() >= LINE {
            show(&view)?;
            (view.looks, view.held_back, shown) = (0, 0, Instant::now());
        }
        if let Some(refused) = refused.filter(|_| !running) {
            return Ok((view, refused));
        }
    }
}

/// One look at all of them. False: the consumers have ended.
fn look(
    system: &ActorSystem,
    producer: &ActorRef<Producer>,
    consumers: &[ActorRef<Consumer>],
    view: &mut View,
) -> bool {
    let mut running = false;
    view.items = MessageCounts::default();
    for consumer in consumers.iter().filter_map(|consumer| system.inspect(consumer.id())) {
        let of = consumer.messages;
        let sum = &mut view.items;
        sum.offered += of.offered;
        sum.handled += of.handled;
        sum.queued += of.queued;
        sum.rejected += of.rejected;
        sum.dead_lettered += of.dead_lettered;
        sum.evicted += of.evicted;
        view.deepest = view.deepest.max(of.queued);
        running |= consumer.state != ActorState::Stopped;
    }
    // It awaits nothing, so what it waits for is room.
    let state = system.inspect(producer.id()).map(|producer| producer.state);
    let held_back = state == Some(ActorState::Suspended);
    view.looks += 1;
    view.held_back += u32::from(held_back);
    view.ever_held_back |= held_back;
    running
}

/// What does not hold.
fn mistakes(
    arguments: &Arguments,
    view: &View,
    consumers: &[MessageCounts],
    seen: &[Seen],
    refused: u64,
    system: &MessageCounts,
) -> Vec<String> {
    let mut wrong = Vec::new();
    for (number, (counts, seen)) in consumers.iter().zip(seen).enumerate() {
        if !holds(counts) || counts.queued > 0 {
            wrong.push(format!("CONSUMER {number} DOES NOT ADD UP: {counts:?}"));
        }
        if seen.items != counts.handled || seen.disorder > 0 {
            wrong.push(format!("CONSUMER {number} SAW {}, {} LATE", seen.items, seen.disorder));
        }
    }
    if !holds(system) || system.queued > 0 {
        wrong.push("THE SYSTEM DOES NOT ADD UP".to_owned());
    }
    let sum = |of: fn(&MessageCounts) -> u64| consumers.iter().map(of).sum::<u64>();
    let (offered, rejected) = (sum(|counts| counts.offered), sum(|counts| counts.rejected));
    if (offered, rejected) != (arguments.items, refused) {
        wrong.push(format!("{offered} WERE OFFERED, {rejected} REJECTED, {refused} CAME BACK"));
    }
    // Under `block` the sends of the handler that is about to be held back are accepted all the same.
    let over = if arguments.policy == Policy::Block { burst(arguments.rate) } else { 0 };
    let most = u64::from(arguments.capacity) + over;
    if arguments.policy != Policy::Unbounded && view.deepest > most {
        wrong.push(format!("{} ITEMS WAITED WHERE {most} MAY", view.deepest));
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Far more than the consumers can handle.
    #[track_caller]
    fn flood(policy: Policy) -> Run {
        let arguments = Arguments {
            policy,
            items: 20_000,
            rate: 1_000_000,
            consumers: 2,
            capacity: 16,
            work: 20,
        };
        let mut lines = 0;
        let run = perform(&arguments, |_| {
            lines += 1;
            Ok(())
        });
        let run = run.unwrap();
        assert_eq!(run.wrong, Vec::<String>::new(), "{policy:?}");
        assert!(lines > 0);
        run
    }

    #[test]
    fn each_policy_gives_way_in_its_own_manner_and_adds_up() {
        for policy in Policy::value_variants() {
            let Run { stats, view, .. } = flood(*policy);
            let items = view.items;
            let lost = [items.rejected, items.dead_lettered, items.evicted].map(|n| n > 0);
            let (expected, waits) = match policy {
                Policy::Fail => ([true, false, false], false),
                Policy::Block => ([false; 3], true),
                Policy::DropNew => ([false, true, false], false),
                Policy::DropOld => ([false, false, true], false),
                Policy::Unbounded => ([false; 3], false),
            };
            assert_eq!((lost, view.ever_held_back), (expected, waits), "{policy:?}");
            assert_eq!(view.deepest > 16, matches!(policy, Policy::Block | Policy::Unbounded));
            assert!(stats.messages.offered > 20_000, "its ticks are messages, too");
        }
    }

    #[test]
    fn what_does_not_add_up_is_told() {
        let mut counts = MessageCounts::default();
        (counts.offered, counts.accepted, counts.rejected) = (5, 3, 2);
        (counts.handled, counts.evicted) = (2, 1);
        assert!(holds(&counts));
        assert!(
            equation(&counts).starts_with("offered 5 = accepted 3 + rejected 2\naccepted 3 = ")
        );
        let arguments = Arguments {
            policy: Policy::Fail,
            items: 5,
            rate: 1_000,
            consumers: 1,
            capacity: 4,
            work: 0,
        };
        let (mut view, seen) = (View::default(), Seen { items: 2, ..Seen::default() });
        let wrong = |view: &View, counts, seen, refused| {
            mistakes(&arguments, view, &[counts], &[seen], refused, &counts).len()
        };
        assert_eq!(wrong(&view, counts, seen, 2), 0);
        assert_eq!(wrong(&view, counts, seen, 1), 1, "one came back that was not counted");
        assert_eq!(wrong(&view, counts, Seen { disorder: 1, ..seen }, 2), 1);
        view.deepest = 5;
        assert_eq!(wrong(&view, counts, seen, 2), 1);
        counts.handled = 3;
        assert_eq!(wrong(&View::default(), counts, seen, 2), 3, "system, consumer, what it saw");
    }
}
