//! Trees of actors: how fast do they spread, and come together again?
//!
//! * Who spawns: the root does what each does: it spawns its branches, tells each its [`Seed`], adds up what they
//!   send back, sends the sum up and stops. A leaf sends its value up and stops. Nobody waits for others to be spawned.
//! * How many per handler: one message up; a branch has ten (skynet) or two (fib) below it.
//! * On Full: cannot happen.
//! * skynet has a million leaves, numbered; the result is their sum, a unit is a leaf. fib is the recursion written
//!   with an actor for each call: the result is the Fibonacci number, a unit is a call.
//! * The clock runs from the spawn of the root until its sum has arrived outside.

use super::{Size, Workload, sum_below};

/// A million leaves, ten to a branch.
pub const SKYNET: Workload = Workload {
    name: "skynet",
    unit: "leaves/s",
    about: "a tree of actors with a million leaves",
    size: Size::Fixed { full: 1_000_000, quick: 100_000, probe: 1_000 },
    multiple_of: 1,
    expected: sum_below,
    run: |peer, leaves| peer.tree(Seed::Leaves { first: 0, count: leaves }, leaves),
};

/// An actor for each call.
pub const FIB: Workload = Workload {
    name: "fib",
    unit: "calls/s",
    about: "Fibonacci numbers, an actor for each call",
    size: Size::Fixed { full: 27, quick: 22, probe: 10 },
    multiple_of: 1,
    expected: fib,
    run: |peer, n| peer.tree(Seed::Fib(n), 2 * fib(n + 1) - 1),
};

/// What an actor of a tree is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seed {
    /// To grow so many leaves; the first has this number.
    Leaves {
        /// The number of the first.
        first: u64,
        /// How many, a power of ten.
        count: u64,
    },
    /// To find this Fibonacci number.
    Fib(u64),
}

/// What becomes of a seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Growth {
    /// A leaf with its value.
    Leaf(u64),
    /// A branch: seeds for those below it.
    Branch(Branches),
}

/// Seeds of one branch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Branches {
    seed: Seed,
    next: u64,
    end: u64,
}

impl Seed {
    /// A leaf or a branch.
    pub fn grow(self) -> Growth {
        let end = match self {
            Self::Leaves { first, count: 1 } => return Growth::Leaf(first),
            Self::Fib(n @ 0..=1) => return Growth::Leaf(n),
            Self::Leaves { .. } => 10,
            Self::Fib(_) => 2,
        };
        Growth::Branch(Branches { seed: self, next: 0, end })
    }
}

impl Branches {
    /// How many are left.
    pub fn left(&self) -> u64 {
        self.end - self.next
    }
}

impl Iterator for Branches {
    type Item = Seed;

    fn next(&mut self) -> Option<Seed> {
        let own = self.next;
        if own == self.end {
            return None;
        }
        self.next += 1;
        Some(match self.seed {
            Seed::Leaves { first, count } => {
                Seed::Leaves { first: first + own * (count / 10), count: count / 10 }
            }
            Seed::Fib(n) => Seed::Fib(n - 1 - own),
        })
    }
}

fn fib(n: u64) -> u64 {
    (0..n).fold((0, 1), |(a, b), _| (b, a + b)).0
}
