//! What the macros make of an actor, and what they say to one that is wrong.

mod generic;
mod hygiene;
mod names;
mod short;

use std::io::Write as _;
use std::process::Command;

use zactor::prelude::*;

/// The compiler whose words the `.stderr` files quote.
const RUSTC: &str = "rustc 1.95.";

/// Each file of `ui` holds one mistake, and beside it what the user reads. `TRYBUILD=overwrite` writes what
/// they read now; read it as one of them would.
#[test]
fn mistakes_are_reported_where_they_stand_with_the_cure() {
    let version = Command::new("rustc").arg("--version").output().expect("rustc runs");
    let version = String::from_utf8_lossy(&version.stdout).into_owned();
    if !version.starts_with(RUSTC) {
        // Past the harness, which keeps what a test that passes prints.
        let _ = writeln!(
            std::io::stderr(),
            "skipped: the expected texts are those of {RUSTC}x, this is {version}"
        );
        return;
    }
    trybuild::TestCases::new().compile_fail("ui/*.rs");
}

/// A payload that shows itself.
#[derive(Message, Debug)]
struct Add(u64);

/// A payload that cannot.
#[derive(Message)]
struct Secret(#[expect(dead_code, reason = "only carried")] u64);

#[derive(Message, Debug)]
#[message(reply = Vec<&'static str>)]
struct Seen;

#[actor(Add, Secret, Seen as WhatWasSeen)]
struct Recorder {
    seen: Vec<&'static str>,
}

impl Handler<Add> for Recorder {
    fn handle(&mut self, _: Add, _: &mut Context<Self>) {
        self.seen.push("add");
    }
}

impl Handler<Secret> for Recorder {
    fn handle(&mut self, _: Secret, _: &mut Context<Self>) {
        self.seen.push("secret");
    }
}

impl Handler<Seen> for Recorder {
    fn handle(&mut self, _: Seen, _: &mut Context<Self>) -> Vec<&'static str> {
        self.seen.clone()
    }
}

#[test]
fn a_message_chosen_at_run_time_reaches_its_handler() {
    let system = ActorSystem::start("macros").unwrap();
    let recorder = system.spawn(Recorder { seen: Vec::new() }).unwrap();
    let chosen = [Secret(1).into(), RecorderMessage::Add(Add(2)), RecorderMessage::from(Seen)];
    for message in chosen {
        recorder.tell_any(message).unwrap();
    }
    assert_eq!(recorder.ask(Seen).wait().unwrap(), ["secret", "add"]);
    system.shutdown().unwrap();
}

#[test]
fn the_enum_shows_payloads_that_can_be_shown_and_names_the_others() {
    assert_eq!(format!("{:?}", RecorderMessage::from(Secret(7))), "Secret");
    assert_eq!(format!("{:?}", RecorderMessage::from(Add(7))), "Add(7)");
    assert_eq!(format!("{:?}", RecorderMessage::from(Seen)), "Seen");
}

#[test]
fn tags_are_dense_from_zero() {
    assert_eq!(<Recorder as Accepts<Add>>::TAG, 0);
    assert_eq!(<Recorder as Accepts<Secret>>::TAG, 1);
    assert_eq!(<Recorder as Accepts<Seen>>::TAG, 2);
}

#[test]
fn a_rejected_message_chosen_at_run_time_comes_back() {
    let system = ActorSystem::start("macros").unwrap();
    let recorder = system.spawn(Recorder { seen: Vec::new() }).unwrap();
    recorder.stop().wait().unwrap();
    let error = recorder.tell_any(RecorderMessage::Add(Add(3))).unwrap_err();
    assert!(matches!(error, SendError::Closed(RecorderMessage::Add(Add(3)))));
    system.shutdown().unwrap();
}
