//! The wheel: what is to happen when.
//!
//! ```text
//! level 0   64 slots of 1 ns      the deadlines that differ from `elapsed` in the last 6 bits only
//! level 1   64 slots of 64 ns     .. in the 6 bits before those, and perhaps in the last 6
//! level 10  16 slots of 36 years
//! ```
//! 1. An entry stands at the level of the highest 6 bits in which its deadline differs from `elapsed`, in the
//!    slot that those bits name. Else it is looked for in the wrong slot and fires late.
//! 2. So everything on a level is due before everything on the levels above, and everything in a slot before
//!    everything in the slots after it. The next deadline is in the first slot of the lowest level in use.
//! 3. When time enters a slot, its entries become `entered`, and `elapsed` stands still until each of them is taken
//!    or, not yet due, has moved down as 1 demands: ten times at most. Else 1 breaks for those below.
//! 4. What is taken has a deadline that has come, compared in full. So nothing is early.
//! 5. A key holds the number of its arming, which is never used again. So a late `cancel` meets no other entry.
//!
//! Payloads are dropped outside of the lock: a message's destructor may arm a timer.
//!
//! | step                         | order  | pairs with: what becomes visible                              |
//! |------------------------------|--------|---------------------------------------------------------------|
//! | `arm` lowers `next`          | SeqCst | a worker that parks: it sees `next`, or is seen parked         |
//! | `next_deadline`              | SeqCst | the same                                                      |

use std::fmt;

use super::clock::Nanos;
use super::slab::{List, NIL, Slab};
use crate::sync::atomic::{AtomicU64, Ordering};
use crate::sync::{Mutex, lock};

const BITS: u32 = 6;
const SLOTS: usize = 1 << BITS;
const LEVELS: usize = u64::BITS.div_ceil(BITS) as usize;
/// How many entries of a slot are looked at for the earliest one; with more, the slot's start must do.
const LOOKED_AT: usize = 16;
/// How many entries are taken or moved before others may have the lock.
const AT_ONCE: usize = 1024;

/// Names an armed timer. 16 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct TimerKey {
    index: u32,
    /// Which arming, counted from the start: the generation of the entry.
    arming: u64,
}

/// What `arm` did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(crate) struct Armed {
    pub(crate) key: TimerKey,
    /// No other deadline is before this one: whoever sleeps until `next_deadline` sleeps too long.
    pub(crate) is_next: bool,
}

/// What has become due.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Due<F> {
    pub(crate) deadline: Nanos,
    pub(crate) key: TimerKey,
    pub(crate) fire: F,
}

struct Entry<F> {
    deadline: u64,
    arming: u64,
    fire: F,
}

/// Timers by deadline. Arm, cancel and look from any thread; one lock, held for some ten nanoseconds.
pub(crate) struct Wheel<F> {
    /// No deadline is before this time; written under the lock.
    next: AtomicU64,
    slots: Mutex<Slots<F>>,
}

impl<F> Wheel<F> {
    pub(crate) fn new() -> Self {
        Self { next: AtomicU64::new(u64::MAX), slots: Mutex::new(Slots::new()) }
    }

    /// Has `fire` taken once `deadline` has come; never, if it is [`Nanos::NEVER`]. A deadline in the past is due
    /// at once: whoever arms looks at the clock afterwards, for the time may have come meanwhile.
    pub(crate) fn arm(&self, deadline: Nanos, fire: F) -> Armed {
        let mut slots = lock(&self.slots);
        let key = slots.arm(deadline.0, fire);
        let is_next = deadline.0 < self.next.load(Ordering::Relaxed);
        if is_next {
            self.next.store(deadline.0, Ordering::SeqCst);
        }
        Armed { key, is_next }
    }

    /// Whether the timer was armed: it will never fire, and its memory is free. `false` once it was taken.
    pub(crate) fn cancel(&self, key: TimerKey) -> bool {
        self.disarm(key).is_some()
    }

    /// As [`cancel`](Self::cancel), and gives the payload back.
    pub(crate) fn disarm(&self, key: TimerKey) -> Option<F> {
        let mut slots = lock(&self.slots);
        let entry = slots.disarm(key)?;
        if entry.deadline <= self.next.load(Ordering::Relaxed) {
            self.next.store(slots.next_deadline(), Ordering::SeqCst);
        }
        Some(entry.fire)
    }

    /// A time that no deadline is before, [`NEVER`](Nanos::NEVER) without timers. Mostly the next deadline itself;
    /// a little earlier when many deadlines are close together: then `take_due` finds nothing and knows more.
    /// No lock.
    #[inline]
    pub(crate) fn next_deadline(&self) -> Nanos {
        Nanos(self.next.load(Ordering::SeqCst))
    }

