//! What the layer promises.

use std::alloc::Layout;
use std::collections::HashSet;
use std::ptr::NonNull;
use std::sync::mpsc;
use std::thread;

use super::chunk::CHUNK;
use super::{CAPACITY, Class, Counts, Magazines, Memory, Trimmed, Usage};

const ARENA: usize = 64 << 20;

fn memory(arena: usize, nodes: u32, cells: u32) -> Memory {
    Memory::new(arena, nodes, cells).expect("address space")
}

fn magazines(memory: &Memory) -> Magazines {
    // SAFETY: each test uses them with this memory, while it lives.
    unsafe { Magazines::new(memory) }
}

fn usage(memory: &Memory, threads: &[&Magazines]) -> Usage {
    let mut counts = Counts::default();
    threads.iter().for_each(|magazines| counts.add(magazines));
    memory.usage(counts)
}

fn take_nodes(magazines: &Magazines, memory: &Memory, count: usize) -> Vec<NonNull<u8>> {
    (0..count).map(|_| magazines.take_node(memory)).collect()
}

fn give_nodes(
    magazines: &Magazines,
    memory: &Memory,
    nodes: impl IntoIterator<Item = NonNull<u8>>,
) {
    // SAFETY: each test gives what it took, once.
    nodes.into_iter().for_each(|node| unsafe { magazines.give_node(memory, node) });
}

/// Until nothing idle is left. Each call ends a period.
fn trim_to_the_end(memory: &Memory) {
    for _ in 0..1_000 {
        if memory.trim() == Trimmed::Done {
            return;
        }
    }
    panic!("trim finds no end");
}

fn fill(block: NonNull<u8>, size: usize, byte: u8) {
    // SAFETY: a block that the test has taken.
    unsafe { block.write_bytes(byte, size) };
}

fn is_filled(block: NonNull<u8>, size: usize, byte: u8) -> bool {
    // SAFETY: a block that the test has taken and filled.
    let bytes = unsafe { std::slice::from_raw_parts(block.as_ptr(), size) };
    bytes.iter().all(|&it| it == byte)
}

#[test]
fn class_is_the_smallest_that_fits() {
    for (size, class) in [(0, 64), (1, 64), (64, 64), (65, 128), (513, 640), (4096, 4096)] {
        for align in [1, 8, 64] {
            let layout = Layout::from_size_align(size, align).unwrap();
            for found in [Class::of(layout), Class::cell(layout), Class::slot(layout)] {
                assert_eq!(found.unwrap().size(), class);
            }
        }
    }
    assert_eq!(Class::of(Layout::from_size_align(4097, 1).unwrap()), None);
    assert_eq!(Class::of(Layout::from_size_align(8, 128).unwrap()), None);
    assert_ne!(Class::of(Layout::new::<[u64; 8]>()), Some(Class::NODE), "nodes are counted apart");
}

#[test]
fn blocks_of_every_class_are_aligned_and_apart() {
    let memory = memory(CHUNK * 8, 0, 0);
    let own = magazines(&memory);
    let mut blocks = Vec::new();
    for class in Class::all() {
        for _ in 0..300 {
            let block = own.take(&memory, class);
            assert_eq!(block.addr().get() % 64, 0);
            // The first word of a slot is a generation.
            fill(block, class.size(), u8::try_from(blocks.len() % 251).unwrap());
            blocks.push((block, class));
        }
    }
    for (index, (block, class)) in blocks.into_iter().enumerate() {
        assert!(is_filled(block, class.size(), u8::try_from(index % 251).unwrap()));
        // SAFETY: taken above.
        unsafe { own.give(&memory, block, class) };
    }
}

