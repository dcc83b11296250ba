//! Small runs under many faults, and what a plain loop makes of the same work.

use super::*;
use crate::census::vocabulary::Vocabulary;
use crate::census::{plain, tally, vocabulary};

fn exact<W: Work>(what: &'static str, work: &Arc<W>, faults: Faults) -> Run<W::State> {
    let compared = compare(what, work, faults, 2).unwrap();
    assert_eq!(compared.differences, Vec::<String>::new(), "{faults:?}");
    assert!(compared.planned > 0, "{faults:?} tested nothing");
    compared.struck
}

#[test]
fn the_bank_is_exact_under_faults() {
    for seed in 1..=4 {
        let bank = Arc::new(Bank { accounts: 20, transfers: 1_500, seed });
        let mut plain = vec![0; bank.workers()];
        for task in 0..bank.tasks() {
            Bank::add(&mut plain[bank.worker(task)], &bank.perform(task));
        }
        for probability in [0.01, 0.3] {
            let run = exact("bank", &bank, Faults::new(seed, probability));
            assert_eq!(run.states, plain, "seed {seed}");
            assert_eq!(run.states.iter().sum::<i64>(), 0);
        }
    }
}

#[test]
fn the_census_is_exact_under_faults() {
    let paths = vec![PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src")];
    let job = Job { paths, skip: vec![], huge: 8 << 10, workers: 2, limit: Limit::DEFAULT };
    let plain = plain::count(&job, |_| {}).unwrap();
    let census = Arc::new(Census::new(job));
    for seed in 1..=3 {
        let run = exact("census", &census, Faults::new(seed, 0.4));
        let (mut sum, mut words) = (tally::Tally::default(), Vocabulary::new(Limit::DEFAULT));
        for state in run.states {
            sum.add(state.tally);
            words.absorb(&state.words).unwrap();
        }
        assert_eq!(tally::differences(&sum, &plain.tally), Vec::<String>::new());
        let differences = vocabulary::differences(&[words], &plain.words).unwrap();
        assert_eq!(differences, (0, vec![]));
    }
}