    /// Takes all whose deadline is not after `now` and appends them to `due`: by deadline, those of equal deadlines
    /// as they were armed. The lock is released now and then, so that no one waits for a million of them.
    pub(crate) fn take_due(&self, now: Nanos, due: &mut Vec<Due<F>>) {
        let before = due.len();
        let mut more = true;
        while more {
            let mut slots = lock(&self.slots);
            more = slots.take_some(now.0, due);
            self.next.store(slots.next_deadline(), Ordering::SeqCst);
        }
        due[before..].sort_unstable_by_key(|due| (due.deadline, due.key.arming));
    }

    /// Timers that are armed.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        lock(&self.slots).entries.len()
    }
}

impl<F> fmt::Debug for Wheel<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wheel")
            .field("next_deadline", &self.next_deadline())
            .finish_non_exhaustive()
    }
}

/// What the lock guards.
struct Slots<F> {
    elapsed: u64,
    armings: u64,
    entries: Slab<Entry<F>>,
    lists: [[List; SLOTS]; LEVELS],
    /// Which lists of a level have entries.
    in_use: [u64; LEVELS],
    /// The rest of the slot that time has entered last (invariant 3).
    entered: List,
    /// Those that never fire.
    never: List,
}

impl<F> Slots<F> {
    fn new() -> Self {
        Self {
            elapsed: 0,
            armings: 0,
            entries: Slab::new(),
            lists: [[NIL; SLOTS]; LEVELS],
            in_use: [0; LEVELS],
            entered: NIL,
            never: NIL,
        }
    }

    fn arm(&mut self, deadline: u64, fire: F) -> TimerKey {
        self.armings += 1;
        let entry = Entry { deadline, arming: self.armings, fire };
        let index = match self.place(deadline) {
            None => self.entries.insert(&mut self.never, entry),
            Some((level, slot)) => {
                self.in_use[level] |= 1 << slot;
                self.entries.insert(&mut self.lists[level][slot], entry)
            }
        };
        TimerKey { index, arming: self.armings }
    }

    fn disarm(&mut self, key: TimerKey) -> Option<Entry<F>> {
        let entry = self.entries.get(key.index).filter(|entry| entry.arming == key.arming)?;
        let place = self.place(entry.deadline);
        if key.index == self.entered {
            return self.entries.remove(&mut self.entered, key.index);
        }
        // One further back in `entered` is taken out of it all the same: only the first one is known to the list.
        let Some((level, slot)) = place else {
            return self.entries.remove(&mut self.never, key.index);
        };
        let list = &mut self.lists[level][slot];
        let entry = self.entries.remove(list, key.index);
        if *list == NIL {
            self.in_use[level] &= !(1 << slot);
        }
        entry
    }

    /// Moves time on to `now`, slot by slot, and takes what is due; stops early, with `true`, after many entries.
    fn take_some(&mut self, now: u64, due: &mut Vec<Due<F>>) -> bool {
        let now = now.max(self.elapsed); // a caller may have read the clock before another one
        for _ in 0..AT_ONCE {
            if self.entered != NIL {
                self.take_or_move(now, due);
                continue;
            }
            match self.first() {
                Some((level, slot)) if self.start(level, slot) <= now => {
                    self.elapsed = self.start(level, slot);
                    self.in_use[level] &= !(1 << slot);
                    self.entered = std::mem::replace(&mut self.lists[level][slot], NIL);
                }
                _ => {
                    self.elapsed = now;
                    return false;
                }
            }
        }
        true
    }

    /// Takes the first of the entered entries if it is due, else moves it down.
    fn take_or_move(&mut self, now: u64, due: &mut Vec<Due<F>>) {
        let index = self.entered;
        let deadline = self.entries.get(index).map_or(0, |entry| entry.deadline);
        if deadline > now {
            let Some((level, slot)) = self.place(deadline) else { return };
            self.entries.transfer(&mut self.entered, &mut self.lists[level][slot], index);
            self.in_use[level] |= 1 << slot;
        } else if let Some(entry) = self.entries.remove(&mut self.entered, index) {
            let key = TimerKey { index, arming: entry.arming };
            due.push(Due { deadline: Nanos(deadline), key, fire: entry.fire });
        }
    }

    /// Level and slot of a deadline (invariant 1); one in the past stands where time stands.
    #[expect(clippy::cast_possible_truncation, reason = "six bits")]
    fn place(&self, deadline: u64) -> Option<(usize, usize)> {
        if deadline == u64::MAX {
            return None;
        }
        let at = deadline.max(self.elapsed);
        let level = ((at ^ self.elapsed) | 1).ilog2() / BITS;
        let slot = (at >> (level * BITS)) & (SLOTS as u64 - 1);
        Some((level as usize, slot as usize))
    }

    /// The slot that holds the next deadline (invariant 2).
    fn first(&self) -> Option<(usize, usize)> {
        let level = self.in_use.iter().position(|&slots| slots != 0)?;
        Some((level, self.in_use[level].trailing_zeros() as usize))
    }

