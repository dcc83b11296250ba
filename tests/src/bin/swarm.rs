//! Storms by seed, for long runs and for the sanitizers: `swarm [SEEDS] [SENDS] [FIRST_SEED]`, each with 1, 2 and 8 workers.

use zactor_tests::storm::{self, Plan};

fn main() {
    let mut arguments = std::env::args().skip(1).map(|argument| {
        argument.parse::<u32>().unwrap_or_else(|_| {
            eprintln!("`{argument}` is not a number: swarm [SEEDS] [SENDS] [FIRST_SEED]");
            std::process::exit(2);
        })
    });
    let seeds = arguments.next().unwrap_or(3);
    let sends = arguments.next().unwrap_or(20_000_000);
    let first = arguments.next().unwrap_or(1);
    for seed in first..first.saturating_add(seeds) {
        for workers in [1, 2, 8] {
            let plan = Plan::new(u64::from(seed), workers, sends);
            println!("{plan:?}");
            let outcome = storm::run(&plan);
            let (stats, seconds) = (&outcome.stats, outcome.time.as_secs_f64());
            println!("  {:?}", stats.messages);
            println!(
                "  {} targets, {:.1} s, {:.2} M sends/s, {} steals, {} parks",
                outcome.targets,
                seconds,
                f64::from(sends) / seconds / 1e6,
                stats.steals,
                stats.parks
            );
        }
    }
    println!("every message was accounted for");
}
