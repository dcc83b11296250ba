//! What an actor does with the result of an ask of its own: S18, S26.

use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use crate::support::*;
use zactor::prelude::*;

#[test]
fn an_actor_asks_another_and_goes_on_with_the_answer() {
    let system = system(2);
    let (asker, answerer) = (system.spawn(Lab::new()).unwrap(), system.spawn(Lab::new()).unwrap());
    let (done, waits) = mpsc::channel();
    let to = answerer.clone();
    asker
        .tell(job(move |lab, ctx| {
            lab.n = 1;
            ctx.ask(&to, call(|_, _| 41)).then(move |lab, result, ctx| {
                lab.n += result.unwrap();
                done.send((lab.n, ctx.id())).unwrap();
            });
        }))
        .unwrap();
    assert_eq!(waits.recv_timeout(PATIENCE).unwrap(), (42, asker.id()));
    let stats = finish(&system);
    assert_eq!(stats.messages.handled, 2, "a continuation is not counted");
}

#[test]
fn s18_a_continuation_learns_of_every_end() {
    let system = system(2);
    let asker = system.spawn(Lab::new()).unwrap();
    let (done, waits) = mpsc::channel();
    let ask = |to: &ActorRef<Lab>, message: Call, limit: Duration| {
        let (to, done) = (to.clone(), done.clone());
        asker
            .tell(job(move |_, ctx| {
                ctx.ask(&to, message)
                    .timeout(limit)
                    .then(move |_, result, _| done.send(result).unwrap());
            }))
            .unwrap();
    };
    let lab = system.spawn(Lab::new()).unwrap();
    ask(&lab, call(|_, _| give_up()), PATIENCE);
    let ended = waits.recv_timeout(PATIENCE).unwrap();
    assert!(matches!(ended, Err(AskError::Failed(_))), "{ended:?}");
    ask(&lab, call(|_, _| 0), PATIENCE);
    let ended = waits.recv_timeout(PATIENCE).unwrap();
    assert!(matches!(ended, Err(AskError::Closed)), "{ended:?}");

    let lab = system.actor_of(Lab::new()).mailbox_capacity(1).spawn().unwrap();
    let held = hold(&lab);
    ask(&lab, call(|_, _| 0), Duration::from_millis(5));
    let ended = waits.recv_timeout(PATIENCE).unwrap();
    assert!(matches!(ended, Err(AskError::Timeout { .. })), "{ended:?}");
    ask(&lab, call(|_, _| 0), PATIENCE);
    let ended = waits.recv_timeout(PATIENCE).unwrap();
    assert!(matches!(ended, Err(AskError::Full)), "{ended:?}");
    drop(held);
    finish(&system);
}

#[test]
fn s26_a_continuation_that_comes_after_the_end_is_dropped() {
    let system = system(2);
    let (asker, answerer) = (system.spawn(Lab::new()).unwrap(), system.spawn(Lab::new()).unwrap());
    let held = hold(&answerer);
    let kept = Arc::new(Mutex::new(()));
    let (to, captured) = (answerer.clone(), Arc::clone(&kept));
    asker
        .tell(job(move |_, ctx| {
            ctx.ask(&to, call(|_, _| 0)).timeout(PATIENCE).then(move |_, _, _| {
                let _captured = captured;
                panic!("it has ended");
            });
        }))
        .unwrap();
    settle(&asker);
    asker.stop().wait().unwrap();
    drop(held);
    settle(&answerer);
    eventually("the continuation is dropped", || Arc::strong_count(&kept) == 1);
    finish(&system);
}
