//! Statistics, `inspect` and `tree`: what they say is so.

use std::sync::mpsc;
use std::time::Duration;

use crate::support::*;
use zactor::ActorState;
use zactor::prelude::*;

#[test]
fn actors_are_counted_by_how_they_ended() {
    let system = system(2);
    let labs: Vec<_> = (0..6).map(|_| system.spawn(Lab::new()).unwrap()).collect();
    let counted = system.stats().actors;
    assert_eq!((counted.created, counted.live, counted.stopped, counted.failed), (6, 6, 0, 0));
    labs[0].stop().wait().unwrap();
    labs[1].kill().wait().unwrap();
    labs[2].drain().wait().unwrap();
    labs[3].tell(job(|_, _| give_up())).unwrap();
    labs[3].ended().wait().unwrap();
    let counted = system.stats().actors;
    assert_eq!((counted.created, counted.live), (6, 2));
    assert_eq!((counted.stopped, counted.failed, counted.restarted), (3, 1, 0));
    let counted = finish(&system).actors;
    assert_eq!((counted.live, counted.stopped, counted.failed), (0, 5, 1));
}

#[test]
fn the_system_names_its_workers() {
    for workers in [1, 2, 5] {
        assert_eq!(system(workers).stats().workers, workers);
    }
}

#[test]
fn payloads_over_32_bytes_are_counted_as_boxed() {
    let system = system(1);
    let sizes = system.spawn(Sizes).unwrap();
    (0..10).for_each(|_| sizes.tell(Fits([0; 4])).unwrap());
    settle_sizes(&sizes);
    assert_eq!(system.stats().boxed_sends, 0);
    (0..10).for_each(|_| sizes.tell(TooLarge([0; 5])).unwrap());
    (0..10).for_each(|_| sizes.tell(AlwaysBoxed(0)).unwrap());
    assert_eq!(sizes.tell_batch((0..10).map(|_| TooLarge([0; 5]))).unwrap(), 10);
    settle_sizes(&sizes);
    assert_eq!(system.stats().boxed_sends, 30);
    finish(&system);
}

