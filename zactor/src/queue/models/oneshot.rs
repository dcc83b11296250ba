//! Asker, answerer and expirer: each value and each waiter has one end, and the slot is freed once.

use loom::thread;

use crate::queue::oneshot::{Answered, Expired, Left, Registered, Slot, State};
use crate::sync::Arc;
use crate::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// A slot that stays where it is, and counts how often it was freed.
struct Ask {
    slot: Slot<u32, u32>,
    freed: AtomicU32,
}

impl Ask {
    /// Armed for the first time: generation 1.
    fn armed(waiter: Option<u32>) -> Arc<Self> {
        let ask = Self { slot: Slot::new(), freed: AtomicU32::new(0) };
        // SAFETY: nobody else has it yet.
        assert_eq!(unsafe { ask.slot.gate().arm(waiter) }, 1);
        Arc::new(ask)
    }

    fn free_if(&self, free: bool) {
        if free {
            self.slot.scratch(); // loom tells if somebody is still at it
            self.freed.fetch_add(1, Relaxed);
        }
    }

    /// The one answerer answers once. Gives whether it was delivered, and whom to wake.
    fn answer(&self, value: u32) -> (bool, Option<u32>) {
        // SAFETY: the model has one answerer.
        match unsafe { self.slot.answer(value) } {
            Answered::Delivered { waiter, free } => {
                self.free_if(free);
                (true, waiter)
            }
            Answered::Late { value: back, free } => {
                assert_eq!(back, value);
                self.free_if(free);
                (false, None)
            }
        }
    }

    /// Gives whether it called the ask off, and whom to wake.
    fn expire(&self, generation: u32) -> (bool, Option<u32>) {
        // SAFETY: the slot stays.
        match unsafe { self.slot.gate().expire(generation) } {
            Expired::No => (false, None),
            Expired::Yes { waiter, free } => {
                self.free_if(free);
                (true, waiter)
            }
        }
    }

    /// The one asker leaves once.
    fn leave(&self) -> (Option<u32>, Option<u32>) {
        // SAFETY: the model has one asker.
        let Left { value, waiter, free } = unsafe { self.slot.leave() };
        self.free_if(free);
        (value, waiter)
    }

    fn set_waiter(&self, waiter: u32) -> Registered<u32> {
        // SAFETY: the model has one asker, who has not left.
        unsafe { self.slot.gate().set_waiter(waiter) }
    }
}

fn spawn<T: 'static>(
    ask: &Arc<Ask>,
    run: impl FnOnce(&Ask) -> T + 'static,
) -> thread::JoinHandle<T> {
    let ask = Arc::clone(ask);
    thread::spawn(move || run(&ask))
}

/// Delivered to the asker or given back to the answerer; freed once.
#[test]
fn answer_against_leave_ends_the_value_once() {
    loom::model(|| {
        let ask = Ask::armed(None);
        let answerer = spawn(&ask, |ask| ask.answer(7).0);
        let (value, _) = ask.leave();
        assert_eq!(answerer.join().unwrap(), value == Some(7));
        assert_eq!(ask.freed.load(Relaxed), 1);
    });
}

/// The waiter is woken by the answerer, or comes back to the asker; the slot outlives its waking.
#[test]
fn answer_against_leave_with_a_waiter_frees_once() {
    loom::model(|| {
        let ask = Ask::armed(Some(1));
        let answerer = spawn(&ask, |ask| ask.answer(7));
        let (value, kept) = ask.leave();
        let (delivered, woken) = answerer.join().unwrap();
        assert_eq!(delivered, value == Some(7));
        assert_eq!(woken.xor(kept), Some(1));
        assert_eq!(ask.freed.load(Relaxed), 1);
    });
}

/// A waiter that was let in is woken, with the value there to see.
#[test]
fn answer_against_set_waiter_loses_no_waiter() {
    loom::model(|| {
        let ask = Ask::armed(None);
        let answerer = spawn(&ask, |ask| ask.answer(7));
        let first = ask.set_waiter(1);
        let second = ask.set_waiter(2);
        let (delivered, woken) = answerer.join().unwrap();
        assert!(delivered);
        match (first, second) {
            (_, Registered::Waiting { before }) => {
                assert_eq!((before, woken), (Some(1), Some(2)));
            }
            (Registered::Waiting { before: None }, Registered::Over { waiter: 2 }) => {
                // Woken by the answer, or taken back for the second, which came too late.
                assert!(woken.is_none_or(|waiter| waiter == 1));
                assert_eq!(ask.slot.gate().state(), State::Done);
            }
            (Registered::Over { waiter: 1 }, Registered::Over { waiter: 2 }) => {
                assert_eq!(woken, None);
                assert_eq!(ask.slot.gate().state(), State::Done);
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(ask.leave().0, Some(7));
        assert_eq!(ask.freed.load(Relaxed), 1);
    });
}

/// Exactly one of answer and time limit comes first, and takes the waiter.
#[test]
fn answer_against_expire_has_one_winner() {
    loom::model(|| {
        let ask = Ask::armed(Some(1));
        let answerer = spawn(&ask, |ask| ask.answer(7));
        let (expired, woken_by_expirer) = ask.expire(1);
        let (delivered, woken_by_answerer) = answerer.join().unwrap();
        assert_ne!(expired, delivered);
        assert_eq!(woken_by_expirer, expired.then_some(1));
        assert_eq!(woken_by_answerer, delivered.then_some(1));
        let expected = if expired { State::Expired } else { State::Done };
        assert_eq!(ask.slot.gate().state(), expected);
        assert_eq!(ask.leave().0, delivered.then_some(7));
        assert_eq!(ask.freed.load(Relaxed), 1);
    });
}

/// All three at once: each value, each waiter has one end, and the last one out frees.
#[test]
fn answer_against_expire_against_leave_frees_once() {
    loom::model(|| {
        let ask = Ask::armed(Some(1));
        let answerer = spawn(&ask, |ask| ask.answer(7));
        let expirer = spawn(&ask, |ask| ask.expire(1));
        let (value, kept) = ask.leave();
        let (delivered, woken_by_answerer) = answerer.join().unwrap();
        let (expired, woken_by_expirer) = expirer.join().unwrap();
        assert_eq!(value, delivered.then_some(7));
        assert!(!(expired && delivered));
        assert_eq!([kept, woken_by_answerer, woken_by_expirer].iter().flatten().count(), 1);
        assert_eq!(ask.freed.load(Relaxed), 1);
    });
}

/// The time limit of an ask that is over calls off no later ask in the same slot.
#[test]
fn expire_against_the_next_ask_leaves_it_alone() {
    loom::model(|| {
        let ask = Ask::armed(None);
        let expirer = spawn(&ask, |ask| ask.expire(1));
        let (delivered, _) = ask.answer(7);
        assert_eq!(ask.leave().0, delivered.then_some(7));
        assert_eq!(ask.freed.load(Relaxed), 1);
        // SAFETY: freed, so the caller's alone, but for the expirer.
        assert_eq!(unsafe { ask.slot.gate().arm(Some(2)) }, 2);
        assert_eq!(ask.slot.gate().state(), State::Pending);
        assert_eq!(expirer.join().unwrap(), (!delivered, None));
        assert_eq!(ask.slot.gate().state(), State::Pending);
        assert_eq!(ask.answer(8), (true, Some(2)));
        assert_eq!(ask.leave(), (Some(8), None));
    });
}
