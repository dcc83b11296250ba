//! The wheel against what it promises, and against an ordered map.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use proptest::prelude::*;

use super::*;
use crate::scheduler::slab::NIL;

struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }
}

impl<F> Slots<F> {
    /// Asserts invariants 1 and 2.
    #[track_caller]
    fn check(&self) {
        for (level, lists) in self.lists.iter().enumerate() {
            for (slot, &list) in lists.iter().enumerate() {
                assert_eq!(list != NIL, self.in_use[level] & 1 << slot != 0);
                for entry in self.entries.iter(list) {
                    assert_eq!(self.place(entry.deadline), Some((level, slot)));
                }
            }
        }
    }
}

fn take(wheel: &Wheel<u64>, now: u64) -> Vec<(u64, u64)> {
    let mut due = Vec::new();
    wheel.take_due(Nanos(now), &mut due);
    due.iter().map(|due| (due.deadline.0, due.fire)).collect()
}

#[test]
fn nothing_is_early_and_nothing_is_late_by_a_nanosecond() {
    for shift in 0..64 {
        for deadline in [1_u64 << shift, (1 << shift) - 1, (1 << shift) + 1, 0b11 << shift] {
            let wheel = Wheel::new();
            let _ = wheel.arm(Nanos(deadline), 7);
            assert_eq!(take(&wheel, deadline.saturating_sub(1)).len(), usize::from(deadline == 0));
            assert_eq!(take(&wheel, deadline).len(), usize::from(deadline != 0));
            assert_eq!((wheel.len(), wheel.next_deadline()), (0, Nanos::NEVER));
        }
    }
}

#[test]
fn due_ones_come_by_deadline_and_equal_ones_as_armed() {
    let wheel = Wheel::new();
    for (deadline, name) in [(900, 0), (5, 1), (900, 2), (70_000, 3), (5, 4), (900, 5), (0, 6)] {
        let _ = wheel.arm(Nanos(deadline), name);
    }
    assert_eq!(take(&wheel, 899), [(0, 6), (5, 1), (5, 4)]);
    let _ = wheel.arm(Nanos(900), 7);
    assert_eq!(take(&wheel, 80_000), [(900, 0), (900, 2), (900, 5), (900, 7), (70_000, 3)]);
}

#[test]
fn deadline_in_the_past_is_due_at_once() {
    let wheel = Wheel::new();
    assert!(take(&wheel, 1_000_000).is_empty());
    assert!(wheel.arm(Nanos(3), 1).is_next);
    assert_eq!(wheel.next_deadline(), Nanos(3));
    assert_eq!(take(&wheel, 1_000_000), [(3, 1)]);
    let key = wheel.arm(Nanos(4), 2).key;
    assert!(wheel.cancel(key));
}

#[test]
fn taker_with_an_older_time_leaves_nothing_behind() {
    let wheel = Wheel::new();
    assert!(take(&wheel, 1_000_000).is_empty());
    let _ = wheel.arm(Nanos(3), 1);
    assert_eq!(take(&wheel, 500_000), [(3, 1)]);
}

#[test]
fn never_does_not_come_even_at_the_end_of_time() {
    let wheel = Wheel::new();
    let never = wheel.arm(Nanos(7).after(std::time::Duration::MAX), 1);
    let last = wheel.arm(Nanos(u64::MAX - 1), 2);
    assert!(!never.is_next && last.is_next);
    assert_eq!(take(&wheel, u64::MAX), [(u64::MAX - 1, 2)]);
    assert_eq!((wheel.len(), wheel.next_deadline()), (1, Nanos::NEVER));
    assert_eq!(wheel.disarm(never.key), Some(1));
    assert_eq!(wheel.len(), 0);
}

#[test]
fn key_of_an_earlier_arming_cancels_nothing() {
    let wheel = Wheel::new();
    let first = wheel.arm(Nanos(10), 1).key;
    assert!(wheel.cancel(first));
    let second = wheel.arm(Nanos(10), 2).key;
    assert_eq!(first.index, second.index);
    assert!(!wheel.cancel(first));
    assert_eq!(take(&wheel, 10), [(10, 2)]);
    assert!(!wheel.cancel(second));
}

#[test]
fn next_deadline_follows_arming_and_cancelling() {
    let wheel = Wheel::new();
    let late = wheel.arm(Nanos(5_000_000_000), 1);
    let early = wheel.arm(Nanos(3_000_000), 2);
    assert!(late.is_next && early.is_next);
    assert!(!wheel.arm(Nanos(4_000_000), 3).is_next);
    assert_eq!(wheel.next_deadline(), Nanos(3_000_000));
    assert!(wheel.cancel(early.key));
    assert_eq!(wheel.next_deadline(), Nanos(4_000_000));
    assert_eq!(take(&wheel, 4_500_000).len(), 1);
    assert_eq!(wheel.next_deadline(), Nanos(5_000_000_000));
}

/// What a random user of the wheel does.
#[derive(Clone, Debug)]
enum Step {
    /// So long after now, or before it.
    Arm(u64),
    ArmInThePast(u64),
    ArmForNever,
    /// One of those that were armed, whatever has become of it.
    Cancel(prop::sample::Index),
    Advance(u64),
}

/// A time of any size: nanoseconds as likely as centuries.
fn time() -> impl Strategy<Value = u64> {
    (0..64_u32, any::<u64>()).prop_map(|(size, bits)| bits >> size)
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        10 => time().prop_map(Step::Arm),
        1 => time().prop_map(Step::ArmInThePast),
        1 => Just(Step::ArmForNever),
        4 => any::<prop::sample::Index>().prop_map(Step::Cancel),
        4 => time().prop_map(Step::Advance),
    ]
}

