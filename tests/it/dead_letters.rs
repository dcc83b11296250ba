//! What becomes of messages that nobody will handle: S16, S17.

use std::sync::Arc;

use crate::support::*;
use zactor::DeadLetterReason;

#[test]
fn s16_each_message_that_is_neither_handled_nor_failed_gives_one_dead_letter() {
    let system = system(2);
    let letters = Letters::of(&system);
    let ledger = Ledger::new(50);
    let target = system.actor_of(Lab::new()).name("target").spawn().unwrap();
    let sender = system.spawn(Lab::new()).unwrap();
    let held = hold(&target);
    let (to, items) = (target.clone(), (0..25).map(|id| ledger.item(id, 0)).collect::<Vec<_>>());
    sender
        .tell(job(move |_, _| items.into_iter().for_each(|item| to.tell(item).unwrap())))
        .unwrap();
    settle(&sender);
    for id in 25..50 {
        target.tell(ledger.item(id, 0)).unwrap();
    }
    let stopping = target.stop();
    drop(held);
    stopping.wait().unwrap();
    ledger.check_all();
    assert_eq!(system.dead_letters().count(), 50);
    let letters = letters.wait_for(50);
    assert_eq!(letters.len(), 50);
    let by_actor = letters.iter().filter(|letter| letter.sender == Some(sender.id())).count();
    let from_outside = letters.iter().filter(|letter| letter.sender.is_none()).count();
    assert_eq!((by_actor, from_outside), (25, 25));
    for letter in &letters {
        assert_eq!((letter.target, letter.message), (target.id(), "Item"));
        assert_eq!(letter.target_name.as_deref(), Some("target"));
        assert_eq!(letter.reason, DeadLetterReason::Stopped);
    }
    finish(&system);
}

#[test]
fn s16_a_dead_letter_says_why() {
    let cases: [(Deed, DeadLetterReason); 3] = [
        (|lab| drop(lab.stop()), DeadLetterReason::Stopped),
        (|lab| drop(lab.kill()), DeadLetterReason::Killed),
        (|_| {}, DeadLetterReason::Failed),
    ];
    for (end, reason) in cases {
        let system = system(1);
        let letters = Letters::of(&system);
        let lab = system.spawn(Lab::new()).unwrap();
        let gate = Gate::new();
        let (door, fails) = (gate.clone(), reason == DeadLetterReason::Failed);
        lab.tell(job(move |_, _| {
            door.pass();
            if fails {
                give_up();
            }
        }))
        .unwrap();
        gate.wait_for(1);
        lab.tell(Noted::new("letter", &Journal::default())).unwrap();
        end(&lab);
        gate.open();
        lab.ended().wait().unwrap();
        let letters = letters.wait_for(1);
        assert_eq!((letters[0].reason, letters[0].message), (reason, "Noted"));
        finish(&system);
    }
}

#[test]
fn s17_a_dead_letter_whose_subscriber_is_dead_is_counted_and_goes_nowhere() {
    let system = system(1);
    let kept = Arc::default();
    let collector = system.spawn(Collector::new(&kept)).unwrap();
    system.dead_letters().subscribe(collector.recipient());
    collector.stop().wait().unwrap();
    let lab = system.spawn(Lab::new()).unwrap();
    let held = hold(&lab);
    (0..10).for_each(|_| lab.tell(job(|_, _| {})).unwrap());
    let stopping = lab.stop();
    drop(held);
    stopping.wait().unwrap();
    assert_eq!(system.dead_letters().count(), 10);
    let stats = finish(&system);
    assert_eq!(stats.messages.dead_lettered, 10);
    assert!(kept.lock().unwrap().is_empty());
}

#[test]
fn s17_dead_letters_of_a_subscriber_breed_no_others() {
    let system = system(1);
    let kept = Arc::default();
    let collector = system.spawn(Collector::new(&kept)).unwrap();
    system.dead_letters().subscribe(collector.recipient());
    let door = Gate::new();
    let opens = Opens(door.clone());
    let blocker = system.spawn(Lab::new()).unwrap();
    blocker.tell(job(move |_, _| door.pass())).unwrap();
    opens.0.wait_for(1); // the one worker stands here: letters queue up at the collector
    let lab = system.spawn(Lab::new()).unwrap();
    (0..10).for_each(|_| lab.tell(job(|_, _| {})).unwrap());
    let (first, second) = (lab.stop(), collector.stop());
    drop(opens);
    first.wait().unwrap();
    second.wait().unwrap();
    let own = counts(&system, &collector);
    assert_eq!((own.offered, own.handled, own.dead_lettered), (10, 0, 10), "a letter each");
    let stats = finish(&system);
    assert_eq!(stats.messages.dead_lettered, 20, "what was for the lab, and the letters about it");
    assert_eq!(system.dead_letters().count(), 20);
}
