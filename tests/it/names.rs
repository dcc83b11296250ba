//! Names: one flat namespace per system, S54 and S40 where they are concerned.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::thread;

use crate::support::*;
use zactor::SpawnError;
use zactor::prelude::*;

#[derive(Message)]
struct Nothing;

#[actor(Nothing)]
struct Other;

impl Handler<Nothing> for Other {
    fn handle(&mut self, _: Nothing, _: &mut Context<Self>) {}
}

#[test]
fn a_name_is_found_by_name_and_type() {
    let system = system(1);
    let lab = system.actor_of(Lab::new()).name("account-7").spawn().unwrap();
    assert_eq!(lab.name(), Some("account-7"));
    assert_eq!(system.lookup::<Lab>("account-7").unwrap(), lab);
    assert!(system.lookup::<Other>("account-7").is_none(), "of another type");
    assert!(system.lookup::<Lab>("account-8").is_none());
    assert_eq!(system.spawn(Lab::new()).unwrap().name(), None);
    finish(&system);
    assert!(system.lookup::<Lab>("account-7").is_none());
}

#[test]
fn s54_a_taken_or_empty_name_is_refused() {
    let system = system(1);
    let lab = system.actor_of(Lab::new()).name("a").spawn().unwrap();
    assert!(matches!(system.actor_of(Other).name("a").spawn(), Err(SpawnError::NameTaken)));
    assert!(matches!(system.actor_of(Other).name("").spawn(), Err(SpawnError::Config(_))));
    let in_handler = lab.ask(call(|_, ctx| {
        let taken = ctx.actor_of(Other).name("a").spawn();
        assert!(matches!(taken, Err(SpawnError::NameTaken)), "one namespace for all");
        u64::from(ctx.actor_of(Other).name("b").spawn().is_ok())
    }));
    assert_eq!(in_handler.wait().unwrap(), 1);
    assert!(system.lookup::<Other>("b").is_some());
    finish(&system);
}

#[test]
fn s40_a_name_is_free_when_stop_returns() {
    let system = system(2);
    for round in 0..scaled(200, 5_000) {
        let lab = system.actor_of(Lab::new()).name("again").spawn().unwrap();
        assert_eq!(system.lookup::<Lab>("again").unwrap().id(), lab.id());
        let ended = match round % 4 {
            0 => lab.stop(),
            1 => lab.kill(),
            2 => lab.drain(),
            _ => {
                lab.tell(job(|_, _| give_up())).unwrap();
                lab.ended()
            }
        };
        ended.wait().unwrap();
        assert!(system.lookup::<Lab>("again").is_none());
        assert_eq!(lab.name(), Some("again"), "the dead keep theirs to be told apart");
    }
    finish(&system);
}

#[test]
fn of_many_that_want_a_name_one_gets_it() {
    let system = system(2);
    for _ in 0..scaled(100, 2_000) {
        let won = AtomicU32::new(0);
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| match system.actor_of(Lab::new()).name("one").spawn() {
                    Ok(_) => {
                        won.fetch_add(1, Relaxed);
                    }
                    Err(error) => assert!(matches!(error, SpawnError::NameTaken), "{error:?}"),
                });
            }
        });
        assert_eq!(won.load(Relaxed), 1);
        system.lookup::<Lab>("one").unwrap().stop().wait().unwrap();
    }
    finish(&system);
}