/// The oracle: by deadline, and by arming where deadlines are equal.
type Map = BTreeMap<(u64, u64), u64>;

fn taken_from(map: &mut Map, now: u64) -> Vec<(u64, u64)> {
    let later = map.split_off(&(now.saturating_add(1), 0));
    let mut due = std::mem::replace(map, later);
    map.append(&mut due.split_off(&(u64::MAX, 0))); // those that never come
    due.iter().map(|(&(deadline, _), &name)| (deadline, name)).collect()
}

proptest! {
    // A failure is printed; none is written into the tree (the mutants fail on purpose).
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_use_agrees_with_an_ordered_map(steps in prop::collection::vec(step(), 1..400)) {
        let (wheel, mut map, mut keys, mut now) = (Wheel::new(), Map::new(), Vec::new(), 0_u64);
        for (name, step) in (0_u64..).zip(steps) {
            let deadline = match step {
                Step::Arm(after) => Some(now.saturating_add(after)),
                Step::ArmInThePast(before) => Some(now.saturating_sub(before)),
                Step::ArmForNever => Some(u64::MAX),
                Step::Cancel(which) if !keys.is_empty() => {
                    let &(deadline, key): &(u64, TimerKey) = which.get(&keys);
                    prop_assert_eq!(wheel.disarm(key), map.remove(&(deadline, key.arming)));
                    None
                }
                Step::Cancel(_) => None,
                Step::Advance(by) => {
                    now = now.saturating_add(by);
                    prop_assert_eq!(take(&wheel, now), taken_from(&mut map, now));
                    None
                }
            };
            if let Some(deadline) = deadline {
                let key = wheel.arm(Nanos(deadline), name).key;
                map.insert((deadline, key.arming), name);
                keys.push((deadline, key));
            }
            let next = map.keys().next().map_or(u64::MAX, |&(deadline, _)| deadline);
            prop_assert!(wheel.next_deadline().0 <= next);
            prop_assert_eq!(wheel.len(), map.len());
            lock(&wheel.slots).check();
        }
    }
}

#[test]
fn million_armed_and_half_cancelled_loses_none() {
    let mut random = Random(7);
    let wheel = Wheel::new();
    let mut armed: Vec<_> = (0..1_000_000_u64)
        .map(|n| {
            let deadline = random.below(60_000_000_000);
            (deadline, n, wheel.arm(Nanos(deadline), n).key)
        })
        .collect();
    armed.retain(|&(_, n, key)| n % 2 == 0 || !wheel.cancel(key));
    assert_eq!(wheel.len(), 500_000);
    armed.sort_unstable_by_key(|&(deadline, n, _)| (deadline, n));
    let mut left = armed.iter();
    for now in (0..=60).map(|second| second * 1_000_000_000) {
        for (deadline, n) in take(&wheel, now) {
            assert!(deadline <= now);
            assert_eq!(left.next().map(|&(d, n, _)| (d, n)), Some((deadline, n)));
        }
    }
    assert!(left.next().is_none());
}

#[test]
fn memory_of_cancelled_timers_is_free_before_their_deadline() {
    let wheel = Wheel::new();
    let hour = 3_600_000_000_000;
    for _ in 0..3 {
        let keys: Vec<_> = (0..100_000).map(|n| wheel.arm(Nanos(hour + n), n).key).collect();
        keys.into_iter().for_each(|key| assert!(wheel.cancel(key)));
        assert!(lock(&wheel.slots).entries.capacity() <= 512);
    }
}

/// Arms a timer when it is dropped.
struct Rearms(Arc<Wheel<Rearms>>, u32);

impl Drop for Rearms {
    fn drop(&mut self) {
        if self.1 > 0 {
            let _ = self.0.arm(Nanos(1), Rearms(Arc::clone(&self.0), self.1 - 1));
        }
    }
}

#[test]
fn dropped_payload_may_use_the_wheel() {
    let wheel = Arc::new(Wheel::new());
    let key = wheel.arm(Nanos(1), Rearms(Arc::clone(&wheel), 2)).key;
    assert!(wheel.cancel(key));
    let mut due = Vec::new();
    wheel.take_due(Nanos(1), &mut due);
    drop(due);
    wheel.take_due(Nanos(1), &mut Vec::new());
    assert_eq!(wheel.len(), 0);
}

#[test]
fn each_timer_is_cancelled_or_taken_once_whatever_the_threads_do() {
    const EACH: usize = 50_000;
    let (wheel, cancelled) = (Wheel::new(), AtomicUsize::new(0));
    let mut due = Vec::new();
    std::thread::scope(|scope| {
        let arms = |seed| {
            let (wheel, cancelled) = (&wheel, &cancelled);
            move || {
                let mut random = Random(seed);
                for n in 0..EACH as u64 {
                    let key = wheel.arm(Nanos(random.below(1 << 20)), n).key;
                    if n % 2 == 0 && wheel.cancel(key) {
                        cancelled.fetch_add(1, Ordering::Relaxed);
                    }
                }
            }
        };
        let threads = [1, 2, 3].map(|seed| scope.spawn(arms(seed)));
        let mut now = 0;
        while threads.iter().any(|thread| !thread.is_finished()) {
            now += 997;
            wheel.take_due(Nanos(now), &mut due);
        }
    });
    wheel.take_due(Nanos(1 << 21), &mut due);
    assert_eq!(due.len() + cancelled.load(Ordering::Relaxed), 3 * EACH);
    assert_eq!(wheel.len(), 0);
}
