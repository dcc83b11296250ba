//! Actors and messages that come and go in great numbers, and what memory they leave behind.

use zactor::prelude::*;

use crate::watchdog::{Gate, PATIENCE, while_moving};

/// Something to handle: fills a node.
#[derive(Message)]
struct Load(#[expect(dead_code, reason = "some bytes")] [u8; 32]);

/// How many were handled?
#[derive(Message)]
#[message(reply = u64)]
struct Handled;

/// Stands in its handler until the gate is open.
#[derive(Message)]
struct Stand(Gate);

/// Counts what it handles.
#[actor(Load, Handled, Stand)]
#[derive(Debug, Default)]
struct Porter {
    handled: u64,
}

impl Handler<Load> for Porter {
    fn handle(&mut self, _: Load, _: &mut Context<Self>) {
        self.handled += 1;
    }
}

impl Handler<Stand> for Porter {
    fn handle(&mut self, Stand(gate): Stand, _: &mut Context<Self>) {
        gate.pass();
    }
}

impl Handler<Handled> for Porter {
    fn handle(&mut self, _: Handled, _: &mut Context<Self>) -> u64 {
        self.handled
    }
}

/// Starts `actors`, all alive at once; each handles a message; stops them, and waits until they and their cells are gone.
///
/// # Panics
/// When nothing moves any more, or a spawn or send is refused.
pub fn round(system: &ActorSystem, actors: u32) {
    let before = system.stats();
    let all: Vec<_> =
        (0..actors).map(|_| system.spawn(Porter::default()).expect("it starts")).collect();
    for actor in &all {
        actor.tell(Load([1; 32])).expect("a new actor has room");
    }
    for actor in &all {
        drop(actor.drain());
    }
    drop(all);
    let stats = || system.stats();
    let handled = || stats().messages.handled - before.messages.handled;
    while_moving("messages", handled, || handled() == u64::from(actors));
    let gone = before.memory.cells_in_use;
    while_moving("cells", || stats().memory.cells_in_use, || stats().memory.cells_in_use <= gone);
}

/// Queues so many messages for one actor that stands still meanwhile; calls `full` before it goes on, and returns when all
/// are handled.
///
/// # Panics
/// When nothing moves any more, or a spawn or send is refused.
pub fn flood(system: &ActorSystem, messages: u64, full: impl FnOnce()) {
    let porter = system.actor_of(Porter::default()).unbounded().spawn().expect("it starts");
    let gate = Gate::new();
    porter.tell(Stand(gate.clone())).expect("no limit");
    gate.wait_for(1);
    for _ in 0..messages {
        porter.tell(Load([1; 32])).expect("no limit");
    }
    full();
    gate.open();
    let handled = porter.ask(Handled).timeout(PATIENCE).wait().expect("it answers");
    assert_eq!(handled, messages);
    porter.stop().wait().expect("it stops");
}
