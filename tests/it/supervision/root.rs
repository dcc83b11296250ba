//! The root's rules.

use super::*;
use zactor::SystemError;

fn system_with(supervise: Supervise) -> ActorSystem {
    ActorSystem::builder("test").workers(2).config(quiet()).supervise(supervise).start().unwrap()
}

fn top(system: &ActorSystem, name: &'static str, journal: &Journal) -> ActorRef<Lab> {
    let journal = journal.clone();
    system.spawn_with(move || Lab::named(name, &journal)).unwrap()
}

#[test]
fn s33_restarts_under_the_root_are_counted_for_each_actor() {
    let (system, journal) = (system(2), Journal::default());
    let labs = ["a", "b", "c"].map(|name| top(&system, name, &journal));
    for _ in 0..5 {
        for lab in &labs {
            fail(lab);
        }
    }
    labs.iter().for_each(settle);
    fail(&labs[1]);
    assert!(matches!(labs[1].ended().wait(), Ok(EndReason::Failed(_))));
    settle(&labs[0]);
    settle(&labs[2]);
    let stats = finish(&system);
    assert_eq!((stats.actors.restarted, stats.actors.failed), (15, 1));
}

#[test]
fn s33_the_limit_of_an_explicit_root_ends_the_system() {
    let journal = Journal::default();
    let system = system_with(Supervise::one_for_one().max_restarts(2));
    let labs = ["a", "b", "c"].map(|name| top(&system, name, &journal));
    labs.iter().for_each(fail);
    let ended = system.wait();
    assert!(matches!(ended, Err(SystemError::Failed(Failure::RestartLimit))), "{ended:?}");
    let again = system.shutdown();
    assert!(matches!(again, Err(SystemError::Failed(Failure::RestartLimit))), "{again:?}");
    assert!(labs.iter().all(|lab| !lab.is_alive()));
}

#[test]
fn s31_strategies_hold_for_the_root() {
    for (supervise, concerned) in
        [(Supervise::one_for_all(), "abcde"), (Supervise::rest_for_one(), "cde")]
    {
        let (system, journal) = (system_with(supervise), Journal::default());
        let labs = NAMES.map(|name| top(&system, name, &journal));
        let before = journal.entries().len();
        fail(&labs[2]);
        wait_for(&journal, concerned.len(), "restart");
        labs.iter().for_each(settle);
        let order = |what: &str| -> String {
            let entries = journal.entries();
            let names = entries[before..].iter().filter_map(|entry| entry.strip_prefix(what));
            names.map(|entry| &entry[..1]).collect()
        };
        assert_eq!(order("before restart "), concerned.chars().rev().collect::<String>());
        assert_eq!(order("restart "), concerned);
        finish(&system);
    }
}

#[test]
fn s35_escalate_at_the_root_ends_the_system_and_reports_the_error() {
    let (system, journal) = (system(2), Journal::default());
    let boss = system.spawn(Boss::new(&journal, |_, _| Directive::Escalate)).unwrap();
    let child = hire(&boss, Restart::Transient, Lab::new);
    let bystander = top(&system, "bystander", &journal);
    child.tell(job(|_, ctx| ctx.fail(Failure::new("no disk")))).unwrap();
    let ended = system.wait();
    let Err(SystemError::Failed(failure)) = ended else { panic!("{ended:?}") };
    assert_eq!(failure.to_string(), "no disk");
    assert!(!bystander.is_alive());
    assert_eq!(journal.count("stop bystander"), 1);
}

#[test]
fn s54_the_options_of_supervisors_are_checked() {
    use std::time::Duration;
    let bad = Supervise::one_for_one().within(Duration::ZERO);
    assert!(ActorSystem::builder("test").supervise(bad.clone()).start().is_err());
    let system = system(1);
    let refused = system.actor(Lab::new).supervise(bad).spawn();
    assert!(matches!(refused, Err(zactor::SpawnError::Config(_))));
    finish(&system);
}
