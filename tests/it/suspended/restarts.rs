//! A handler that waits, and supervision: S23, S24, S31.

use super::*;

#[actor(Hire, lifecycle, supervise(one_for_all, max_restarts = 100, within = "1h"))]
struct Boss;

impl Lifecycle for Boss {}

#[derive(Message)]
#[message(reply = ActorRef<Lodge>)]
struct Hire(&'static str, Journal);

impl Handler<Hire> for Boss {
    fn handle(&mut self, Hire(name, journal): Hire, ctx: &mut Context<Self>) -> ActorRef<Lodge> {
        ctx.spawn_with(move || Lodge::named(name, &journal)).unwrap()
    }
}

fn crash() -> Run {
    doing(|_, _| give_up())
}

#[test]
fn s23_a_restart_of_the_group_drops_the_future_before_pre_restart() {
    let system = system(2);
    let journal = Journal::default();
    let boss = system.spawn(Boss).unwrap();
    let waits = boss.ask(Hire("waits", journal.clone())).wait().unwrap();
    let fails = boss.ask(Hire("fails", journal.clone())).wait().unwrap();
    let (reply, _signal) = suspend(&system, &waits);
    waits.tell(Note(1)).unwrap();
    fails.tell(crash()).unwrap();
    let ended = reply.wait();
    assert!(matches!(ended, Err(AskError::Failed(_))), "{ended:?}");
    assert_eq!(waits.ask(Notes).wait().unwrap(), [1]);
    assert_eq!(
        journal.entries(),
        [
            "before restart fails",
            "drop fails",
            "drop future",
            "before restart waits",
            "drop waits",
            "restart waits",
            "restart fails"
        ]
    );
    let counts = counts(&system, &waits);
    assert_eq!((counts.handled, counts.failed), (2, 1));
    finish(&system);
}

#[test]
fn s23_the_failure_of_a_child_waits_for_the_handler() {
    let system = system(2);
    let parent = system.spawn(Lodge::new()).unwrap();
    let journal = Journal::default();
    let (signal, kept) = (Signal::default(), journal.clone());
    let (give, take) = std::sync::mpsc::channel();
    let waits = signal.clone();
    let reply = parent.ask(doing(move |_, ctx| {
        let child = ctx.spawn_with(move || Lodge::named("child", &kept)).unwrap();
        give.send(child).unwrap();
        Box::pin(async move {
            waits.given().await;
            1
        })
    }));
    let child = take.recv_timeout(PATIENCE).unwrap();
    suspended(&system, &parent);
    child.tell(crash()).unwrap();
    child.tell(Note(5)).unwrap();
    suspended(&system, &child);
    assert_eq!(journal.count("restart child"), 0);
    signal.give();
    assert_eq!(reply.wait().unwrap(), 1);
    assert_eq!(child.ask(Notes).wait().unwrap(), [5]);
    assert_eq!(journal.count("restart child"), 1);
    finish(&system);
}

#[test]
fn s40_a_parent_waits_for_a_child_whose_handler_waits() {
    let system = system(2);
    let journal = Journal::default();
    let boss = system.spawn(Boss).unwrap();
    let child = boss.ask(Hire("child", journal.clone())).wait().unwrap();
    let (reply, signal) = suspend(&system, &child);
    let ended = boss.stop();
    eventually("the child was told", || {
        system.inspect(child.id()).unwrap().state == zactor::ActorState::Stopping
    });
    signal.give();
    assert_eq!(reply.wait().unwrap(), 7);
    ended.wait().unwrap();
    assert_eq!(journal.entries(), ["drop future", "stop child", "drop child"]);
    finish(&system);
}