#[test]
fn layouts_of_every_size_and_alignment_are_served() {
    let memory = memory(CHUNK * 8, 0, 0);
    let own = magazines(&memory);
    for size in [0, 1, 33, 64, 1000, 4096, 4097, 100_000] {
        for align in (0..=8).map(|power| 1 << power) {
            let layout = Layout::from_size_align(size, align).unwrap();
            let blocks: Vec<_> = (0..3).map(|_| own.alloc(&memory, layout)).collect();
            let cells: Vec<_> = (0..3).map(|_| own.alloc_cell(&memory, layout)).collect();
            for &block in blocks.iter().chain(&cells) {
                assert_eq!(block.addr().get() % align, 0);
                fill(block, size, 7);
            }
            // SAFETY: taken above, with this layout.
            blocks.into_iter().for_each(|block| unsafe { own.free(&memory, block, layout) });
            // SAFETY: likewise.
            cells.into_iter().for_each(|cell| unsafe { own.free_cell(&memory, cell, layout) });
        }
    }
    assert_eq!(usage(&memory, &[&own]).cells_in_use, 0);
}

#[test]
fn fresh_nodes_come_in_address_order() {
    let memory = memory(ARENA, 0, 0);
    let own = magazines(&memory);
    let nodes = take_nodes(&own, &memory, 10_000);
    assert!(nodes.windows(2).all(|pair| pair[1].addr().get() - pair[0].addr().get() == 64));
}

#[test]
fn node_given_last_is_taken_first() {
    let memory = memory(ARENA, 0, 0);
    let own = magazines(&memory);
    let nodes = take_nodes(&own, &memory, 1_000);
    let kept = nodes[0];
    give_nodes(&own, &memory, nodes.into_iter().rev());
    assert_eq!(own.take_node(&memory), kept);
}

#[test]
fn nodes_go_around_between_threads_each_in_one_hand() {
    const ROUNDS: usize = 20_000;
    let memory = memory(ARENA, 1_000, 0);
    let (first, second) = (mpsc::channel::<usize>(), mpsc::channel::<usize>());
    // Each thread takes nodes for the other, which gives them back: the depot runs both ways.
    let run = |to: mpsc::Sender<usize>, from: mpsc::Receiver<usize>, byte: u8| {
        let own = magazines(&memory);
        let take = |index: usize| {
            let node = own.take_node(&memory);
            fill(node, 64, byte.wrapping_add(u8::try_from(index % 100).unwrap()));
            to.send(node.as_ptr().expose_provenance()).unwrap();
        };
        let give = |index: usize| {
            let address = from.recv().unwrap();
            let node = NonNull::new(std::ptr::with_exposed_provenance_mut(address)).unwrap();
            let theirs = byte ^ 0x80;
            assert!(is_filled(node, 64, theirs.wrapping_add(u8::try_from(index % 100).unwrap())));
            give_nodes(&own, &memory, [node]);
        };
        for index in 0..ROUNDS {
            take(index);
            if index >= 500 {
                give(index - 500);
            }
        }
        (ROUNDS - 500..ROUNDS).for_each(give);
        own.flush(&memory);
        own
    };
    let run = &run;
    let (one, other) = thread::scope(|scope| {
        let one = scope.spawn(move || run(first.0, second.1, 0));
        let other = scope.spawn(move || run(second.0, first.1, 0x80));
        (one.join().unwrap(), other.join().unwrap())
    });
    assert_eq!(usage(&memory, &[&one, &other]).nodes_in_use, 0);
}

