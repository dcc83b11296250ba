//! Entries of linked lists in memory that grows and goes back by chunks.
//!
//! An entry is named by a number, and always in exactly one list: that of the free ones, or one of the owner's.
//! A chunk whose entries are all free is given up when as many are free elsewhere: so the memory follows
//! the number of entries in use, and one that comes and goes at a chunk's border costs no allocation.

/// No entry: the end of a list.
pub(crate) const NIL: u32 = u32::MAX;

const CHUNK: usize = 256;

/// One entry: its neighbours, and the owner's part.
#[derive(Debug)]
struct Entry<T> {
    next: u32,
    previous: u32,
    /// `None` if the entry is free.
    value: Option<T>,
}

/// The first entry of a list, or [`NIL`].
pub(crate) type List = u32;

#[derive(Debug)]
pub(crate) struct Slab<T> {
    /// A chunk that was given up is empty.
    chunks: Vec<Box<[Entry<T>]>>,
    /// Entries in use, by chunk.
    used: Vec<u32>,
    /// Numbers of empty chunks.
    vacant: Vec<u32>,
    free: List,
    free_count: usize,
}

impl<T> Slab<T> {
    pub(crate) const fn new() -> Self {
        Self { chunks: Vec::new(), used: Vec::new(), vacant: Vec::new(), free: NIL, free_count: 0 }
    }

    /// Puts `value` into a free entry at the front of `list`.
    pub(crate) fn insert(&mut self, list: &mut List, value: T) -> u32 {
        if self.free == NIL {
            self.grow();
        }
        let mut free = self.free;
        let index = free;
        self.unlink(&mut free, index);
        self.free = free;
        self.free_count -= 1;
        self.used[chunk_of(index)] += 1;
        self.entry(index).value = Some(value);
        self.link(list, index);
        index
    }

    /// Takes the value of an entry of `list`; the entry is free.
    pub(crate) fn remove(&mut self, list: &mut List, index: u32) -> Option<T> {
        let chunk = self.chunks.get_mut(chunk_of(index))?;
        let value = chunk.get_mut(place_of(index))?.value.take()?;
        self.unlink(list, index);
        let mut free = self.free;
        self.link(&mut free, index);
        self.free = free;
        self.free_count += 1;
        let chunk = chunk_of(index);
        self.used[chunk] -= 1;
        if self.used[chunk] == 0 && self.free_count >= 2 * CHUNK {
            self.give_up(chunk);
        }
        Some(value)
    }

    /// Moves an entry to the front of another list.
    pub(crate) fn transfer(&mut self, from: &mut List, to: &mut List, index: u32) {
        self.unlink(from, index);
        self.link(to, index);
    }

    /// The value in an entry, if the number is one and the entry is in use.
    pub(crate) fn get(&self, index: u32) -> Option<&T> {
        self.chunks.get(chunk_of(index))?.get(place_of(index))?.value.as_ref()
    }

    /// The values of a list, from its front.
    pub(crate) fn iter(&self, list: List) -> impl Iterator<Item = &T> {
        let mut index = list;
        std::iter::from_fn(move || {
            let entry = self.chunks.get(chunk_of(index))?.get(place_of(index))?;
            index = entry.next;
            entry.value.as_ref()
        })
    }

