//! Random hierarchies under random faults, by seed: `faults [SEEDS] [POKES] [FIRST_SEED]`, each with 1, 2 and 8 workers.

use std::time::Instant;

use zactor_tests::faults::{self, Plan};

fn main() {
    let mut arguments = std::env::args().skip(1).map(|argument| {
        argument.parse::<u32>().unwrap_or_else(|_| {
            eprintln!("`{argument}` is not a number: faults [SEEDS] [POKES] [FIRST_SEED]");
            std::process::exit(2);
        })
    });
    let seeds = arguments.next().unwrap_or(3);
    let pokes = arguments.next().unwrap_or(400_000);
    let first = arguments.next().unwrap_or(1);
    for seed in first..first.saturating_add(seeds) {
        for workers in [1, 2, 8] {
            let plan = Plan { seed: u64::from(seed), workers, actors: 1_000, pokes };
            println!("{plan:?}");
            let begin = Instant::now();
            let outcome = faults::run(&plan);
            println!(
                "  {} faults, {} lives, {:?}, {:?}, {:.1} s",
                outcome.faults,
                outcome.lives,
                outcome.stats.actors,
                outcome.stats.messages,
                begin.elapsed().as_secs_f64()
            );
        }
    }
    println!(
        "no incarnations met, every hook ran as often as it may, every ask ended, every message was accounted for"
    );
}
