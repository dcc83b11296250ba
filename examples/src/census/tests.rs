//! A tree of everything that is odd, counted by the actors and by the plain loop.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use super::*;
use files::PIECE;
use tally::Note;

/// A directory that is gone with its value.
struct Tree(PathBuf);

impl Tree {
    fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name =
            format!("zactor-census-test-{}-{}", std::process::id(), NUMBER.fetch_add(1, Relaxed));
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn put(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    fn job(&self) -> Job {
        let paths = vec![self.0.clone()];
        Job {
            paths,
            skip: vec!["skipped".into()],
            huge: 2 * PIECE as u64,
            workers: 2,
            limit: Limit::DEFAULT,
        }
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).ok();
    }
}

fn odd_tree() -> Tree {
    let tree = Tree::new();
    tree.put("empty", "");
    tree.put("a.rs", "fn main() {}\n// the end");
    tree.put("latin1.txt", b"na\xEFve\n");
    tree.put("zeros.bin", vec![0; 10_000]);
    tree.put("late_zero.txt", [&vec![b'a'; 9_000][..], b"\0"].concat());
    tree.put("exact.txt", "word ".repeat(PIECE).get(..2 * PIECE).unwrap());
    tree.put("one_line.json", "[1, \"\u{fc}ber\", long_word_in_a_long_line],".repeat(30_000));
    tree.put("one_word.txt", "w".repeat(3 * PIECE + 17));
    tree.put("skipped/x.rs", "never seen");
    tree.put(&format!("{}/deep.rs", "d/".repeat(150)), "deep down\n");
    for n in 0..500 {
        tree.put(&format!("many/{}/{n}.rs", n % 7), format!("let x{n} = y{};\n", n % 10).repeat(n));
    }
    #[cfg(unix)]
    std::os::unix::fs::symlink("nowhere", tree.0.join("link")).unwrap();
    tree
}

fn both(job: &Job) -> (Run, actors::Machine, Comparison) {
    let (run, machine) = by_actors(job, 20, None).unwrap();
    let comparison = compare(&run, by_plain_loop(job, 20, None).unwrap()).unwrap();
    (run, machine, comparison)
}

#[test]
fn actors_count_what_the_plain_loop_counts() {
    let tree = odd_tree();
    let (run, machine, comparison) = both(&tree.job());
    assert_eq!(comparison.differences, Vec::<String>::new());
    let tally = &run.counted.tally;
    let noted = |note| tally.notes.get(&note).map_or(0, |noted: &tally::Noted| noted.count);
    let unix = u64::from(cfg!(unix));
    assert_eq!(Note::ALL.map(noted), [0, 1, 1, 3, unix]);
    assert_eq!(tally.total().files, 509);
    assert_eq!(tally.kinds["rs"].files, 502);
    assert_eq!(tally.kinds["bin"].text, text::Counts { bytes: 10_000, ..Default::default() });
    assert_eq!(tally.total().text.overlong, 2);
    assert_eq!(tally.longest.first().unwrap().1, Path::new(&tree.0).join("one_line.json"));
    let messages = machine.stats.messages;
    assert_eq!((messages.rejected, messages.dead_lettered), (0, 0));
}

/// A buffer in which a binary file has stood, and with which a text goes on.
#[test]
fn a_file_begins_with_its_first_piece_only() {
    let tree = odd_tree();
    let [binary, text] = ["zeros.bin", "one_line.json"].map(|name| tree.0.join(name));
    let mut supply = actors::supply::Supply::default();
    let mut loads = [(); 2].map(|()| actors::supply::Load::empty());
    supply.files.push_back(binary);
    assert!(!supply.next(&mut loads[0], u64::MAX));
    supply.files.push_back(text.clone());
    let mut begun = Vec::new();
    while supply.next(&mut loads[(begun.len() + 1) % 2], u64::MAX) {
        begun.push(loads[(begun.len() + 1) % 2].begins.take());
    }
    assert_eq!(begun.remove(0), Some(text));
    assert!(begun.len() > 3 && begun.iter().all(Option::is_none));
}

#[test]
fn words_on_disk_are_counted_as_well() {
    let tree = odd_tree();
    let limit = Limit { words: 64, text_bytes: 1 << 20 };
    let in_memory = both(&tree.job()).0;
    let (run, _, comparison) = both(&Job { limit, ..tree.job() });
    assert_eq!(comparison.differences, Vec::<String>::new());
    assert_eq!(run.most, in_memory.most);
}

#[test]
fn paths_that_are_not_there_are_named() {
    let tree = Tree::new();
    let missing = tree.0.join("missing");
    let (run, _, comparison) =
        both(&Job { paths: vec![missing.clone(), tree.0.clone()], ..tree.job() });
    assert_eq!(comparison.differences, Vec::<String>::new());
    let noted = &run.counted.tally.notes[&Note::Unreadable];
    assert_eq!((noted.count, &noted.names.first().unwrap().0), (1, &missing));
    assert_eq!(run.counted.tally.total(), tally::KindCounts::default());
}

#[test]
fn a_difference_is_reported() {
    let tree = odd_tree();
    let (run, _) = by_actors(&tree.job(), 20, None).unwrap();
    tree.put("more.rs", "one more file");
    let comparison = compare(&run, by_plain_loop(&tree.job(), 20, None).unwrap()).unwrap();
    assert!(comparison.differences.iter().any(|difference| difference.contains("kind `rs`")));
    assert!(
        comparison.differences.iter().any(|difference| difference.contains("word `one`: 0 and 1"))
    );
}

#[test]
fn json_can_be_read_back() {
    let tree = odd_tree();
    let (run, machine, comparison) = both(&tree.job());
    let report =
        report::Report { run: &run, machine: &machine, comparison: Some(&comparison), top: 20 };
    let json: serde_json::Value = serde_json::from_str(&report.json()).unwrap();
    assert_eq!(json["total"]["files"], 509);
    assert_eq!(json["verify"]["identical"], true);
    assert_eq!(json["notes"]["not_utf_8"]["count"], 1);
    assert_eq!(json["machine"]["refused"], 0);
    assert!(report.text().contains("every count is the same"));
}
