//! The slot of an ask on one thread, step by step; and used again and again by two.

use std::thread;

use super::{Counted, until};
use crate::queue::oneshot::{Answered, Expired, Left, Registered, Slot, State};

/// A slot whose parties are one thread, used by the rules.
struct Ask<R>(Slot<R, &'static str>);

impl<R> Ask<R> {
    fn armed(waiter: Option<&'static str>) -> (Self, u32) {
        let ask = Self(Slot::new());
        let generation = ask.arm(waiter);
        (ask, generation)
    }

    fn arm(&self, waiter: Option<&'static str>) -> u32 {
        // SAFETY: one thread, between two asks.
        unsafe { self.0.gate().arm(waiter) }
    }

    fn answer(&self, value: R) -> Answered<R, &'static str> {
        // SAFETY: each test answers once.
        unsafe { self.0.answer(value) }
    }

    fn expire(&self, generation: u32) -> Expired<&'static str> {
        // SAFETY: the slot stays.
        unsafe { self.0.gate().expire(generation) }
    }

    fn leave(&self) -> Left<R, &'static str> {
        // SAFETY: each test leaves once.
        unsafe { self.0.leave() }
    }

    fn set_waiter(&self, waiter: &'static str) -> Registered<&'static str> {
        // SAFETY: before it leaves.
        unsafe { self.0.gate().set_waiter(waiter) }
    }

    fn state(&self) -> State {
        self.0.gate().state()
    }
}

#[test]
fn answer_reaches_the_asker_and_its_waiter() {
    let (ask, _) = Ask::armed(None);
    assert_eq!(ask.state(), State::Pending);
    assert_eq!(ask.set_waiter("first"), Registered::Waiting { before: None });
    assert_eq!(ask.set_waiter("second"), Registered::Waiting { before: Some("first") });
    assert_eq!(ask.answer(5), Answered::Delivered { waiter: Some("second"), free: false });
    assert_eq!(ask.state(), State::Done);
    assert_eq!(ask.set_waiter("late"), Registered::Over { waiter: "late" });
    assert_eq!(ask.leave(), Left { value: Some(5), waiter: None, free: true });
}

#[test]
fn asker_that_left_gets_its_waiter_back_and_the_answerer_its_value() {
    let (ask, generation) = Ask::armed(Some("waiter"));
    assert_eq!(ask.leave(), Left { value: None, waiter: Some("waiter"), free: false });
    assert!(!ask.0.gate().is_wanted());
    assert_eq!(ask.expire(generation), Expired::No);
    assert_eq!(ask.answer(5), Answered::Late { value: 5, free: true });
}

#[test]
fn answer_after_the_time_limit_is_late_whoever_leaves_first() {
    for asker_first in [true, false] {
        let (ask, generation) = Ask::armed(Some("waiter"));
        let waiter = Some("waiter");
        assert_eq!(ask.expire(generation), Expired::Yes { waiter, free: false });
        assert_eq!(ask.expire(generation), Expired::No);
        if asker_first {
            assert_eq!(ask.leave(), Left { value: None, waiter: None, free: false });
            assert_eq!(ask.answer(5), Answered::Late { value: 5, free: true });
        } else {
            assert_eq!(ask.answer(5), Answered::Late { value: 5, free: false });
            assert_eq!(ask.state(), State::Expired);
            assert_eq!(ask.leave(), Left { value: None, waiter: None, free: true });
        }
    }
}

#[test]
fn time_limit_of_an_earlier_ask_does_nothing() {
    let (ask, first) = Ask::armed(None);
    let delivered = Answered::Delivered { waiter: None, free: false };
    assert_eq!(ask.answer(1), delivered);
    assert_eq!(ask.expire(first), Expired::No);
    assert!(ask.leave().free);
    assert_eq!(ask.expire(first), Expired::No);
    let second = ask.arm(None);
    assert_ne!(first, second);
    assert_eq!(ask.expire(first), Expired::No);
    assert_eq!(ask.expire(second), Expired::Yes { waiter: None, free: false });
}

#[test]
fn generation_is_never_that_of_zeroed_memory() {
    let ask = Ask::<()>(Slot::new());
    ask.0.gate().start_at(u32::MAX - 1);
    assert_eq!((ask.arm(None), ask.arm(None)), (u32::MAX, 1));
    assert_eq!(Ask::<()>(Slot::new()).expire(1), Expired::No);
}

#[test]
fn value_that_nobody_took_is_given_to_who_leaves() {
    let value = Counted::new();
    let (ask, _) = Ask::armed(None);
    drop(ask.answer(value.clone()));
    assert_eq!(value.others(), 1);
    drop(ask.leave());
    assert_eq!(value.others(), 0);
}

/// One slot, used again and again: each answer is delivered, late or called off, and the last of the
/// parties frees. Who frees goes on to the next round, so that a double free shows as a lost round.
#[test]
fn stress_of_one_slot_ends_each_ask_once() {
    const ROUNDS: u32 = if cfg!(miri) { 50 } else { 20_000 };
    use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
    let value = Counted::new();
    let ask = Ask(Slot::new());
    let (round, freed) = (AtomicU32::new(0), AtomicU32::new(0));
    let free_if = |free: bool| {
        if free {
            freed.fetch_add(1, SeqCst);
        }
    };
    thread::scope(|scope| {
        scope.spawn(|| {
            for n in 1..=ROUNDS {
                until(|| round.load(SeqCst) == n);
                match ask.answer(value.clone()) {
                    Answered::Delivered { free, .. } | Answered::Late { free, .. } => free_if(free),
                }
            }
        });
        scope.spawn(|| {
            let mut generation = 0;
            while generation < ROUNDS {
                generation = round.load(SeqCst);
                if let Expired::Yes { free, .. } = ask.expire(generation) {
                    free_if(free);
                }
            }
        });
        for n in 1..=ROUNDS {
            assert_eq!(ask.arm((n % 3 == 0).then_some("armed")), n);
            round.store(n, SeqCst);
            if n % 2 == 0 {
                drop(ask.set_waiter("waiter"));
                until(|| n % 4 == 0 || ask.state() != State::Pending);
            }
            free_if(ask.leave().free);
            until(|| freed.load(SeqCst) == n);
        }
    });
    assert_eq!(value.others(), 0);
}