    /// Entries in use.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.capacity() - self.free_count
    }

    /// Entries that there is memory for.
    #[cfg(test)]
    pub(crate) fn capacity(&self) -> usize {
        (self.chunks.len() - self.vacant.len()) * CHUNK
    }

    fn entry(&mut self, index: u32) -> &mut Entry<T> {
        &mut self.chunks[chunk_of(index)][place_of(index)]
    }

    fn link(&mut self, list: &mut List, index: u32) {
        let next = std::mem::replace(list, index);
        let entry = self.entry(index);
        (entry.next, entry.previous) = (next, NIL);
        if next != NIL {
            self.entry(next).previous = index;
        }
    }

    fn unlink(&mut self, list: &mut List, index: u32) {
        let entry = self.entry(index);
        let (next, previous) = (entry.next, entry.previous);
        if previous == NIL {
            *list = next;
        } else {
            self.entry(previous).next = next;
        }
        if next != NIL {
            self.entry(next).previous = previous;
        }
    }

    /// Makes a chunk of free entries.
    fn grow(&mut self) {
        let chunk = match self.vacant.pop() {
            Some(chunk) => chunk as usize,
            None => {
                self.chunks.push(Box::default());
                self.used.push(0);
                self.chunks.len() - 1
            }
        };
        let entry = || Entry { next: NIL, previous: NIL, value: None };
        self.chunks[chunk] = (0..CHUNK).map(|_| entry()).collect();
        self.free_count += CHUNK;
        let mut free = self.free;
        for index in numbers(chunk).rev() {
            self.link(&mut free, index);
        }
        self.free = free;
    }

    /// Gives back the memory of a chunk whose entries are all free.
    fn give_up(&mut self, chunk: usize) {
        let mut free = self.free;
        for index in numbers(chunk) {
            self.unlink(&mut free, index);
        }
        self.free = free;
        self.free_count -= CHUNK;
        self.chunks[chunk] = Box::default();
        self.vacant.push(number(chunk));
    }
}

fn chunk_of(index: u32) -> usize {
    index as usize / CHUNK
}

fn place_of(index: u32) -> usize {
    index as usize % CHUNK
}

/// The numbers of the entries of a chunk.
fn numbers(chunk: usize) -> std::ops::Range<u32> {
    number(chunk * CHUNK)..number((chunk + 1) * CHUNK)
}

/// Four thousand million entries would take more memory than there is.
#[expect(clippy::expect_used, reason = "memory ends long before")]
fn number(of: usize) -> u32 {
    u32::try_from(of).expect("fewer than 2^32 entries")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_follows_the_entries_in_use() {
        let mut slab = Slab::new();
        let mut list = NIL;
        let indices: Vec<u32> = (0..10_000).map(|n| slab.insert(&mut list, n)).collect();
        assert_eq!(slab.len(), 10_000);
        assert!(slab.capacity() < 10_000 + CHUNK);
        for (n, &index) in indices.iter().enumerate() {
            assert_eq!(slab.remove(&mut list, index), Some(n));
            assert_eq!(slab.remove(&mut list, index), None);
        }
        assert_eq!((slab.len(), list), (0, NIL));
        assert!(slab.capacity() <= 2 * CHUNK);
        assert_eq!(slab.get(indices[9_999]), None);
    }

    #[test]
    fn given_up_chunks_are_used_again() {
        let mut slab = Slab::new();
        let mut list = NIL;
        for _ in 0..10 {
            let indices: Vec<u32> = (0..3_000).map(|n| slab.insert(&mut list, n)).collect();
            indices.iter().for_each(|&index| assert!(slab.remove(&mut list, index).is_some()));
        }
        assert!(slab.chunks.len() <= 3_000_usize.div_ceil(CHUNK) + 2);
    }

    #[test]
    fn border_of_a_chunk_is_crossed_without_an_allocation() {
        let mut slab = Slab::new();
        let mut list = NIL;
        (0..CHUNK).for_each(|n| _ = slab.insert(&mut list, n));
        for _ in 0..100 {
            let index = slab.insert(&mut list, 0);
            slab.remove(&mut list, index);
            assert_eq!(slab.capacity(), 2 * CHUNK);
        }
    }

    #[test]
    fn entries_move_between_lists() {
        let mut slab = Slab::new();
        let (mut one, mut two) = (NIL, NIL);
        let indices: Vec<u32> = (0..5).map(|n| slab.insert(&mut one, n)).collect();
        slab.transfer(&mut one, &mut two, indices[2]);
        slab.transfer(&mut one, &mut two, indices[4]);
        slab.transfer(&mut one, &mut two, indices[0]);
        assert_eq!(slab.iter(one).copied().collect::<Vec<_>>(), [3, 1]);
        assert_eq!(slab.iter(two).copied().collect::<Vec<_>>(), [0, 4, 2]);
    }
}