#[test]
fn churn_on_many_threads_hands_out_each_block_once_and_loses_none() {
    let memory = memory(CHUNK * 4, 0, 0);
    let class = Class::of(Layout::new::<[u8; 1000]>()).unwrap();
    let churn = |seed: u64| {
        let own = magazines(&memory);
        let mut random = seed;
        let mut held: Vec<(NonNull<u8>, u8)> = Vec::new();
        for _ in 0..20_000 {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            let byte = u8::try_from(random >> 56).unwrap();
            if held.len() < 400 && random % 100 < 51 {
                let block = own.take(&memory, class);
                fill(block, 64, byte);
                held.push((block, byte));
            } else if !held.is_empty() {
                let index = usize::try_from(random >> 8).unwrap() % held.len();
                let (block, byte) = held.swap_remove(index);
                assert!(is_filled(block, 64, byte));
                // SAFETY: taken above.
                unsafe { own.give(&memory, block, class) };
            }
            if random % 4096 == 0 {
                let _ = memory.trim();
            }
            if random % 1024 == 1 {
                own.flush(&memory);
            }
        }
        for (block, byte) in held {
            assert!(is_filled(block, 64, byte));
            // SAFETY: taken above.
            unsafe { own.give(&memory, block, class) };
        }
        own.flush(&memory);
    };
    thread::scope(|scope| {
        (1..=4).for_each(|seed| drop(scope.spawn(move || churn(0x9E37_79B9_7F4A_7C15 ^ seed))));
    });
    trim_to_the_end(&memory);
    assert_eq!(usage(&memory, &[]).chunk_bytes, 0, "a block is missing in its chunk");
}

#[test]
fn counts_are_exact_wherever_a_node_is_given_back() {
    let memory = memory(ARENA, 10_000, 0);
    let (one, other) = (magazines(&memory), magazines(&memory));
    let start = usage(&memory, &[]);
    assert!(start.nodes_in_use == 0 && (10_000..11_024).contains(&start.nodes_pooled));
    let mut nodes = take_nodes(&one, &memory, 5_000);
    for step in 1..=10 {
        let rest = nodes.split_off(nodes.len() - 500);
        give_nodes(if step % 2 == 0 { &one } else { &other }, &memory, rest);
        let now = usage(&memory, &[&one, &other]);
        assert_eq!(now.nodes_in_use, 5_000 - step * 500);
        assert_eq!(now.nodes_in_use + now.nodes_pooled, start.nodes_pooled);
    }
    one.flush(&memory);
    assert_eq!(usage(&memory, &[&one, &other]).nodes_in_use, 0);
    other.flush(&memory);
    assert_eq!(usage(&memory, &[&one, &other]).nodes_in_use, 0);
}

#[test]
fn flush_leaves_nothing_behind() {
    let memory = memory(CHUNK, 0, 0);
    let own = magazines(&memory);
    let nodes = take_nodes(&own, &memory, 1_000);
    give_nodes(&own, &memory, nodes.iter().copied());
    own.flush(&memory);
    let other = magazines(&memory);
    let again: HashSet<_> = take_nodes(&other, &memory, 1_024).into_iter().collect();
    assert_eq!(usage(&memory, &[&own, &other]).chunk_bytes, CHUNK as u64);
    assert!(nodes.iter().all(|node| again.contains(node)));
}

#[test]
fn flushed_magazines_are_still_of_use() {
    let memory = memory(CHUNK, 0, 0);
    let own = magazines(&memory);
    for _ in 0..10 {
        let nodes = take_nodes(&own, &memory, 200);
        own.flush(&memory);
        give_nodes(&own, &memory, nodes);
        own.flush(&memory);
    }
    assert_eq!(usage(&memory, &[&own]).nodes_in_use, 0);
    assert_eq!(usage(&memory, &[&own]).chunk_bytes, CHUNK as u64);
}

#[test]
fn large_blocks_are_kept_by_the_few() {
    let held: usize = Class::all().map(|class| 2 * class.magazine() as usize * class.size()).sum();
    assert!(held < 3 << 19, "a thread that used every class holds {held} bytes");
    assert_eq!(Class::NODE.magazine() as usize, CAPACITY);
}

