//! What happens at a full mailbox: the policies `drop_new`, `drop_old` and `block`, those who wait, those who are muted.

mod dropping;
mod muting;
mod storm;
mod waiting;

use crate::support::*;
use zactor::prelude::*;

/// A lab with so much room and this policy.
fn lab_with(system: &ActorSystem, capacity: u32, policy: Overflow) -> ActorRef<Lab> {
    system.actor_of(Lab::new()).mailbox_capacity(capacity).overflow(policy).spawn().unwrap()
}

/// Waits until nothing is queued: a question would push something out, or be dropped.
#[track_caller]
fn emptied<A: Actor>(system: &ActorSystem, of: &ActorRef<A>) {
    eventually("it is empty", || system.inspect(of.id()).unwrap().messages.queued == 0);
}

/// Counts what it is sent.
#[derive(Message)]
struct Count(u32);

/// A mailbox of one message whose policy stands in the macro.
#[actor(Count, mailbox(capacity = 1, overflow = drop_new))]
struct Small(Vec<u32>);

impl Handler<Count> for Small {
    fn handle(&mut self, Count(n): Count, _: &mut Context<Self>) {
        self.0.push(n);
    }
}

#[test]
fn s11_the_policy_of_the_macro_holds_and_the_builder_overrules_it() {
    let system = system(1);
    let lab = system.spawn(Lab::new()).unwrap();
    let held = hold(&lab); // the only worker
    let small = system.spawn(Small(Vec::new())).unwrap();
    small.tell(Count(0)).unwrap();
    small.tell(Count(1)).unwrap();
    assert_eq!(counts(&system, &small).dead_lettered, 1);
    let strict = system.actor_of(Small(Vec::new())).overflow(Overflow::Fail).spawn().unwrap();
    strict.tell(Count(0)).unwrap();
    assert!(matches!(strict.tell(Count(1)), Err(SendError::Full(Count(1)))));
    drop(held);
    small.drain().wait().unwrap();
    finish(&system);
}
