//! All words of a tree with their exact counts, in bounded memory: what grows past a limit is written to a temporary
//! file as a sorted run, and the runs are merged when the words are read. Ordinary trees never come to that.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::census::text::LONGEST_WORD;
use crate::census::words::{WordMap, hash};

/// How much of a vocabulary stays in memory, all counters of a census together: 26 MiB at most.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit {
    pub(crate) words: usize,
    pub(crate) text_bytes: usize,
}

impl Limit {
    pub(crate) const DEFAULT: Self = Self { words: (1 << 20) / 4 * 3, text_bytes: 10 << 20 };

    /// All words stay in memory.
    pub(crate) const NONE: Self = Self { words: usize::MAX, text_bytes: usize::MAX };

    /// The limit of one of `n` that share this one.
    pub(crate) fn share(self, n: usize) -> Self {
        // A map that doubles at three quarters fills that limit best with a power of two.
        Self { words: self.words / n.next_power_of_two(), text_bytes: self.text_bytes / n }
    }
}

/// Words and counts, partly in memory and partly on disk.
#[derive(Debug)]
pub(crate) struct Vocabulary {
    map: WordMap,
    limit: Limit,
    disk: Option<File>,
    /// Where each run ends in the file.
    ends: Vec<u64>,
}

impl Vocabulary {
    pub(crate) fn new(limit: Limit) -> Self {
        Self { map: WordMap::new(), limit, disk: None, ends: Vec::new() }
    }

    /// The words that are in memory.
    pub(crate) fn into_map(self) -> WordMap {
        self.map
    }

    /// Counts `word` once more.
    pub(crate) fn count(&mut self, word: &[u8]) {
        self.map.add(hash(word), word, 1);
    }

    /// Adds all of `map`.
    pub(crate) fn absorb(&mut self, map: &WordMap) -> io::Result<()> {
        for (hash, word, count) in map.iter() {
            self.map.add(hash, word, count);
        }
        self.spill_when_full()
    }

    /// To be called now and then: writes the words to disk when they are too many.
    pub(crate) fn spill_when_full(&mut self) -> io::Result<()> {
        if self.map.len() < self.limit.words && self.map.text_bytes() < self.limit.text_bytes {
            return Ok(());
        }
        let file = match &mut self.disk {
            Some(file) => file,
            empty => empty.insert(temporary_file()?),
        };
        let mut out = BufWriter::new(&*file);
        for slot in self.map.sorted() {
            let (word, count) = self.map.word(slot);
            out.write_all(&[u8::try_from(word.len()).expect("longer words are not stored")])?;
            out.write_all(word)?;
            out.write_all(&count.to_le_bytes())?;
        }
        out.flush()?;
        drop(out);
        self.ends.push(file.stream_position()?);
        self.map.clear();
        Ok(())
    }
}

/// A file that is gone with its handle.
fn temporary_file() -> io::Result<File> {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let name = format!("zactor-census-{}-{}", std::process::id(), NUMBER.fetch_add(1, Relaxed));
    let path = std::env::temp_dir().join(name);
    let file = File::options().read(true).write(true).create_new(true).open(&path)?;
    fs::remove_file(&path)?;
    Ok(file)
}

/// Bytes of buffers for all runs of a merge.
const MERGE_BUFFERS: usize = 4 << 20;

/// The words of some vocabularies in order, each once with its count in all of them.
#[derive(Debug)]
pub(crate) struct Merged<'a> {
    sources: Vec<Source<'a>>,
    next: BinaryHeap<Reverse<Next>>,
}

/// The first word of a source that has not been handed out.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Next {
    word: Vec<u8>,
    count: u64,
    source: usize,
}