/// Bytes of the arenas that take memory.
#[cfg(target_os = "linux")]
fn resident(nodes: &[NonNull<u8>]) -> usize {
    let pages: HashSet<usize> = nodes.iter().map(|node| node.addr().get() / 4096).collect();
    let is_in = |&page: &usize| {
        let mut state = 0;
        let address = std::ptr::without_provenance_mut(page * 4096);
        // SAFETY: asks about addresses, touches nothing but `state`.
        let known = unsafe { libc::mincore(address, 1, &raw mut state) };
        known == 0 && state & 1 == 1
    };
    pages.iter().filter(|page| is_in(page)).count() * 4096
}

#[cfg(target_os = "linux")]
#[test]
fn million_nodes_go_back_to_the_operating_system() {
    const MILLION: usize = 1_000_000;
    // One arena: its addresses stay this test's.
    let memory = memory(128 << 20, 10_000, 0);
    let own = magazines(&memory);
    for round in 0..2 {
        let nodes = take_nodes(&own, &memory, MILLION);
        nodes.iter().for_each(|&node| fill(node, 64, 1));
        assert!(resident(&nodes) >= MILLION * 64);
        give_nodes(&own, &memory, nodes.iter().copied());
        trim_to_the_end(&memory);
        let after = usage(&memory, &[&own]);
        // The floor, and what the thread's two magazines hold fast.
        assert!(resident(&nodes) <= 10_000 * 64 + 4 * CHUNK, "round {round}: {after:?}");
        assert!(
            after.nodes_pooled >= 10_000 && after.chunk_bytes <= 10_000 * 64 + 4 * CHUNK as u64
        );
        assert_eq!(after.nodes_in_use, 0);
    }
}

#[test]
fn trim_keeps_what_the_last_period_used() {
    let memory = memory(ARENA, 0, 0);
    let own = magazines(&memory);
    let work = |nodes: usize| {
        let nodes = take_nodes(&own, &memory, nodes);
        give_nodes(&own, &memory, nodes);
    };
    work(100_000);
    let all = usage(&memory, &[]).chunk_bytes;
    for _ in 0..5 {
        assert_ne!(memory.trim(), Trimmed::Done);
        work(100_000);
    }
    assert_eq!(usage(&memory, &[]).chunk_bytes, all);
    for _ in 0..10 {
        work(20_000);
        while memory.trim() == Trimmed::Again {}
    }
    let kept = usage(&memory, &[]).nodes_pooled;
    assert!((20_000..40_000).contains(&kept), "{kept}");
}

#[test]
fn trim_leaves_the_floors() {
    let memory = memory(CHUNK * 16, 3_000, 1_000);
    let own = magazines(&memory);
    let layout = Layout::new::<[u8; 200]>();
    give_nodes(&own, &memory, take_nodes(&own, &memory, 20_000));
    let cells: Vec<_> = (0..5_000).map(|_| own.alloc_cell(&memory, layout)).collect();
    assert_eq!(usage(&memory, &[&own]).cells_in_use, 5_000);
    // SAFETY: taken above.
    cells.into_iter().for_each(|cell| unsafe { own.free_cell(&memory, cell, layout) });
    own.flush(&memory);
    trim_to_the_end(&memory);
    let after = usage(&memory, &[&own]);
    assert_eq!(after.nodes_pooled, 3 * 1024);
    assert_eq!(after.cells_pooled, 4 * 256);
    assert_eq!(after.chunk_bytes, 7 * CHUNK as u64);
    assert!(after.arena_bytes <= 2 * 16 * CHUNK as u64);
    assert_eq!(memory.trim(), Trimmed::Done);
}

#[test]
fn first_cell_of_a_class_brings_its_floor() {
    let memory = memory(ARENA, 0, 1_000);
    let own = magazines(&memory);
    assert_eq!(usage(&memory, &[&own]).cells_pooled, 0);
    let small = own.alloc_cell(&memory, Layout::new::<[u8; 128]>());
    let pooled = usage(&memory, &[&own]).cells_pooled;
    assert!((1_000 - 1..1_512).contains(&pooled), "{pooled}");
    // A large one has none.
    let large = own.alloc_cell(&memory, Layout::new::<[u8; 2000]>());
    assert_eq!(usage(&memory, &[&own]).cells_pooled - pooled, 31);
    // SAFETY: taken above.
    unsafe { own.free_cell(&memory, small, Layout::new::<[u8; 128]>()) };
    // SAFETY: taken above.
    unsafe { own.free_cell(&memory, large, Layout::new::<[u8; 2000]>()) };
}

