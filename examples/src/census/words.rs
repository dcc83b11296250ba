//! A compact map from words to how often they were seen: 16 bytes a slot, at most three quarters of them used, and
//! the words themselves one after the other, each behind its length.

use crate::census::text::LONGEST_WORD;

const _: () = assert!(LONGEST_WORD <= u8::MAX as usize, "a word's length is stored in one byte");

/// Words and their counts, in memory.
#[derive(Clone, Debug)]
pub(crate) struct WordMap {
    slots: Vec<Slot>,
    used: usize,
    bytes: Vec<u8>,
}

/// `count` 0 stands for a free slot; `at` is where the word stands in `bytes`.
#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    count: u64,
    hash: u32,
    at: u32,
}

impl WordMap {
    pub(crate) fn new() -> Self {
        Self { slots: vec![Slot::default(); 1024], used: 0, bytes: Vec::new() }
    }

    /// How many different words it holds.
    pub(crate) fn len(&self) -> usize {
        self.used
    }

    /// Bytes taken by the words, without the slots.
    pub(crate) fn text_bytes(&self) -> usize {
        self.bytes.len()
    }

    /// Counts `word`, whose [`hash`] is known already, `count` times more (at least once).
    pub(crate) fn add(&mut self, hash: u32, word: &[u8], count: u64) {
        let mask = self.slots.len() - 1;
        let mut index = hash as usize & mask;
        loop {
            let slot = &mut self.slots[index];
            if slot.count == 0 {
                break;
            }
            if slot.hash == hash && word_at(&self.bytes, slot.at) == word {
                slot.count += count;
                return;
            }
            index = (index + 1) & mask;
        }
        self.insert(index, hash, word, count);
    }

    #[cold]
    fn insert(&mut self, index: usize, hash: u32, word: &[u8], count: u64) {
        let at =
            u32::try_from(self.bytes.len()).expect("a map is emptied long before 4 GiB of words");
        self.bytes.push(u8::try_from(word.len()).expect("longer words are not stored"));
        self.bytes.extend_from_slice(word);
        self.slots[index] = Slot { count, hash, at };
        self.used += 1;
        if self.used > self.slots.len() / 4 * 3 {
            self.grow();
        }
    }

    fn grow(&mut self) {
        let larger = vec![Slot::default(); self.slots.len() * 2];
        let mask = larger.len() - 1;
        for slot in
            std::mem::replace(&mut self.slots, larger).into_iter().filter(|slot| slot.count > 0)
        {
            let mut index = slot.hash as usize & mask;
            while self.slots[index].count > 0 {
                index = (index + 1) & mask;
            }
            self.slots[index] = slot;
        }
    }

    /// Empties it; the memory stays.
    pub(crate) fn clear(&mut self) {
        self.slots.fill(Slot::default());
        self.bytes.clear();
        self.used = 0;
    }

    /// Each word with its hash and count, in no order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &[u8], u64)> {
        let used = self.slots.iter().filter(|slot| slot.count > 0);
        used.map(|slot| (slot.hash, word_at(&self.bytes, slot.at), slot.count))
    }

    /// The slots in the order of their words, for [`word`](Self::word).
    pub(crate) fn sorted(&self) -> Vec<u32> {
        let used = self.slots.iter().enumerate().filter(|(_, slot)| slot.count > 0);
        let mut order: Vec<(u32, u32)> = used
            .map(|(index, slot)| {
                (beginning(word_at(&self.bytes, slot.at)), u32::try_from(index).expect("as `at`"))
            })
            .collect();
        order.sort_unstable_by(|a, b| {
            a.0.cmp(&b.0).then_with(|| self.word(a.1).0.cmp(self.word(b.1).0))
        });
        order.into_iter().map(|(_, index)| index).collect()
    }

    /// The word in a slot, and its count.
    pub(crate) fn word(&self, index: u32) -> (&[u8], u64) {
        let slot = self.slots[index as usize];
        (word_at(&self.bytes, slot.at), slot.count)
    }
}

impl PartialEq for WordMap {
    /// Whether both hold the same words equally often, in whichever order they came.
    fn eq(&self, other: &Self) -> bool {
        let (ours, theirs) = (self.sorted(), other.sorted());
        let ours = ours.into_iter().map(|slot| self.word(slot));
        ours.eq(theirs.into_iter().map(|slot| other.word(slot)))
    }
}

fn word_at(bytes: &[u8], at: u32) -> &[u8] {
    let at = at as usize;
    let end = at + 1 + bytes[at] as usize;
    &bytes[at + 1..end]
}

/// The first four bytes as a number that sorts as they do.
fn beginning(word: &[u8]) -> u32 {
    let mut first = [0; 4];
    let len = word.len().min(4);
    first[..len].copy_from_slice(&word[..len]);
    u32::from_be_bytes(first)
}

/// The hash by which words are found, and by which the counters share them.
pub(crate) fn hash(word: &[u8]) -> u32 {
    let mix =
        |hash: u64, part: u64| (hash.rotate_left(23) ^ part).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mut hash = word.len() as u64;
    let mut word = word;
    while let Some((chunk, rest)) = word.split_first_chunk::<8>() {
        hash = mix(hash, u64::from_le_bytes(*chunk));
        word = rest;
    }
    hash = match *word {
        [] => hash,
        [a] => mix(hash, u64::from(a)),
        [a, b] => mix(hash, u64::from(u16::from_le_bytes([a, b]))),
        [a, b, c] => mix(hash, u64::from(u32::from_le_bytes([a, b, c, 0]))),
        [a, b, c, d, ref rest @ ..] => {
            let end = rest.iter().fold(0, |end, &byte| end << 8 | u64::from(byte));
            mix(hash, u64::from(u32::from_le_bytes([a, b, c, d])) << 32 | end)
        }
    };
    ((hash ^ hash >> 29).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 32) as u32
}

/// Which of `shards` a word belongs to; the bits that decide are not those that choose its slot.
pub(crate) fn shard(hash: u32, shards: usize) -> usize {
    ((hash >> 20) as usize * shards) >> 12
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_those_of_a_standard_map() {
        let mut seed = 7_u64;
        let (mut map, mut expected) = (WordMap::new(), std::collections::BTreeMap::new());
        for _ in 0..200_000 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let word = format!("{:x}", (seed >> 40) % 30_000).repeat((seed >> 33) as usize % 5 + 1);
            let count = (seed >> 62) + 1;
            map.add(hash(word.as_bytes()), word.as_bytes(), count);
            *expected.entry(word.into_bytes()).or_insert(0) += count;
        }
        let sorted: Vec<_> = map.sorted().into_iter().map(|slot| map.word(slot)).collect();
        assert_eq!(sorted.len(), map.len());
        assert!(
            sorted
                .iter()
                .copied()
                .eq(expected.iter().map(|(word, count)| (word.as_slice(), *count)))
        );
        assert!(
            map.iter()
                .all(|(hash_of, word, count)| hash_of == hash(word) && expected[word] == count)
        );
        map.clear();
        assert_eq!((map.len(), map.iter().count(), map.text_bytes()), (0, 0, 0));
    }

    #[test]
    fn shards_share_evenly() {
        let mut shares = [0; 3];
        for n in 0..30_000 {
            shares[shard(hash(format!("w{n}").as_bytes()), 3)] += 1;
        }
        assert!(shares.iter().all(|share| (9_000..11_000).contains(share)), "{shares:?}");
    }
}
