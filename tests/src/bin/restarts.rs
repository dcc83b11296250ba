//! What a restart costs: `restarts [COUNT]`. One worker, panics without a hook's output, an actor under a supervisor.
//! Prints restarts per second, what a sibling lost, and the time of a restart with few and with many messages queued.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use zactor::prelude::*;

#[derive(Message)]
struct Fail;

#[derive(Message)]
struct Count;

#[derive(Message)]
#[message(reply = u64)]
struct Handled;

/// When the last incarnation failed, and how long it took until the next one handled a message.
#[derive(Clone, Default)]
struct Watch(Arc<Mutex<(Option<Instant>, Duration)>>);

impl Watch {
    fn set(&self, change: impl FnOnce(&mut (Option<Instant>, Duration))) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn took(&self) -> Duration {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).1
    }
}

#[actor(Fail, Count, Handled)]
struct Child {
    handled: u64,
    /// `None`: no time is taken.
    watch: Option<Watch>,
}

impl Handler<Fail> for Child {
    fn handle(&mut self, _: Fail, _: &mut Context<Self>) {
        if let Some(watch) = &self.watch {
            watch.set(|watch| watch.0 = Some(Instant::now()));
        }
        panic!("on purpose");
    }
}

impl Handler<Count> for Child {
    fn handle(&mut self, _: Count, _: &mut Context<Self>) {
        if let Some(watch) = self.watch.as_ref().filter(|_| self.handled == 0) {
            watch.set(|(failed, took)| *took = failed.map_or(*took, |at| at.elapsed()));
        }
        self.handled += 1;
    }
}

impl Handler<Handled> for Child {
    fn handle(&mut self, _: Handled, _: &mut Context<Self>) -> u64 {
        self.handled
    }
}

#[derive(Message)]
#[message(reply = ActorRef<Child>)]
struct Hire(Option<Watch>);

#[actor(Hire)]
struct Parent;

impl Handler<Hire> for Parent {
    fn handle(&mut self, Hire(watch): Hire, ctx: &mut Context<Self>) -> ActorRef<Child> {
        let child = ctx.actor(move || Child { handled: 0, watch: watch.clone() });
        let child = child.unbounded().spawn();
        child.expect("a live parent spawns")
    }
}

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let count = match std::env::args().nth(1).map(|text| text.parse::<u32>()) {
        None => 1_000_000,
        Some(Ok(count)) => count,
        Some(Err(_)) => {
            eprintln!("restarts [COUNT]: a whole number");
            std::process::exit(2);
        }
    };
    std::panic::set_hook(Box::new(|_| {}));
    let config =
        SystemConfig { ask_timeout: Duration::MAX, dead_letter_log: 0, ..Default::default() };
    let system = ActorSystem::builder("restarts").workers(1).config(config).start()?;
    let limits = Supervise::one_for_one().max_restarts(u32::MAX).within(Duration::MAX);
    let parent = system.actor_of(Parent).supervise(limits).spawn()?;
    let (child, sibling) = (parent.ask(Hire(None)).wait()?, parent.ask(Hire(None)).wait()?);

    let begin = Instant::now();
    for _ in 0..count {
        child.tell(Fail)?;
        sibling.tell(Count)?;
    }
    child.ask(Handled).wait()?;
    let seconds = begin.elapsed().as_secs_f64();
    println!("{count} restarts in {seconds:.2} s: {:.0} per second", f64::from(count) / seconds);
    println!("messages of a sibling lost: {}", u64::from(count) - sibling.ask(Handled).wait()?);

    let watch = Watch::default();
    let child = parent.ask(Hire(Some(watch.clone()))).wait()?;
    for queued in [1, 100_000] {
        let mut times = Vec::new();
        for _ in 0..9 {
            child.tell(Fail)?;
            child.tell_batch((0..queued).map(|_| Count))?;
            child.ask(Handled).wait()?;
            times.push(watch.took());
        }
        times.sort();
        println!(
            "from a failure to the next message, {queued} queued: {:?} (median of 9)",
            times[4]
        );
    }
    system.shutdown()?;
    Ok(())
}