    /// When time enters a slot.
    fn start(&self, level: usize, slot: usize) -> u64 {
        let shift = BITS * u32::try_from(level).unwrap_or(0);
        let above = self.elapsed.checked_shr(shift + BITS).unwrap_or(0);
        let above = above.checked_shl(shift + BITS).unwrap_or(0);
        above | (slot as u64) << shift
    }

    /// The next deadline, or the start of its slot if that is full.
    fn next_deadline(&self) -> u64 {
        if self.entered != NIL {
            return self.elapsed;
        }
        let Some((level, slot)) = self.first() else { return u64::MAX };
        let mut entries = self.entries.iter(self.lists[level][slot]);
        let earliest = entries.by_ref().take(LOOKED_AT).map(|entry| entry.deadline).min();
        match entries.next() {
            None => earliest.unwrap_or(u64::MAX),
            Some(_) => self.start(level, slot),
        }
    }
}

#[cfg(all(test, loom))]
mod models {
    use super::*;
    use crate::sync::{Arc, thread};

    /// Either the canceller or the firer has the timer, never both, never neither.
    #[test]
    fn cancel_against_fire_has_one_winner() {
        loom::model(|| {
            let wheel = Arc::new(Wheel::new());
            let key = wheel.arm(Nanos(5), ()).key;
            let canceller = thread::spawn({
                let wheel = Arc::clone(&wheel);
                move || wheel.cancel(key)
            });
            let mut due = Vec::new();
            wheel.take_due(Nanos(5), &mut due);
            let cancelled = canceller.join().unwrap();
            assert_eq!(cancelled, due.is_empty());
            assert_eq!(wheel.next_deadline(), Nanos::NEVER);
        });
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use std::sync::atomic::AtomicUsize;

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

        /// A number of any size up to 2^`bits`.
        fn up_to_bits(&mut self, bits: u64) -> u64 {
            let size = self.below(bits);
            self.next() >> (63 - size)
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
                assert_eq!(
                    take(&wheel, deadline.saturating_sub(1)).len(),
                    usize::from(deadline == 0)
                );
                assert_eq!(take(&wheel, deadline).len(), usize::from(deadline != 0));
                assert_eq!((wheel.len(), wheel.next_deadline()), (0, Nanos::NEVER));
            }
        }
    }

    #[test]
    fn due_ones_come_by_deadline_and_equal_ones_as_armed() {
        let wheel = Wheel::new();
        for (deadline, name) in [(900, 0), (5, 1), (900, 2), (70_000, 3), (5, 4), (900, 5), (0, 6)]
        {
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

    #[test]
    fn random_use_agrees_with_an_ordered_map() {
        for seed in 1..=60_u64 {
            let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
            let (wheel, mut map) = (Wheel::new(), BTreeMap::new());
            let (mut keys, mut now) = (Vec::new(), 0_u64);
            for step in 0..2_000_u64 {
                match random.below(10) {
                    0..=5 => {
                        let deadline = match random.below(20) {
                            0 => u64::MAX,
                            1 => now.saturating_sub(random.up_to_bits(20)),
                            _ => now.saturating_add(random.up_to_bits(2 + seed)),
                        };
                        let key = wheel.arm(Nanos(deadline), step).key;
                        map.insert((deadline, key.arming), step);
                        keys.push((deadline, key));
                    }
                    6..=7 if !keys.is_empty() => {
                        let chosen = random.next() % keys.len() as u64;
                        let (deadline, key) = keys[usize::try_from(chosen).unwrap()];
                        assert_eq!(wheel.disarm(key), map.remove(&(deadline, key.arming)));
                    }
                    _ => {
                        now = now.saturating_add(random.up_to_bits(2 + seed));
                        let later = map.split_off(&(now.saturating_add(1), 0));
                        let mut expected = std::mem::replace(&mut map, later);
                        map.append(&mut expected.split_off(&(u64::MAX, 0))); // those that never come
                        let expected: Vec<_> =
                            expected.iter().map(|((d, _), s)| (*d, *s)).collect();
                        assert_eq!(take(&wheel, now), expected);
                    }
                }
                let next = map.keys().next().map_or(u64::MAX, |&(deadline, _)| deadline);
                assert!(wheel.next_deadline().0 <= next);
                assert_eq!(wheel.len(), map.len());
                if step % 50 == 0 {
                    lock(&wheel.slots).check();
                }
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
    struct Rearms<'a>(&'a Wheel<Rearms<'a>>, u32);

    impl Drop for Rearms<'_> {
        fn drop(&mut self) {
            if self.1 > 0 {
                let _ = self.0.arm(Nanos(1), Rearms(self.0, self.1 - 1));
            }
        }
    }

    #[test]
    fn dropped_payload_may_use_the_wheel() {
        let wheel: &'static Wheel<Rearms<'static>> = Box::leak(Box::new(Wheel::new()));
        let key = wheel.arm(Nanos(1), Rearms(wheel, 2)).key;
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
}
