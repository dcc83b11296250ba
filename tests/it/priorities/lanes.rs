//! The lanes of a mailbox: their weights, their order, and that whatever is promised of a mailbox holds for all of them.

use super::*;
use zactor::{AskError, DeadLetterReason, EndReason, StopHandle};

/// So many messages of each lane, in the order that `lanes` gives, behind one that holds the actor.
fn handled_in_turn(lanes: &[Priority], each: u32) -> Vec<(Priority, u32)> {
    let system = system(1);
    let by = Seen::default();
    let laned = system.spawn(Laned(Arc::clone(&by))).unwrap();
    let ledger = Ledger::new(lanes.len() * each as usize);
    let held = stand(&laned);
    for (lane, first) in lanes.iter().zip((0..).step_by(each as usize)) {
        (first..first + each).for_each(|id| tell(&laned, *lane, ledger.item(id, 0)).unwrap());
    }
    drop(held);
    laned.drain().wait().unwrap();
    ledger.check_all();
    finish(&system);
    seen(&by)
}

/// In any 8 in a row each lane that has messages has at least one.
fn each_gets_one_in_eight(seen: &[(Priority, u32)], lanes: &[Priority]) {
    let last = |lane| seen.iter().rposition(|(other, _)| *other == lane);
    for lane in lanes {
        let busy = &seen[..=last(*lane).unwrap()];
        for turns in busy.windows(8) {
            assert!(turns.iter().any(|(other, _)| other == lane), "{lane:?} starves: {turns:?}");
        }
    }
}

#[test]
fn s02_each_lane_with_messages_gets_at_least_one_turn_in_eight() {
    let mut reversed = LANES;
    reversed.reverse();
    for lanes in [&LANES[..], &reversed, &LANES[..2], &LANES[1..], &reversed[..2], &LANES[2..]] {
        let seen = handled_in_turn(lanes, 300);
        assert_eq!(seen.len(), lanes.len() * 300);
        each_gets_one_in_eight(&seen, lanes);
        for lane in lanes {
            let own: Vec<u32> =
                seen.iter().filter(|(other, _)| other == lane).map(|(_, id)| *id).collect();
            assert!(own.is_sorted(), "{lane:?}: in order");
        }
    }
}

#[test]
fn s02_more_important_lanes_get_more_turns() {
    let seen = handled_in_turn(&[Priority::Low, Priority::Normal, Priority::High], 400);
    let of = |lane| seen[..80].iter().filter(|(other, _)| *other == lane).count();
    assert_eq!([50, 20, 10], LANES.map(of), "of the first 80, while all have messages");
    let only = handled_in_turn(&[Priority::Low, Priority::High], 8);
    assert_eq!(only[0].0, Priority::High, "what came later, and is more important, goes first");
}

#[test]
fn s02_lanes_share_the_capacity() {
    let system = system(1);
    for capacity in [1, 3, 64, 1_024, 3_000] {
        let by = Seen::default();
        let laned = system.actor_of(Laned(Arc::clone(&by))).mailbox_capacity(capacity);
        let laned = laned.spawn().unwrap();
        let ledger = Ledger::new(capacity as usize + 3);
        let held = stand(&laned);
        for (id, lane) in (0..capacity).zip(LANES.iter().cycle()) {
            tell(&laned, *lane, ledger.item(id, 0)).unwrap();
        }
        for (id, lane) in (capacity..).zip(LANES) {
            let refused = tell(&laned, lane, ledger.item(id, 0));
            assert!(matches!(refused, Err(SendError::Full(Item { .. }))), "{lane:?}: {refused:?}");
        }
        drop(held);
        laned.drain().wait().unwrap();
        assert_eq!(by.lock().unwrap().len(), capacity as usize);
        let counts = counts(&system, &laned);
        assert_eq!((counts.rejected, counts.handled), (3, u64::from(capacity) + 1));
        ledger.check_all();
    }
    finish(&system);
}