#[test]
fn slot_stays_mapped_and_its_generation_never_falls() {
    use crate::sync::atomic::{AtomicU64, Ordering::Relaxed};
    // SAFETY: a slot of the test's, which uses its first word only so.
    let word = |slot: NonNull<u8>| unsafe { slot.cast::<AtomicU64>().as_ref() };
    let memory = memory(CHUNK, 0, 0);
    let own = magazines(&memory);
    let class = Class::slot(Layout::new::<[u64; 12]>()).unwrap();
    let mut highest = 0;
    for round in 1..=4 {
        let slots: Vec<_> = (0..2_000).map(|_| own.take(&memory, class)).collect();
        for &slot in &slots {
            let generation = word(slot).load(Relaxed) >> 32;
            assert!(generation >= highest, "round {round}");
            word(slot).store((generation + 1 + round % 2) << 32 | 5, Relaxed);
        }
        highest += 1 + round % 2;
        // SAFETY: taken above.
        slots.iter().for_each(|&slot| unsafe { own.give(&memory, slot, class) });
        own.flush(&memory);
        trim_to_the_end(&memory);
        assert_eq!(usage(&memory, &[&own]).chunk_bytes, 0);
        assert!(usage(&memory, &[&own]).arena_bytes >= 4 * CHUNK as u64);
        slots.iter().for_each(|&slot| assert!(word(slot).load(Relaxed) >> 32 <= highest));
        // What is not a slot comes from elsewhere.
        let nodes: HashSet<_> = take_nodes(&own, &memory, 5_000).into_iter().collect();
        assert!(slots.iter().all(|slot| !nodes.contains(slot)));
        give_nodes(&own, &memory, nodes);
        own.flush(&memory);
        trim_to_the_end(&memory);
    }
}

#[test]
fn idle_arenas_go_but_one() {
    let memory = memory(4 * CHUNK, 0, 0);
    let own = magazines(&memory);
    let nodes = take_nodes(&own, &memory, 100 * 1024);
    assert_eq!(usage(&memory, &[&own]).arena_bytes, 100 * CHUNK as u64);
    give_nodes(&own, &memory, nodes);
    own.flush(&memory);
    trim_to_the_end(&memory);
    let after = usage(&memory, &[&own]);
    assert_eq!((after.arena_bytes, after.chunk_bytes), (4 * CHUNK as u64, 0));
}

#[test]
fn arena_that_cannot_be_had_is_an_error() {
    assert!(Memory::new(usize::MAX, 0, 0).is_err());
    assert!(Memory::new(isize::MAX as usize, 0, 0).is_err());
    let tiny = memory(1, 5_000, 0);
    assert_eq!(usage(&tiny, &[]).arena_bytes, 5 * CHUNK as u64);
}

#[test]
fn thousand_systems_come_and_go() {
    for _ in 0..1_000 {
        let memory = memory(ARENA, 10_000, 1_000);
        let own = magazines(&memory);
        fill(own.take_node(&memory), 64, 1);
        fill(own.alloc_cell(&memory, Layout::new::<[u8; 256]>()), 256, 1);
    }
}

#[test]
fn magazines_outlive_their_memory_untouched() {
    let memory = memory(ARENA, 0, 0);
    let own = magazines(&memory);
    give_nodes(&own, &memory, take_nodes(&own, &memory, 1_000));
    drop(memory);
    let mut counts = Counts::default();
    counts.add(&own);
    assert_eq!(counts.nodes(), 0);
}
