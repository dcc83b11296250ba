//! The example `pipeline`: with each policy, everything is accounted for, and it says so.

use std::process::{Command, Output};

fn pipeline(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_zactor-examples"));
    command.arg("pipeline").args(arguments).output().unwrap()
}

#[test]
fn each_policy_shows_what_becomes_of_the_items_and_that_they_add_up() {
    for policy in ["fail", "block", "drop_new", "drop_old", "unbounded"] {
        let some = ["--items", "5000", "--rate", "100000", "--work", "10", "--capacity", "32"];
        let output = pipeline(&[&[policy], &some[..]].concat());
        let text = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(0), "{text}");
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].starts_with(&format!("{policy}: 100,000 items a second")), "{text}");
        let [live @ .., _, offered, accepted, holds] = &lines[2..] else { panic!("{text}") };
        assert!(live.iter().all(|line| line.ends_with(" %")) && !live.is_empty(), "{text}");
        assert!(live[live.len() - 1].contains(" 5,000 "), "all were sent: {text}");
        assert!(offered.starts_with("offered ") && accepted.starts_with("accepted "), "{text}");
        assert!(accepted.ends_with("queued 0") && holds.starts_with("this holds"), "{text}");
    }
}

#[test]
fn a_policy_that_there_is_not_is_refused() {
    let output = pipeline(&["drop_all"]);
    assert_eq!(output.status.code(), Some(2));
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("drop_all") && text.contains("drop_new"), "{text}");
}
