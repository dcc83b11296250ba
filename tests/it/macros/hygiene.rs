//! The expansion means what it says wherever it stands.
#![forbid(unsafe_code)]

use zactor::prelude::*;

/// Names that the code of the macros must not meet by accident.
mod taken {
    #![allow(dead_code, unused_macros, reason = "they only have to be in the way")]

    pub struct Result;
    pub struct Option;
    pub struct Box;
    pub struct String;
    pub struct Reply;
    pub struct Options;
    pub trait From {}
    pub trait Debug {}
    pub trait Send {}
    pub trait Handler {}
    pub trait Actor {}
    pub trait Lifecycle {}
    pub mod core {}
    pub mod zactor {}
    macro_rules! panic {
        () => {};
    }

    use ::zactor::{ActorRef, Context, Message, actor, handlers};

    #[derive(Message)]
    #[message(reply = u64, inline)]
    pub struct Get;

    #[actor(Get, mailbox(capacity = 8), batch = 2)]
    pub struct Listed;

    impl ::zactor::Handler<Get> for Listed {
        fn handle(&mut self, _: Get, _: &mut Context<Self>) -> u64 {
            7
        }
    }

    #[actor]
    pub struct Short(pub u64);

    #[handlers]
    impl Short {
        fn add(&mut self, message: u64, reply: u64, ctx: u64, delivery: u64, to: u64) {
            self.0 += message + reply + ctx + delivery + to;
        }
        fn get(&self) -> u64 {
            self.0
        }
        fn meet(&self, other: ActorRef<Self>) {
            let _ = other;
        }
    }
}

#[test]
fn names_of_the_users_are_not_in_the_way() {
    use taken::ShortApi as _;
    let system = ActorSystem::start("hygiene").unwrap();
    assert_eq!(system.spawn(taken::Listed).unwrap().ask(taken::Get).wait().unwrap(), 7);
    let short = system.spawn(taken::Short(0)).unwrap();
    short.add(1, 2, 3, 4, 5).unwrap();
    short.meet(short.clone()).unwrap();
    assert_eq!(short.get().wait().unwrap(), 15);
    system.shutdown().unwrap();
}

/// Every kind of fragment that can stand in the list.
macro_rules! listed {
    ($actor:ident, $ident:ident, $ty:ty, $path:path as $name:ident, $capacity:literal, $batch:expr) => {
        #[derive(Message)]
        struct $ident;
        #[actor($ident, $ty, $path as $name, $crate::macros::hygiene::Shared,
                mailbox(capacity = $capacity), batch = $batch)]
        struct $actor {
            handled: u64,
        }
        listed!(@handle $actor, $ident, $ty, $path, Shared);
    };
    (@handle $actor:ident, $($message:ty),*) => {
        $(impl Handler<$message> for $actor {
            fn handle(&mut self, _: $message, _: &mut Context<Self>) {
                self.handled += 1;
            }
        })*
    };
}

#[derive(Message)]
pub(crate) struct Shared;

#[derive(Message)]
struct Sized<T>(T);

mod elsewhere {
    #[derive(zactor::Message)]
    pub(super) struct Shared;
}

listed!(FromMacro, Bare, Sized<Vec<u8>>, elsewhere::Shared as Elsewhere, 16, 4);

/// A whole actor of the short form, with a method for each name.
macro_rules! short {
    ($actor:ident { $($method:ident($argument:ident: $ty:ty) += $by:expr;)* }) => {
        #[actor]
        #[derive(Default)]
        struct $actor(u64);
        #[handlers]
        impl $actor {
            $(fn $method(&mut self, $argument: $ty) {
                self.0 += u64::from($argument) * $by;
            })*
            fn total(&self) -> u64 {
                self.0
            }
        }
    };
}

short!(Adder { ones(n: u8) += 1; tens(n: u16) += 10; });

#[test]
fn actors_are_made_by_macros() {
    let system = ActorSystem::start("hygiene").unwrap();
    let listed = system.spawn(FromMacro { handled: 0 }).unwrap();
    listed.tell(Bare).unwrap();
    listed.tell(Sized(vec![1])).unwrap();
    listed.tell(elsewhere::Shared).unwrap();
    listed.tell_any(FromMacroMessage::Elsewhere(elsewhere::Shared)).unwrap();
    listed.tell_any(FromMacroMessage::Shared(Shared)).unwrap();
    listed.drain().wait().unwrap();

    let adder = system.spawn(Adder::default()).unwrap();
    adder.ones(3).unwrap();
    adder.tens(2).unwrap();
    adder.tell(AdderOnes { n: 4 }).unwrap();
    assert_eq!(adder.total().wait().unwrap(), 27);
    system.shutdown().unwrap();
}

#[test]
fn actors_are_made_inside_functions() {
    #[derive(Message)]
    struct Put(u8);

    #[actor(Put)]
    struct Here(u8);

    impl Handler<Put> for Here {
        fn handle(&mut self, Put(n): Put, _: &mut Context<Self>) {
            self.0 = n;
        }
    }

    #[actor(batch = 1)]
    struct Also(u8);

    #[handlers]
    impl Also {
        fn put(&mut self, n: u8) {
            self.0 = n;
        }
        fn get(&self) -> u8 {
            self.0
        }
    }

    let system = ActorSystem::start("hygiene").unwrap();
    system.spawn(Here(0)).unwrap().tell(Put(1)).unwrap();
    let also = system.spawn(Also(0)).unwrap();
    also.put(9).unwrap();
    assert_eq!(also.get().wait().unwrap(), 9);
    system.shutdown().unwrap();
}
