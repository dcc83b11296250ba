//! The program as a user starts it: what it ends with, and what it writes.

use std::process::{Command, Output};
use std::{env, fs};

fn compare(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_compare")).args(arguments).output().unwrap()
}

#[test]
fn the_json_file_has_a_line_for_each_peer() {
    let file = env::temp_dir().join(format!("zactor-compare-{}.json", std::process::id()));
    let path = file.to_str().unwrap();
    let peers = ["--peer", "tokio_unbounded", "--peer", "actix"];
    let ran =
        compare(&[&peers[..], &["--quick", "--rounds", "1", "--json", path, "ask_in"]].concat());
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let text = fs::read_to_string(&file).unwrap();
    fs::remove_file(file).unwrap();
    let figures: serde_json::Value = serde_json::from_str(&text).unwrap();
    for peer in ["tokio_unbounded", "actix"] {
        let figures = &figures["ask_in"][peer];
        assert!(figures["rate"].as_f64().unwrap() > 0.0, "{figures}");
        assert!(figures["p50_ns"].as_u64() <= figures["p99_ns"].as_u64(), "{figures}");
        assert!(figures["bytes"].is_null(), "{figures}");
    }
}

#[test]
fn an_unknown_name_is_refused_with_what_is_allowed() {
    let ran = compare(&["no_such_workload"]);
    assert!(!ran.status.success());
    assert!(String::from_utf8_lossy(&ran.stderr).contains("tell_1to1"));
}

#[test]
fn a_measurement_that_fails_ends_the_program_with_a_failure() {
    let ran = compare(&["measure", "tell_1to1", "no_such_peer", "1"]);
    assert_eq!(ran.status.code(), Some(1));
}
