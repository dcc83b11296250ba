//! The short form: messages from methods.

use std::sync::mpsc;

use zactor::prelude::*;

use counter::{Counter, CounterAdd, CounterApi as _, CounterMessage};

mod counter {
    use zactor::prelude::*;

    #[actor(mailbox(capacity = 2), batch = 1, lifecycle)]
    #[derive(Default)]
    pub(super) struct Counter {
        n: u64,
        started: bool,
    }

    impl Lifecycle for Counter {
        fn pre_start(&mut self, _: &mut Context<Self>) -> Result<(), Failure> {
            self.started = true;
            Ok(())
        }
    }

    impl Counter {
        pub(super) fn value(&self) -> u64 {
            self.n
        }
    }

    #[handlers]
    impl Counter {
        const STEP: u64 = 1;

        /// Adds `by`.
        pub(super) fn add(&mut self, by: u64) {
            self.n += by;
        }
        fn step(&mut self) -> u64 {
            self.add(Self::STEP);
            self.n
        }
        fn get(&self) -> u64 {
            self.n
        }
        fn is_started(&self) -> bool {
            self.started
        }
        /// Replies when it is done.
        #[allow(clippy::unused_unit, reason = "with it the method is asked, not told")]
        fn reset(&mut self) -> () {
            self.n = 0;
        }
        fn add_later(&mut self, ctx: &mut Context<Self>, mut by: u64) {
            by *= 2;
            ctx.me().add(by).unwrap();
        }
        fn wait_for(&mut self, gate: std::sync::mpsc::Receiver<()>) {
            gate.recv().unwrap();
        }
    }
}

#[test]
fn methods_are_messages() {
    let system = ActorSystem::start("short").unwrap();
    let counter = system.spawn(Counter::default()).unwrap();
    counter.add(3).unwrap();
    assert_eq!(counter.get().wait().unwrap(), 3);
    assert_eq!(counter.step().wait().unwrap(), 4);
    counter.add_later(5).unwrap();
    // The addition is behind this question or before it, but before the next one.
    counter.get().wait().unwrap();
    assert_eq!(counter.get().wait().unwrap(), 14);
    counter.reset().wait().unwrap();
    counter.tell(CounterAdd { by: 2 }).unwrap();
    assert_eq!(counter.get().wait().unwrap(), 2);
    counter.tell_any(CounterMessage::Add(CounterAdd { by: 2 })).unwrap();
    assert_eq!(counter.get().wait().unwrap(), 4);
    assert_eq!(format!("{:?}", CounterMessage::from(CounterAdd { by: 2 })), "Add");
    system.shutdown().unwrap();
}

#[test]
fn options_on_the_struct_hold_for_its_handlers() {
    let system = ActorSystem::start("short").unwrap();
    let counter = system.spawn(Counter::default()).unwrap();
    assert!(counter.is_started().wait().unwrap());
    let (open, gate) = mpsc::channel();
    counter.wait_for(gate).unwrap();
    let refused = (0..4).find_map(|by| counter.add(by).err());
    assert!(matches!(refused, Some(SendError::Full(_))), "{refused:?}");
    open.send(()).unwrap();
    system.shutdown().unwrap();
}

#[test]
fn methods_stay_methods() {
    let mut counter = Counter::default();
    counter.add(3);
    assert_eq!(counter.value(), 3);
}

#[actor]
struct Silent;

#[handlers]
impl Silent {}

#[test]
fn an_actor_may_have_no_messages() {
    let system = ActorSystem::start("short").unwrap();
    let silent = system.spawn(Silent).unwrap();
    silent.stop().wait().unwrap();
    system.shutdown().unwrap();
}
