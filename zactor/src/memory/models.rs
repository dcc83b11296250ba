//! Models of the depot and of what stands on it. A magazine holds 2 blocks here.

use std::ptr::NonNull;

use loom::thread;

use super::depot::Depot;
use super::rack::{Racks, Shelves};
use super::{Magazines, Memory};
use crate::sync::{Arc, Mutex, lock};

/// A depot with some magazines; the block in each says which it is.
struct Stand {
    depot: Depot,
    racks: Racks,
    shelves: Mutex<Shelves>,
}

impl Stand {
    fn new(magazines: u32) -> Arc<Self> {
        let stand =
            Stand { depot: Depot::new(), racks: Racks::new(), shelves: Mutex::new(Shelves::new()) };
        for _ in 0..magazines {
            let id = stand.make();
            stand.push(id);
        }
        Arc::new(stand)
    }

    fn make(&self) -> u32 {
        lock(&self.shelves).bundle(&self.racks).0.id()
    }

    fn push(&self, id: u32) {
        let magazine = self.racks.at(id);
        let mark = NonNull::new(std::ptr::without_provenance_mut(id as usize)).expect("not 0");
        // SAFETY: made or popped by the caller, so its own.
        unsafe { magazine.set(0, mark) };
        magazine.label(1, 0);
        self.depot.push(magazine);
    }

    fn pop(&self) -> Option<u32> {
        let magazine = self.depot.pop(&self.racks)?;
        assert_eq!(magazine.count(), 1);
        // SAFETY: just popped.
        let mark = unsafe { magazine.get(0) };
        assert_eq!(mark.addr().get(), magazine.id() as usize, "the contents of another");
        Some(magazine.id())
    }

    fn rest(&self) -> Vec<u32> {
        std::iter::from_fn(|| self.pop()).collect()
    }
}

fn all_there(mut ids: Vec<u32>, expected: usize) {
    ids.sort_unstable();
    let len = ids.len();
    ids.dedup();
    assert_eq!(ids.len(), len, "handed out twice");
    assert_eq!(len, expected, "lost");
}

/// One thread stands between load and CAS of its pop while the other pops twice and pushes the first back.
#[test]
fn pop_against_pop_pop_push_hands_out_each_once() {
    loom::model(|| {
        let stand = Stand::new(3);
        let other = thread::spawn({
            let stand = Arc::clone(&stand);
            move || {
                let (first, second) = (stand.pop(), stand.pop());
                if let Some(first) = first {
                    stand.push(first);
                }
                second
            }
        });
        let mine = stand.pop();
        let theirs = other.join().unwrap();
        let mut ids = stand.rest();
        ids.extend(mine);
        ids.extend(theirs);
        all_there(ids, 3);
    });
}

/// What was written into a magazine before the push is read after the pop.
#[test]
fn push_against_pop_publishes_the_contents() {
    loom::model(|| {
        let stand = Stand::new(1);
        let other = thread::spawn({
            let stand = Arc::clone(&stand);
            move || stand.push(stand.make())
        });
        let mine = stand.pop();
        other.join().unwrap();
        let mut ids = stand.rest();
        ids.extend(mine);
        all_there(ids, 2);
    });
}

/// Two pushes and two pops, each magazine once.
#[test]
fn push_pop_against_pop_push_loses_nothing() {
    loom::model(|| {
        let stand = Stand::new(1);
        let other = thread::spawn({
            let stand = Arc::clone(&stand);
            move || {
                stand.push(stand.make());
                stand.pop()
            }
        });
        let mine = stand.pop();
        if let Some(mine) = mine {
            stand.push(mine);
        }
        let theirs = other.join().unwrap();
        let mut ids = stand.rest();
        ids.extend(theirs);
        all_there(ids, 2);
    });
}

/// A trimmer takes all and puts them back while another pops.
#[test]
fn take_all_against_pop_push_loses_nothing() {
    loom::model(|| {
        let stand = Stand::new(2);
        let other = thread::spawn({
            let stand = Arc::clone(&stand);
            move || {
                let mine = stand.pop();
                if let Some(mine) = mine {
                    stand.push(mine);
                }
            }
        });
        let top = stand.depot.take_all();
        if top != 0 {
            let top = stand.racks.at(top);
            let next = top.next();
            let bottom = if next == 0 { top } else { stand.racks.at(next) };
            stand.depot.push_chain(top, bottom);
        }
        other.join().unwrap();
        all_there(stand.rest(), 2);
    });
}

/// A memory whose depot of nodes holds two full magazines, pushed in the first period.
fn stocked() -> (Arc<Memory>, Magazines) {
    let memory = Arc::new(Memory::new(1, 0, 0).expect("address space"));
    // SAFETY: each model uses them with this memory, while it lives.
    let magazines = unsafe { Magazines::new(&memory) };
    let nodes: Vec<_> = (0..4).map(|_| magazines.take_node(&memory)).collect();
    // SAFETY: taken above.
    nodes.into_iter().for_each(|node| unsafe { magazines.give_node(&memory, node) });
    magazines.flush(&memory);
    (memory, magazines)
}

fn take_two(memory: &Memory, magazines: &Magazines) -> Vec<usize> {
    (0..2).map(|_| magazines.take_node(memory).addr().get()).collect()
}

fn each_once(mut addresses: Vec<usize>) {
    let len = addresses.len();
    addresses.sort_unstable();
    addresses.dedup();
    assert_eq!(addresses.len(), len, "handed out twice");
}

/// Whole magazines of two threads.
#[test]
fn take_against_take_hands_out_each_block_once() {
    loom::model(|| {
        let (memory, magazines) = stocked();
        let other = thread::spawn({
            let memory = Arc::clone(&memory);
            move || {
                // SAFETY: used with this memory, while it lives.
                let own = unsafe { Magazines::new(&memory) };
                take_two(&memory, &own)
            }
        });
        let mut all = take_two(&memory, &magazines);
        all.extend(other.join().unwrap());
        each_once(all);
    });
}

/// One gives back while another takes: through the depot or out of the chunk, never both.
#[test]
fn give_against_take_hands_out_each_block_once() {
    loom::model(|| {
        let (memory, magazines) = stocked();
        let mine = [magazines.take_node(&memory), magazines.take_node(&memory)];
        let other = thread::spawn({
            let memory = Arc::clone(&memory);
            move || {
                // SAFETY: used with this memory, while it lives.
                let own = unsafe { Magazines::new(&memory) };
                let mut all = take_two(&memory, &own);
                all.extend(take_two(&memory, &own));
                all
            }
        });
        // SAFETY: taken above.
        mine.into_iter().for_each(|node| unsafe { magazines.give_node(&memory, node) });
        magazines.flush(&memory);
        let mut all = other.join().unwrap();
        all.extend(take_two(&memory, &magazines));
        each_once(all);
    });
}

/// What one takes, the trimmer does not take apart.
#[test]
fn trim_against_take_hands_out_each_block_once() {
    loom::model(|| {
        let (memory, magazines) = stocked();
        let _ = memory.trim();
        let other = thread::spawn({
            let memory = Arc::clone(&memory);
            move || memory.trim()
        });
        let mut all = take_two(&memory, &magazines);
        let _ = other.join().unwrap();
        all.extend(take_two(&memory, &magazines));
        all.extend(take_two(&memory, &magazines));
        each_once(all);
    });
}
