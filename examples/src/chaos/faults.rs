//! The plan of faults: which attempt at which task is struck, and where. It follows from the seed alone, never from timing,
//! so that the same seed gives the same faults on any machine. An injected panic says nothing on standard error.

use std::panic;
use std::sync::Once;

/// Where in a task a panic strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Nothing has happened yet.
    BeforeEffect,
    /// The state has changed, and nobody knows: the change is lost.
    BeforeJournal,
    /// The change is in the journal, and who asked does not know: the task is offered again, and must not be done again.
    BeforeAnswer,
    /// All is done; only the state is lost.
    AfterAnswer,
}

const PLACES: [Place; 4] =
    [Place::BeforeEffect, Place::BeforeJournal, Place::BeforeAnswer, Place::AfterAnswer];

/// A plan. Each attempt at a task is struck with the same probability, at one place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Faults {
    seed: u64,
    probability: f64,
}

/// What an injected panic carries.
struct Injected;

impl Faults {
    pub(crate) fn new(seed: u64, probability: f64) -> Self {
        Self { seed, probability }
    }

    /// No attempt is struck.
    pub(crate) fn none() -> Self {
        Self::new(0, 0.0)
    }

    /// Where this attempt is struck, if it is.
    pub(crate) fn strike(&self, task: u64, attempt: u32) -> Option<Place> {
        let chance = mixed(self.seed ^ mixed(task ^ mixed(attempt.into())));
        let struck = (chance >> 11) as f64 / ((1_u64 << 53) as f64) < self.probability;
        struck.then(|| PLACES[(mixed(chance) % 4) as usize])
    }

    /// How many attempts at the tasks below `tasks` are struck until each has been answered: so many restarts there must be.
    pub(crate) fn planned(&self, tasks: u64) -> u64 {
        (0..tasks).map(|task| u64::from(self.planned_at(task))).sum()
    }

    fn planned_at(&self, task: u64) -> u32 {
        let mut attempt = 0;
        loop {
            match self.strike(task, attempt) {
                None => return attempt,
                Some(Place::AfterAnswer) => return attempt + 1,
                Some(_) => attempt += 1,
            }
        }
    }
}

/// Panics if `strike` is at this place.
pub(crate) fn pass(strike: Option<Place>, here: Place) {
    if strike == Some(here) {
        panic::panic_any(Injected);
    }
}

/// From here on injected panics are silent; all others are shown as before.
pub(crate) fn silence() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let shown = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !info.payload().is::<Injected>() {
                shown(info);
            }
        }));
    });
}

/// A number that depends on each bit of `n` (the finaliser of splitmix64).
pub(crate) fn mixed(n: u64) -> u64 {
    let mut n = n.wrapping_add(0x9E37_79B9_7F4A_7C15);
    n = (n ^ n >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    n = (n ^ n >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    n ^ n >> 31
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_are_struck_as_asked_for_and_at_each_place() {
        let faults = Faults::new(7, 0.01);
        let struck: Vec<_> = (0..100_000).filter_map(|task| faults.strike(task, 0)).collect();
        assert!((800..1_200).contains(&struck.len()), "{}", struck.len());
        for place in PLACES {
            let here = struck.iter().filter(|struck| **struck == place).count();
            assert!(here > struck.len() / 6, "{here} at {place:?}");
        }
    }

    #[test]
    fn a_plan_follows_from_its_seed() {
        let plan = |seed| {
            let faults = Faults::new(seed, 0.1);
            (0..1_000).map(|task| faults.strike(task, 3)).collect::<Vec<_>>()
        };
        assert_eq!(plan(1), plan(1));
        assert_ne!(plan(1), plan(2));
        assert_eq!(Faults::none().planned(1_000), 0);
    }
}
