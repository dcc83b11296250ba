//! Handlers that would wait for themselves, or in a circle: S20.

use std::time::Duration;

use super::*;
use zactor::SystemError;

fn cycle_of(ended: Result<u64, AskError>) -> Vec<ActorId> {
    let Err(AskError::WouldDeadlock { cycle, .. }) = ended else { panic!("{ended:?}") };
    cycle.to_vec()
}

fn at_once() -> Run {
    doing(|_, _| Box::pin(async { 1 }))
}

#[test]
fn s20_an_ask_of_oneself_is_would_deadlock_and_names_oneself() {
    let system = system(1);
    let lodge = system.spawn(Lodge::new()).unwrap();
    let reply = lodge.ask(doing(|_, ctx| {
        Box::pin(async move {
            let me = ctx.me();
            assert_eq!(cycle_of(me.ask(at_once()).await), [ctx.id()]);
            2
        })
    }));
    assert_eq!(reply.wait().unwrap(), 2);
    lodge.ask(Notes).wait().unwrap();
    // The message is handled all the same, too late.
    let stats = finish(&system);
    assert_eq!(stats.late_replies, 1);
}

#[test]
fn s20_awaiting_the_own_end_is_would_deadlock() {
    let system = system(1);
    let lodge = system.spawn(Lodge::new()).unwrap();
    let reply = lodge.ask(doing(|_, ctx| {
        Box::pin(async move {
            let me = ctx.me();
            assert!(matches!(me.ended().await, Err(SystemError::WouldDeadlock)));
            assert!(matches!(me.stop().await, Err(SystemError::WouldDeadlock)));
            3
        })
    }));
    assert_eq!(reply.wait().unwrap(), 3);
    assert!(matches!(lodge.ended().wait().unwrap(), EndReason::Stopped));
    finish(&system);
}

/// Each of `lodges` asks the next one, and the last one the first; the message of the last says what it got.
fn ring(lodges: &[ActorRef<Lodge>]) -> Run {
    let (next, rest) = (lodges[0].clone(), lodges[1..].to_vec());
    doing(move |_, _| {
        Box::pin(async move {
            let message = if rest.is_empty() { at_once() } else { ring(&rest) };
            // One of them gives up by itself after a while; that changes nothing.
            match next.ask(message).timeout(Duration::from_secs(3_600)).await {
                Ok(sum) => sum + 1,
                ended => cycle_of(ended).len() as u64 * 100,
            }
        })
    })
}

#[test]
fn s20_a_cycle_of_handlers_that_ask_each_other_is_would_deadlock() {
    for length in [2, 3, 10] {
        // One worker: they begin to wait in their order.
        let system = system(1);
        let lodges: Vec<_> = (0..length).map(|_| system.spawn(Lodge::new()).unwrap()).collect();
        let way: Vec<_> = lodges[1..].iter().chain([&lodges[0]]).cloned().collect();
        let sum = lodges[0].ask(ring(&way)).timeout(PATIENCE).wait().unwrap();
        // The last one found the cycle, the others have got its answer.
        assert_eq!(sum, 100 * length + (length - 1));
        finish(&system);
    }
}

#[test]
fn s20_a_cycle_names_its_actors_in_the_order_in_which_they_wait() {
    let system = system(1);
    let [one, two, three] = [(); 3].map(|()| system.spawn(Lodge::new()).unwrap());
    let (to_two, to_three, to_one) = (two.clone(), three.clone(), one.clone());
    let last = doing(move |_, ctx| {
        Box::pin(async move {
            let cycle = cycle_of(to_one.ask(at_once()).await);
            assert_eq!(cycle[0], ctx.id());
            assert_eq!(cycle.len(), 3);
            u64::from(cycle[1] == to_one.id())
        })
    });
    let middle = doing(move |_, _| Box::pin(async move { to_three.ask(last).await.unwrap() }));
    let first = doing(move |_, _| Box::pin(async move { to_two.ask(middle).await.unwrap() }));
    assert_eq!(one.ask(first).timeout(PATIENCE).wait().unwrap(), 1);
    finish(&system);
}

#[test]
fn s20_actors_that_do_not_wait_for_each_other_are_no_cycle() {
    let system = system(2);
    let (one, two) = (system.spawn(Lodge::new()).unwrap(), system.spawn(Lodge::new()).unwrap());
    // It has waited for the other before, in a handler that has ended, with a reply that it has kept.
    let to_two = two.clone();
    let (signal, kept) = (Signal::default(), Arc::new(Mutex::new(None)));
    let (waits, keeps) = (signal.clone(), Arc::clone(&kept));
    let blocked = two.ask(doing(move |_, _| {
        Box::pin(async move {
            waits.given().await;
            1
        })
    }));
    suspended(&system, &two);
    let early = one.ask(doing(move |_, _| {
        Box::pin(async move {
            let mut reply = to_two.ask(at_once());
            poll_fn(|task| {
                assert!(Pin::new(&mut reply).poll(task).is_pending());
                Poll::Ready(())
            })
            .await;
            *keeps.lock().unwrap() = Some(reply);
            4
        })
    }));
    assert_eq!(early.wait().unwrap(), 4);
    signal.give();
    let to_one = one.clone();
    let late =
        two.ask(doing(move |_, _| Box::pin(async move { to_one.ask(at_once()).await.unwrap() })));
    assert_eq!(blocked.wait().unwrap(), 1);
    assert_eq!(late.wait().unwrap(), 1);
    drop(kept);
    finish(&system);
}

#[actor]
struct Agent {
    kept: Vec<ReplyTo<u64>>,
}

#[handlers]
impl Agent {
    fn promise(&mut self, reply: ReplyTo<u64>) {
        self.kept.push(reply);
    }
    fn keep_promises(&mut self) {
        self.kept.drain(..).for_each(|reply| reply.send(8));
    }
}

#[test]
fn s20_a_right_to_answer_that_has_left_its_handler_holds_nobody() {
    let system = system(2);
    let (agent, lodge) =
        (system.spawn(Agent { kept: Vec::new() }).unwrap(), system.spawn(Lodge::new()).unwrap());
    let promises = agent.clone();
    let waits = lodge.ask(doing(move |_, _| {
        Box::pin(async move { promises.ask(AgentPromise {}).await.unwrap() })
    }));
    suspended(&system, &lodge);
    agent.keep_promises().unwrap();
    assert_eq!(waits.wait().unwrap(), 8);
    finish(&system);
}
