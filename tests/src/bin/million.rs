//! S50 at its full size: `million [COUNT]`. A chain of so many children and a supervisor with so many are stopped, the last
//! reference is dropped, all on threads with 256 KiB of stack. Prints how long each took.

use std::time::{Duration, Instant};

use zactor::prelude::*;

const STACK: usize = 256 * 1024;

#[derive(Message)]
struct Grow(u32);

/// Starts a child that does the same, one generation less.
#[actor(Grow)]
struct Link;

impl Handler<Grow> for Link {
    fn handle(&mut self, Grow(left): Grow, ctx: &mut Context<Self>) {
        if left > 0 {
            let child = ctx.spawn(Link).expect("a live parent spawns");
            child.tell(Grow(left - 1)).expect("a new actor has room");
        }
    }
}

#[derive(Message)]
struct Breed(u32);

/// Starts so many children.
#[actor(Breed)]
struct Parent;

impl Handler<Breed> for Parent {
    fn handle(&mut self, Breed(children): Breed, ctx: &mut Context<Self>) {
        for _ in 0..children {
            ctx.spawn(Link).expect("a live parent spawns");
        }
    }
}

fn time(what: &str, f: impl FnOnce()) {
    let begin = Instant::now();
    f();
    println!("{what}: {:.2} s", begin.elapsed().as_secs_f64());
}

/// Grows what `tell` begins, stops it, and drops its last reference.
fn run<A: Actor>(name: &str, count: u32, root: A, tell: impl FnOnce(&ActorRef<A>)) {
    let config = SystemConfig { stop_timeout: Duration::from_secs(600), ..Default::default() };
    let builder = ActorSystem::builder("million").workers(2).config(config).worker_stack(STACK);
    let system = builder.start().expect("a system");
    let root = system.spawn(root).expect("a new system spawns");
    time(&format!("{name} of {count}, started"), || {
        tell(&root);
        while system.stats().actors.live <= u64::from(count) {
            std::thread::yield_now();
        }
    });
    time(&format!("{name} of {count}, stopped"), || {
        root.stop().wait().expect("it stops");
    });
    let last = std::thread::Builder::new().stack_size(STACK).spawn(move || drop(root));
    last.expect("a thread").join().expect("freeing needs little stack");
    assert_eq!(system.stats().actors.live, 0);
    system.shutdown().expect("nothing is stuck");
}

fn main() {
    let count = match std::env::args().nth(1).map(|text| text.parse::<u32>()) {
        None => 1_000_000,
        Some(Ok(count)) => count,
        Some(Err(_)) => {
            eprintln!("million [COUNT]: a whole number");
            std::process::exit(2);
        }
    };
    run("a chain", count, Link, |link| link.tell(Grow(count)).expect("room"));
    run("a supervisor", count, Parent, |parent| parent.tell(Breed(count)).expect("room"));
    run("a supervisor", count / 10, Parent, |parent| parent.tell(Breed(count / 10)).expect("room"));
}