impl<'a> Merged<'a> {
    pub(crate) fn new(vocabularies: &'a [Vocabulary]) -> io::Result<Self> {
        let runs: usize = vocabularies.iter().map(|vocabulary| vocabulary.ends.len()).sum();
        let buffer = (MERGE_BUFFERS / runs.max(1)).clamp(1 << 10, 64 << 10);
        let mut sources = Vec::new();
        for vocabulary in vocabularies {
            sources.push(Source::Memory {
                map: &vocabulary.map,
                order: vocabulary.map.sorted().into_iter(),
            });
            if let Some(file) = &vocabulary.disk {
                let file = Rc::new(file.try_clone()?);
                let starts = std::iter::once(&0).chain(&vocabulary.ends);
                for (&at, &end) in starts.zip(&vocabulary.ends) {
                    let file = Rc::clone(&file);
                    sources.push(Source::Run(Run {
                        file,
                        at,
                        end,
                        buffer: vec![0; buffer],
                        from: 0,
                        to: 0,
                    }));
                }
            }
        }
        let mut merged = Self { sources, next: BinaryHeap::new() };
        for source in 0..merged.sources.len() {
            merged.refill(Next { word: Vec::with_capacity(LONGEST_WORD), count: 0, source })?;
        }
        Ok(merged)
    }

    /// The next word, into `word`, and its count.
    pub(crate) fn next(&mut self, word: &mut Vec<u8>) -> io::Result<Option<u64>> {
        let Some(Reverse(mut first)) = self.next.pop() else { return Ok(None) };
        std::mem::swap(word, &mut first.word);
        let mut total = first.count;
        self.refill(first)?;
        while self.next.peek().is_some_and(|Reverse(next)| next.word == *word) {
            if let Some(Reverse(same)) = self.next.pop() {
                total += same.count;
                self.refill(same)?;
            }
        }
        Ok(Some(total))
    }

    fn refill(&mut self, mut used: Next) -> io::Result<()> {
        if let Some(count) = self.sources[used.source].next(&mut used.word)? {
            used.count = count;
            self.next.push(Reverse(used));
        }
        Ok(())
    }
}

#[derive(Debug)]
enum Source<'a> {
    Memory { map: &'a WordMap, order: std::vec::IntoIter<u32> },
    Run(Run),
}

impl Source<'_> {
    fn next(&mut self, into: &mut Vec<u8>) -> io::Result<Option<u64>> {
        into.clear();
        match self {
            Source::Memory { map, order } => Ok(order.next().map(|slot| {
                let (word, count) = map.word(slot);
                into.extend_from_slice(word);
                count
            })),
            Source::Run(run) => run.next(into),
        }
    }
}

/// A sorted run on disk, from `at` on; what has been read stands in `buffer[from..to]`.
#[derive(Debug)]
struct Run {
    file: Rc<File>,
    at: u64,
    end: u64,
    buffer: Vec<u8>,
    from: usize,
    to: usize,
}

impl Run {
    fn next(&mut self, word: &mut Vec<u8>) -> io::Result<Option<u64>> {
        if self.to - self.from < 1 + LONGEST_WORD + 8 {
            self.read()?;
        }
        let Some((&len, rest)) = self.buffer[self.from..self.to].split_first() else {
            return Ok(None);
        };
        let (bytes, rest) = rest.split_at(len as usize);
        word.extend_from_slice(bytes);
        self.from += 1 + bytes.len() + 8;
        Ok(rest.first_chunk().map(|count| u64::from_le_bytes(*count)))
    }

    fn read(&mut self) -> io::Result<()> {
        self.buffer.copy_within(self.from..self.to, 0);
        (self.from, self.to) = (0, self.to - self.from);
        let room = self.buffer.len() - self.to;
        let len = usize::try_from(self.end - self.at).unwrap_or(room).min(room);
        let mut file = &*self.file;
        file.seek(SeekFrom::Start(self.at))?;
        file.read_exact(&mut self.buffer[self.to..self.to + len])?;
        self.to += len;
        self.at += len as u64;
        Ok(())
    }
}

/// What a report says about the words of a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MostFrequent {
    pub(crate) different: u64,
    /// The sum of all counts.
    pub(crate) counted: u64,
    /// Most frequent first; those equally frequent in alphabetical order.
    pub(crate) words: Vec<(Vec<u8>, u64)>,
}

/// The `top` most frequent words. Each word may stand in one of the vocabularies only.
pub(crate) fn most_frequent(vocabularies: &[Vocabulary], top: usize) -> io::Result<MostFrequent> {
    let mut best = Best { top, heap: BinaryHeap::new(), different: 0, counted: 0 };
    for vocabulary in vocabularies {
        if vocabulary.ends.is_empty() {
            vocabulary.map.iter().for_each(|(_, word, count)| best.see(word, count));
        } else {
            let mut merged = Merged::new(std::slice::from_ref(vocabulary))?;
            let mut word = Vec::new();
            while let Some(count) = merged.next(&mut word)? {
                best.see(&word, count);
            }
        }
    }
    let Best { heap, different, counted, .. } = best;
    let words =
        heap.into_sorted_vec().into_iter().map(|(Reverse(count), word)| (word, count)).collect();
    Ok(MostFrequent { different, counted, words })
}