#[test]
fn s10_room_of_lanes_comes_back_message_by_message() {
    let system = system(1);
    let laned = system.actor_of(Laned(Seen::default())).mailbox_capacity(2).spawn().unwrap();
    let ledger = Ledger::new(4);
    let (first, second) = (Gate::new(), Gate::new());
    let _opens = [Opens(first.clone()), Opens(second.clone())];
    laned.tell(Stand(first.clone())).unwrap();
    first.wait_for(1);
    laned.tell(Stand(second.clone())).unwrap();
    tell(&laned, Priority::Low, ledger.item(0, 0)).unwrap();
    tell(&laned, Priority::High, ledger.item(1, 0)).unwrap_err();
    first.open();
    second.wait_for(1); // one was taken, one is sorted and counts
    tell(&laned, Priority::High, ledger.item(2, 0)).unwrap();
    tell(&laned, Priority::High, ledger.item(3, 0)).unwrap_err();
    second.open();
    laned.drain().wait().unwrap();
    ledger.check_all();
    finish(&system);
}

#[test]
fn s11_drop_old_evicts_the_oldest_of_all_lanes() {
    let system = system(1);
    let letters = Letters::of(&system);
    let by = Seen::default();
    let laned = system.actor_of(Laned(Arc::clone(&by))).mailbox_capacity(4);
    let laned = laned.overflow(Overflow::DropOld).spawn().unwrap();
    let ledger = Ledger::new(10);
    let (first, second) = (Gate::new(), Gate::new());
    let _opens = [Opens(first.clone()), Opens(second.clone())];
    laned.tell(Stand(first.clone())).unwrap();
    first.wait_for(1);
    laned.tell(Stand(second.clone())).unwrap();
    let lanes = [Priority::Low, Priority::High, Priority::Normal];
    (0..3).zip(lanes).for_each(|(id, lane)| tell(&laned, lane, ledger.item(id, 0)).unwrap());
    first.open();
    eventually("one was handled", || by.lock().unwrap().len() == 1);
    second.wait_for(1); // 1, which is high, was handled; 0 and 2 are sorted
    let rest = [Priority::High, Priority::Low, Priority::High];
    (3..6).zip(rest).for_each(|(id, lane)| tell(&laned, lane, ledger.item(id, 0)).unwrap());
    assert!(ledger.drops() == 2 && !ledger.was_handled(0), "0, the oldest, in the lane that waits");
    (6..8).for_each(|id| tell(&laned, Priority::Normal, ledger.item(id, 0)).unwrap());
    assert_eq!(ledger.drops(), 4, "2, and then 3 out of the queue");
    second.open();
    laned.drain().wait().unwrap();
    let handled: Vec<u32> = (0..8).filter(|id| ledger.was_handled(*id)).collect();
    assert_eq!(handled, [1, 4, 5, 6, 7]);
    let letters = letters.wait_for(3);
    let names: Vec<_> = letters.iter().map(|letter| letter.message).collect();
    assert_eq!(names, ["Low", "Normal", "High"]);
    finish(&system);
    ledger.check(0..8);
}

#[test]
fn s38_stop_kill_and_drain_reach_all_lanes() {
    let system = system(1);
    let letters = Letters::of(&system);
    let ends: [fn(&ActorRef<Laned>) -> StopHandle; 3] =
        [|laned| laned.stop(), |laned| laned.kill(), |laned| laned.drain()];
    for (n, end) in (1..).zip(ends) {
        let laned = system.spawn(Laned(Seen::default())).unwrap();
        let ledger = Ledger::new(30);
        let (first, second) = (Gate::new(), Gate::new());
        let _opens = [Opens(first.clone()), Opens(second.clone())];
        laned.tell(Stand(first.clone())).unwrap();
        first.wait_for(1);
        laned.tell(Stand(second.clone())).unwrap();
        let send = |id: u32| tell(&laned, LANES[id as usize % 3], ledger.item(id, 0)).unwrap();
        (0..15).for_each(send);
        first.open();
        second.wait_for(1); // some are sorted
        (15..30).for_each(send);
        let asked = laned.ask(AskLow(0)).timeout(PATIENCE);
        let ended = end(&laned);
        second.open();
        let reason = ended.wait().unwrap();
        ledger.check_all();
        let counts = counts(&system, &laned);
        if matches!(reason, EndReason::Drained) {
            assert_eq!((ledger.handled(), asked.wait().unwrap()), (30, 0));
        } else {
            assert!(matches!(asked.wait(), Err(AskError::Closed)));
            assert_eq!(counts.dead_lettered, 31 - ledger.handled());
            let letters = letters.wait_for(n * 20);
            let by_stop = letters.iter().filter(|letter| letter.target == laned.id());
            let reasons = [DeadLetterReason::Stopped, DeadLetterReason::Killed];
            assert!(by_stop.clone().all(|letter| reasons.contains(&letter.reason)));
        }
        assert!(matches!(laned.tell(Fail), Err(SendError::Closed(Fail))));
    }
    finish(&system);
}