#[derive(Message)]
struct Fits(#[expect(dead_code, reason = "only its size matters")] [u64; 4]);

#[derive(Message)]
struct TooLarge(#[expect(dead_code, reason = "only its size matters")] [u64; 5]);

#[derive(Message)]
#[message(boxed)]
struct AlwaysBoxed(#[expect(dead_code, reason = "only its size matters")] u8);

#[derive(Message)]
#[message(reply = ())]
struct Settle;

#[actor(Fits, TooLarge, AlwaysBoxed, Settle)]
struct Sizes;

macro_rules! ignores {
    ($($message:ty),*) => { $(impl Handler<$message> for Sizes {
        fn handle(&mut self, _: $message, _: &mut Context<Self>) {}
    })* };
}
ignores!(Fits, TooLarge, AlwaysBoxed, Settle);

fn settle_sizes(sizes: &ActorRef<Sizes>) {
    sizes.ask(Settle).wait().unwrap();
}

#[test]
fn latency_is_sampled_as_configured() {
    let config = SystemConfig { latency_sample: 1, ..quiet() };
    let system = ActorSystem::builder("t").workers(1).config(config).start().unwrap();
    let lab = system.spawn(Lab::new()).unwrap();
    let pause = Duration::from_millis(2);
    (0..100).for_each(|_| lab.tell(job(|_, _| {})).unwrap());
    lab.tell(job(move |_, _| let_pass(pause))).unwrap();
    settle(&lab);
    lab.stop().wait().unwrap(); // a time is recorded after its reply
    let latency = system.stats().latency();
    for measured in [&latency.send_to_end, &latency.handler] {
        assert_eq!(measured.samples, 102);
        let ordered = [measured.p50, measured.p95, measured.p99, measured.p999, measured.max];
        assert!(ordered.is_sorted(), "{ordered:?}");
        assert!(measured.max >= pause, "{:?}", measured.max);
    }
    assert!(latency.handler.p50 < pause, "{:?}", latency.handler.p50);
    assert!(system.stats().average_latency() > Duration::ZERO);
    finish(&system);

    let config = SystemConfig { latency_sample: 0, ..quiet() };
    let system = ActorSystem::builder("t").workers(1).config(config).start().unwrap();
    let lab = system.spawn(Lab::new()).unwrap();
    (0..1_000).for_each(|_| lab.tell(job(|_, _| {})).unwrap());
    settle(&lab);
    assert_eq!(system.stats().latency().handler.samples, 0);
    finish(&system);
}

#[test]
fn throughput_counts_what_was_handled() {
    let system = system(1);
    let lab = system.actor_of(Lab::new()).unbounded().spawn().unwrap();
    (0..10_000).for_each(|_| lab.tell(job(|_, _| {})).unwrap());
    settle(&lab);
    let rate = system.stats().throughput();
    assert!(rate.recent > 0.0 && rate.since_start > 0.0, "{} {}", rate.recent, rate.since_start);
    finish(&system);
}

#[test]
fn inspect_says_what_an_actor_is_doing() {
    let system = system(1);
    let lab = system.actor_of(Lab::new()).name("lab").spawn().unwrap();
    settle(&lab);
    eventually("idle", || system.inspect(lab.id()).unwrap().state == ActorState::Idle);
    let info = system.inspect(lab.id()).unwrap();
    assert_eq!((info.id, info.name.as_deref()), (lab.id(), Some("lab")));
    assert!(info.type_name.ends_with("Lab"), "{}", info.type_name);
    assert_eq!((info.parent, info.restarts, info.watchers), (None, 0, 0));
    assert!(info.children.is_empty());
    let other = system.spawn(Lab::new()).unwrap();
    let held = hold(&lab);
    other.tell(job(|_, _| {})).unwrap();
    assert_eq!(system.inspect(lab.id()).unwrap().state, ActorState::Running);
    assert_eq!(system.inspect(other.id()).unwrap().state, ActorState::Scheduled);
    let stopping = lab.stop();
    assert_eq!(system.inspect(lab.id()).unwrap().state, ActorState::Stopping);
    drop(held);
    stopping.wait().unwrap();
    let ended = system.inspect(lab.id()).expect("a reference keeps it to be looked at");
    assert_eq!(ended.state, ActorState::Stopped);
    assert!(system.inspect(ActorId::NONE).is_none());
    assert!(system.inspect(ActorId::from_raw(u64::MAX)).is_none());
    finish(&system);
}

#[test]
fn tree_lists_the_living_with_their_families() {
    let system = system(2);
    let lab = system.actor_of(Lab::new()).name("parent").spawn().unwrap();
    let (give, take) = mpsc::channel();
    lab.tell(job(move |_, ctx| {
        let children: Vec<_> = (0..3).map(|_| ctx.spawn(Lab::new()).unwrap()).collect();
        assert_eq!(ctx.children(), children.iter().map(ActorRef::id).collect::<Vec<_>>());
        give.send(children).unwrap();
    }))
    .unwrap();
    let children = take.recv_timeout(PATIENCE).unwrap();
    let tree = system.tree();
    assert_eq!(tree.len(), 4);
    let parent = tree.iter().find(|info| info.id == lab.id()).unwrap();
    assert_eq!(parent.children, children.iter().map(ActorRef::id).collect::<Vec<_>>());
    for child in &children {
        let info = tree.iter().find(|info| info.id == child.id()).unwrap();
        assert_eq!(info.parent, Some(lab.id()));
    }
    children[1].stop().wait().unwrap();
    assert_eq!(system.tree().len(), 3);
    lab.stop().wait().unwrap();
    assert!(system.tree().is_empty());
    finish(&system);
}

#[test]
fn sender_is_the_actor_that_sent() {
    let system = system(2);
    let (a, b) = (system.spawn(Lab::new()).unwrap(), system.spawn(Lab::new()).unwrap());
    let (give, take) = mpsc::channel();
    let (report, to) = (give.clone(), b.clone());
    a.tell(job(move |_, ctx| {
        assert_eq!(ctx.sender(), None, "from outside");
        to.tell(job(move |_, ctx| report.send(ctx.sender()).unwrap())).unwrap();
    }))
    .unwrap();
    assert_eq!(take.recv_timeout(PATIENCE).unwrap(), Some(a.id()));
    let (report, to) = (give.clone(), b.clone());
    a.tell(job(move |_, ctx| {
        drop(
            ctx.ask(
                &to,
                call(move |_, ctx| {
                    report.send(ctx.sender()).unwrap();
                    0
                }),
            )
            .then(|_, _, _| {}),
        );
    }))
    .unwrap();
    assert_eq!(take.recv_timeout(PATIENCE).unwrap(), Some(a.id()), "of an ask as well");
    finish(&system);
}

#[test]
fn forward_keeps_the_first_sender() {
    let system = system(2);
    let labs: Vec<_> = (0..3).map(|_| system.spawn(Lab::new()).unwrap()).collect();
    let (give, take) = mpsc::channel();
    let (second, third) = (labs[1].clone(), labs[2].clone());
    labs[0]
        .tell(job(move |_, _| {
            second
                .tell(job(move |_, ctx| {
                    let report = job(move |_, ctx| give.send(ctx.sender()).unwrap());
                    ctx.forward(&third, report).unwrap();
                }))
                .unwrap();
        }))
        .unwrap();
    assert_eq!(take.recv_timeout(PATIENCE).unwrap(), Some(labs[0].id()));
    finish(&system);
}
