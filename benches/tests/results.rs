//! Each peer does each workload in a small form, and comes to the result that the workload expects.

use std::time::Duration;

use zactor_benches::measure::Outcome;
use zactor_benches::report::Figures;
use zactor_benches::rounds::Row;
use zactor_benches::workloads::Size;
use zactor_benches::{peers, workloads};

/// Enough for a few bursts of a stream, few enough for threads that block.
const COUNT: u64 = 600;

#[test]
fn every_peer_comes_to_the_result_of_every_workload() {
    for workload in workloads::ALL {
        let count = match workload.size {
            Size::Time(_) => workload.rounded(COUNT),
            Size::Fixed { probe, .. } => probe,
        };
        for peer in peers::ALL {
            let Some(outcome) = (workload.run)(*peer, count) else { continue };
            let expected = (workload.expected)(count);
            assert_eq!(outcome.check, expected, "{} on {}", workload.name, peer.name());
        }
    }
}

#[test]
fn names_are_found_and_given_once() {
    for workload in workloads::ALL {
        let named = workloads::ALL.iter().filter(|other| other.name == workload.name);
        assert_eq!(named.count(), 1, "{}", workload.name);
        assert!(workloads::find(workload.name).is_some());
    }
    for peer in peers::ALL {
        let named = peers::ALL.iter().filter(|other| other.name() == peer.name());
        assert_eq!(named.count(), 1, "{}", peer.name());
        assert!(peers::find(peer.name()).is_some());
    }
}

#[test]
fn figures_are_the_median_with_the_slowest_and_the_fastest() {
    let outcomes = [1, 2, 4].map(|done| Outcome::new(done, Duration::from_secs(1), 0));
    let outcomes = outcomes.into_iter().map(|outcome| outcome.with_bytes(Some(8))).collect();
    let row = Row { peer: "one", outcomes, repeated: 0, disturbed: 0, failure: None };
    let figures = serde_json::to_value(Figures::of(&row).unwrap()).unwrap();
    let promised = serde_json::json!({
        "rate": 2.0, "min": 1.0, "max": 4.0, "p50_ns": null, "p99_ns": null, "bytes": 8
    });
    assert_eq!(figures, promised);
}