#[test]
fn s25_a_restart_keeps_what_the_lanes_hold() {
    let system = system(1);
    let by = Seen::default();
    let value = Arc::clone(&by);
    let laned = system.spawn_with(move || Laned(Arc::clone(&value))).unwrap();
    let ledger = Ledger::new(60);
    let held = stand(&laned);
    let send = |id: u32| tell(&laned, LANES[id as usize % 3], ledger.item(id, 0)).unwrap();
    (0..30).for_each(send);
    laned.tell(Fail).unwrap();
    (30..60).for_each(send);
    drop(held);
    laned.drain().wait().unwrap();
    let seen = seen(&by);
    assert_eq!(seen.len(), 60);
    for lane in LANES {
        let own = seen.iter().filter(|(other, _)| *other == lane).map(|(_, id)| *id);
        assert!(own.is_sorted(), "{lane:?}");
    }
    let counts = counts(&system, &laned);
    assert_eq!((counts.failed, counts.handled), (1, 61));
    ledger.check_all();
    finish(&system);
}

#[test]
fn s44_the_word_of_an_end_waits_for_what_was_sent_in_every_lane() {
    let system = system(2);
    let by = Seen::default();
    let watcher = system.spawn(Watcher(Laned(Arc::clone(&by)))).unwrap();
    let ledger = Ledger::new(90);
    let gate = Gate::new();
    let opens = Opens(gate.clone());
    let lab = system.spawn(Lab::new()).unwrap();
    watcher.tell(Watch(lab.id(), gate.clone())).unwrap();
    gate.wait_for(1);
    let (to, all) = (watcher.clone(), Arc::clone(&ledger));
    lab.tell(job(move |_, ctx| {
        (0..30).for_each(|id| to.tell(Low(all.item(id, 0))).unwrap());
        (30..60).for_each(|id| to.tell(High(all.item(id, 0))).unwrap());
        ctx.stop();
    }))
    .unwrap();
    lab.ended().wait().unwrap();
    // These come after the word, and go before it if they are important.
    (60..90).for_each(|id| watcher.tell(High(ledger.item(id, 0))).unwrap());
    drop(opens);
    watcher.drain().wait().unwrap();
    let seen = seen(&by);
    let word = seen.iter().position(|(_, id)| *id == TERMINATED).expect("it was told");
    let before = seen[..word].iter().filter(|(_, id)| *id < 60).count();
    assert_eq!(before, 60, "all that the dead actor has sent: {seen:?}");
    ledger.check_all();
    finish(&system);
}

/// In place of a number.
const TERMINATED: u32 = u32::MAX;

/// Watches, then stands at the gate.
#[derive(Message)]
struct Watch(ActorId, Gate);

/// A `Laned` that watches others.
#[actor(High, Low, Watch, lifecycle)]
struct Watcher(Laned);

impl Lifecycle for Watcher {
    fn on_terminated(&mut self, _: &mut Context<Self>, _: Terminated) {
        self.0.0.lock().unwrap().push((Priority::Normal, TERMINATED));
    }
}

impl Handler<Watch> for Watcher {
    fn handle(&mut self, Watch(who, gate): Watch, ctx: &mut Context<Self>) {
        ctx.watch(who);
        gate.pass();
    }
}

impl Handler<High> for Watcher {
    fn handle(&mut self, High(item): High, _: &mut Context<Self>) {
        self.0.note(Priority::High, &item);
    }
}

impl Handler<Low> for Watcher {
    fn handle(&mut self, Low(item): Low, _: &mut Context<Self>) {
        self.0.note(Priority::Low, &item);
    }
}
