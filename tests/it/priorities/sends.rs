//! Every way to send keeps to the message's lane.

use std::time::Duration;

use super::*;
use zactor::testing::ManualClock;

/// What was handled first, of low ones that came before.
fn first_of(send: impl FnOnce(&ActorRef<Laned>, &Arc<Ledger>)) -> (Priority, u32) {
    let system = system(2);
    let by = Seen::default();
    let laned = system.spawn(Laned(Arc::clone(&by))).unwrap();
    let ledger = Ledger::new(40);
    let held = stand(&laned);
    (0..20).for_each(|id| tell(&laned, Priority::Low, ledger.item(id, 0)).unwrap());
    send(&laned, &ledger);
    drop(held);
    laned.drain().wait().unwrap();
    finish(&system);
    seen(&by)[0]
}

#[test]
fn s02_every_way_to_send_keeps_to_the_lane() {
    let high = |id| (Priority::High, id);
    let batch = |laned: &ActorRef<Laned>, ledger: &Arc<Ledger>| {
        laned.tell_batch((20..40).map(|id| High(ledger.item(id, 0)))).unwrap();
    };
    assert_eq!(first_of(batch), high(20));
    assert_eq!(
        first_of(|laned, ledger| laned.send(High(ledger.item(21, 0))).wait().unwrap()),
        high(21)
    );
    assert_eq!(first_of(|laned, _| drop(laned.ask(AskHigh(22)))), high(22));
    assert_eq!(first_of(|laned, _| drop(laned.ask(AskLow(23)))), (Priority::Low, 0));
    let recipient = |laned: &ActorRef<Laned>, ledger: &Arc<Ledger>| {
        laned.recipient::<High>().tell(High(ledger.item(24, 0))).unwrap();
    };
    assert_eq!(first_of(recipient), high(24));
    let chosen = |laned: &ActorRef<Laned>, ledger: &Arc<Ledger>| {
        laned.tell_any(LanedMessage::High(High(ledger.item(25, 0)))).unwrap();
    };
    assert_eq!(first_of(chosen), high(25));
}

/// Says what it hears to the test, and arms a timer for itself.
#[derive(Message)]
#[message(priority = high)]
struct Ring;

#[derive(Message)]
struct Arm(Gate);

#[actor(Ring, Arm, Low)]
struct Bell(Journal);

impl Handler<Arm> for Bell {
    fn handle(&mut self, Arm(gate): Arm, ctx: &mut Context<Self>) {
        ctx.send_after(Duration::from_secs(1), Ring);
        ctx.send_every(Duration::from_secs(1), || Ring).unwrap();
        gate.pass();
    }
}

impl Handler<Ring> for Bell {
    fn handle(&mut self, _: Ring, _: &mut Context<Self>) {
        self.0.note("ring");
    }
}

impl Handler<Low> for Bell {
    fn handle(&mut self, Low(item): Low, _: &mut Context<Self>) {
        item.handle();
        self.0.note("low");
    }
}

#[test]
fn s02_a_timers_message_keeps_to_its_lane() {
    let clock = ManualClock::new();
    let system = ActorSystem::builder("t").workers(1).config(quiet()).clock(clock.clone());
    let system = system.start().unwrap();
    let journal = Journal::default();
    let bell = system.spawn(Bell(journal.clone())).unwrap();
    let gate = Gate::new();
    let opens = Opens(gate.clone());
    bell.tell(Arm(gate.clone())).unwrap();
    gate.wait_for(1);
    let ledger = Ledger::new(10);
    (0..10).for_each(|id| bell.tell(Low(ledger.item(id, 0))).unwrap());
    clock.advance(Duration::from_secs(1));
    drop(opens);
    bell.drain().wait().unwrap();
    assert_eq!(journal.entries()[..2], ["ring", "ring"]);
    finish(&system);
}

#[test]
fn s12_a_handlers_sends_to_lanes_are_admitted_and_mute_it() {
    let system = system(2);
    for capacity in [1, 8, 200] {
        let by = Seen::default();
        let laned = system.actor_of(Laned(Arc::clone(&by))).mailbox_capacity(capacity);
        let laned = laned.overflow(Overflow::Block).spawn().unwrap();
        let lab = system.spawn(Lab::new()).unwrap();
        let ledger = Ledger::new(600);
        let held = stand(&laned);
        for round in 0..3 {
            let (to, all) = (laned.clone(), Arc::clone(&ledger));
            lab.tell(job(move |_, _| {
                let ids = round * 100..(round + 1) * 100;
                ids.for_each(|id| tell(&to, LANES[id as usize % 3], all.item(id, 0)).unwrap());
            }))
            .unwrap();
        }
        let waiting: Vec<_> = (300..303).map(|id| laned.send(Low(ledger.item(id, 0)))).collect();
        let asked = laned.ask(AskHigh(1)).timeout(PATIENCE);
        drop(held);
        waiting.into_iter().for_each(|waiting| waiting.wait().unwrap());
        assert_eq!(asked.wait().unwrap(), 1);
        settle(&lab);
        laned.drain().wait().unwrap();
        assert_eq!(ledger.handled(), 303);
        ledger.check(0..303);
        let seen = seen(&by);
        for lane in LANES {
            let own = seen.iter().filter(|(other, id)| *other == lane && (2..300).contains(id));
            assert!(own.is_sorted_by_key(|(_, id)| *id), "{lane:?}: in order");
        }
    }
    finish(&system);
}
