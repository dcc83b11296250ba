//! The bank: each account is a worker, each transfer a job of two steps, the money is taken and then paid in. An account
//! may be overdrawn, so that the end does not depend on the order of the transfers.

use crate::chaos::faults::mixed;
use crate::chaos::work::{Work, index};

/// Transfers among accounts, by seed.
pub(crate) struct Bank {
    pub(crate) accounts: u32,
    pub(crate) transfers: u64,
    pub(crate) seed: u64,
}

/// What a transfer moves is between 1 and this.
const MOST: i64 = 200;

impl Bank {
    fn transfer(&self, task: u64) -> u64 {
        mixed(self.seed.rotate_left(32) ^ (task / Self::STEPS))
    }
}

impl Work for Bank {
    /// What is in an account, beyond what it was opened with.
    type State = i64;
    type Effect = i64;
    const STEPS: u64 = 2;

    fn jobs(&self) -> u64 {
        self.transfers
    }

    fn workers(&self) -> usize {
        self.accounts as usize
    }

    fn worker(&self, task: u64) -> usize {
        index(mixed(self.transfer(task) ^ (task % Self::STEPS)) % u64::from(self.accounts))
    }

    fn perform(&self, task: u64) -> i64 {
        let cents = (self.transfer(task) >> 32) as i64 % MOST + 1;
        if task % Self::STEPS == 0 { -cents } else { cents }
    }

    fn add(balance: &mut i64, cents: &i64) {
        *balance += cents;
    }
}
