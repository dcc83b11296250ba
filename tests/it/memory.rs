//! Memory goes back while the system lives; an idle actor is small.

#![cfg(target_os = "linux")]

use crate::support::*;
use zactor::prelude::*;

const MIB: u64 = 1 << 20;

#[derive(Message)]
struct Nudge;

/// Eight bytes of state.
#[actor(Nudge)]
struct Tiny(u64);

impl Handler<Nudge> for Tiny {
    fn handle(&mut self, _: Nudge, _: &mut Context<Self>) {
        self.0 += 1;
    }
}

/// Waits until the resident memory is at most `limit`.
#[track_caller]
fn shrinks_to(limit: u64, what: &str) {
    let lowest = std::cell::Cell::new(u64::MAX);
    eventually(&format!("{what}: at most {} KiB resident", limit / 1024), || {
        lowest.set(lowest.get().min(process::resident()));
        lowest.get() <= limit
    });
}

#[test]
fn memory_comes_back_after_a_million_queued_messages_and_from_idle_actors() {
    process::alone(
        "memory::memory_comes_back_after_a_million_queued_messages_and_from_idle_actors",
        || {
            let system = system(2);
            let lab = system.actor_of(Lab::new()).unbounded().spawn().unwrap();
            settle(&lab);
            let before = process::resident();
            {
                let held = hold(&lab);
                (0..1_000_000).for_each(|_| lab.tell(job(|_, _| {})).unwrap());
                let full = process::resident();
                assert!(full > before + 60 * MIB, "{full} with a million queued, {before} before");
                assert!(full < before + 100 * MIB, "{full} with a million queued, {before} before");
                drop(held);
            }
            settle(&lab);
            shrinks_to(before + 6 * MIB, "after a million messages");

            let actors: Vec<_> = (0..100_000).map(|_| system.spawn(Tiny(0)).unwrap()).collect();
            actors.iter().for_each(|actor| actor.tell(Nudge).unwrap());
            eventually("all nudged", || system.stats().messages.handled == 1_000_002 + 1 + 100_000);
            let cells = 100_000 * (256 + 8) + (actors.len() * size_of::<ActorRef<Tiny>>()) as u64;
            shrinks_to(before + cells + 6 * MIB, "with 100,000 idle actors");

            actors.iter().for_each(|actor| drop(actor.stop()));
            eventually("all ended", || system.stats().actors.live == 1);
            drop(actors);
            settle(&lab);
            shrinks_to(before + 10 * MIB, "after 100,000 actors have ended");
            finish(&system);
        },
    );
}

#[test]
fn an_idle_actor_costs_at_most_256_bytes_besides_its_state() {
    process::alone("memory::an_idle_actor_costs_at_most_256_bytes_besides_its_state", || {
        let count = scaled(100_000, 1_000_000);
        let system = system(1);
        let mut actors = Vec::with_capacity(count as usize);
        // The floor of the pool and the first chunk are there before the count begins.
        let first: Vec<_> = (0..2_000).map(|_| system.spawn(Tiny(0)).unwrap()).collect();
        let before = process::resident();
        actors.extend((0..count).map(|_| system.spawn(Tiny(0)).unwrap()));
        actors.iter().for_each(|actor| actor.tell(Nudge).unwrap());
        let all = u64::from(count);
        while_moving(
            "nudges",
            || system.stats().messages.handled,
            || system.stats().messages.handled == all,
        );
        let references = (actors.len() * size_of::<ActorRef<Tiny>>()) as u64;
        let allowed = all * (256 + size_of::<Tiny>() as u64);
        shrinks_to(before + references + allowed + MIB, "idle actors");
        println!("{} bytes an actor", (process::resident() - before - references) / all);
        drop(first);
        finish(&system);
    });
}

#[test]
fn nodes_and_cells_in_use_are_counted_and_go_back() {
    let system = system(1);
    let lab = system.actor_of(Lab::new()).unbounded().spawn().unwrap();
    let held = hold(&lab);
    let base = system.stats().memory;
    assert_eq!(base.cells_in_use, 1);
    (0..1_000).for_each(|_| lab.tell(job(|_, _| {})).unwrap());
    assert_eq!(system.stats().memory.nodes_in_use, base.nodes_in_use + 1_000);
    drop(held);
    settle(&lab);
    eventually("an idle actor holds no message memory", || system.stats().memory.nodes_in_use == 0);
    let weak = lab.downgrade();
    lab.stop().wait().unwrap();
    assert_eq!(system.stats().memory.cells_in_use, 1, "a reference keeps the cell's memory");
    drop((lab, weak));
    eventually("the last reference frees the cell", || system.stats().memory.cells_in_use == 0);
    finish(&system);
}

#[test]
fn actors_that_come_and_go_need_no_more_memory() {
    process::alone("memory::actors_that_come_and_go_need_no_more_memory", || {
        let system = system(2);
        let round = || {
            for _ in 0..20 {
                let actors: Vec<_> = (0..1_000).map(|_| system.spawn(Tiny(0)).unwrap()).collect();
                for actor in &actors {
                    actor.tell(Nudge).unwrap();
                }
                let ended: Vec<_> = actors.iter().map(ActorRef::stop).collect();
                ended.into_iter().for_each(|ended| drop(ended.wait().unwrap()));
            }
        };
        (0..3).for_each(|_| round());
        let before = process::resident();
        (0..scaled(5, 25)).for_each(|_| round());
        shrinks_to(before + 3 * MIB, "after many actors came and went");
        assert_eq!(system.stats().actors.live, 0);
        finish(&system);
    });
}