struct Best {
    top: usize,
    /// The worst of the best is on top.
    heap: BinaryHeap<(Reverse<u64>, Vec<u8>)>,
    different: u64,
    counted: u64,
}

impl Best {
    fn see(&mut self, word: &[u8], count: u64) {
        self.different += 1;
        self.counted += count;
        if self.heap.len() == self.top {
            match self.heap.peek() {
                Some((Reverse(least), last))
                    if (Reverse(count), word) < (Reverse(*least), last) => {}
                _ => return,
            }
            self.heap.pop();
        }
        self.heap.push((Reverse(count), word.to_vec()));
    }
}

/// The words that two censuses counted differently: how many, and the first few with both counts.
pub(crate) fn differences(a: &[Vocabulary], b: &[Vocabulary]) -> io::Result<(u64, Vec<String>)> {
    let (mut a, mut b) = (Merged::new(a)?, Merged::new(b)?);
    let (mut word_a, mut word_b) = (Vec::new(), Vec::new());
    let (mut count_a, mut count_b) = (a.next(&mut word_a)?, b.next(&mut word_b)?);
    let (mut different, mut named) = (0, Vec::new());
    loop {
        let order = match (count_a, count_b) {
            (None, None) => return Ok((different, named)),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(_), Some(_)) => word_a.cmp(&word_b),
        };
        let word = if order.is_le() { &word_a } else { &word_b };
        let counted = (count_a.filter(|_| order.is_le()), count_b.filter(|_| order.is_ge()));
        if counted.0 != counted.1 {
            different += 1;
            if named.len() < 10 {
                let (a, b) = (counted.0.unwrap_or(0), counted.1.unwrap_or(0));
                named.push(format!("word `{}`: {a} and {b}", String::from_utf8_lossy(word)));
            }
        }
        if order.is_le() {
            count_a = a.next(&mut word_a)?;
        }
        if order.is_ge() {
            count_b = b.next(&mut word_b)?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TINY: Limit = Limit { words: 100, text_bytes: 1 << 20 };

    fn filled(limit: Limit, skip: u64) -> Vocabulary {
        let mut vocabulary = Vocabulary::new(limit);
        for n in (0..20_000_u64).filter(|n| *n != skip) {
            vocabulary.count(format!("w{}", n % 997 % (n % 13 + 1)).as_bytes());
            vocabulary.count(format!("rare{}", n % 5_000).as_bytes());
            vocabulary.spill_when_full().unwrap();
        }
        vocabulary
    }

    #[test]
    fn runs_on_disk_count_as_memory_does() {
        let (memory, disk) = (filled(Limit::DEFAULT, u64::MAX), filled(TINY, u64::MAX));
        assert!(memory.ends.is_empty() && disk.ends.len() > 50);
        let (memory, disk) = ([memory], [disk]);
        assert_eq!(differences(&memory, &disk).unwrap(), (0, vec![]));
        let most = most_frequent(&memory, 12).unwrap();
        assert_eq!(most, most_frequent(&disk, 12).unwrap());
        assert_eq!((most.different, most.counted, most.words.len()), (5_013, 40_000, 12));
        assert!(most.words.is_sorted_by(|a, b| (Reverse(a.1), &a.0) < (Reverse(b.1), &b.0)));
    }

    #[test]
    fn each_difference_is_found() {
        let (whole, less) = ([filled(Limit::DEFAULT, u64::MAX)], [filled(TINY, 4_321)]);
        let (different, named) = differences(&whole, &less).unwrap();
        assert_eq!((different, named.len()), (2, 2));
        assert_eq!(named[0], "word `rare4321`: 4 and 3");
        assert_eq!(differences(&whole, &[]).unwrap().0, 5_013);
        assert_eq!(differences(&[], &whole).unwrap().1.len(), 10);
    }
}
