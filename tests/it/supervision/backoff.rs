//! How soon: S36.

use std::time::Duration;

use super::*;
use zactor::ActorState;
use zactor::testing::ManualClock;

const MS: Duration = Duration::from_millis(1);

struct Case {
    clock: ManualClock,
    system: ActorSystem,
    journal: Journal,
    boss: ActorRef<Boss>,
    child: ActorRef<Lab>,
}

impl Case {
    fn new(supervise: Supervise) -> Self {
        let (clock, journal) = (ManualClock::new(), Journal::default());
        let system = ActorSystem::builder("test")
            .workers(2)
            .config(quiet())
            .clock(clock.clone())
            .start()
            .unwrap();
        let boss = boss(&system, &journal, supervise.max_restarts(u32::MAX));
        let inner = journal.clone();
        let child = hire(&boss, Restart::Transient, move || Lab::named("child", &inner));
        Case { clock, system, journal, boss, child }
    }

    fn restarts(&self) -> u64 {
        self.system.inspect(self.child.id()).unwrap().restarts
    }

    fn fail(&self) {
        fail(&self.child);
        eventually("the delay", || {
            self.system.inspect(self.child.id()).unwrap().state == ActorState::BackingOff
        });
    }

    /// The child is restarted after exactly `delay`.
    #[track_caller]
    fn restarts_after(&self, delay: Duration) {
        let before = self.restarts();
        self.clock.advance(delay - Duration::from_nanos(1));
        let_pass(MS);
        assert_eq!(self.restarts(), before, "not a nanosecond early");
        self.clock.advance(Duration::from_nanos(1));
        eventually("the restart", || self.restarts() == before + 1);
    }
}

#[test]
fn s36_delays_double_up_to_the_longest_and_begin_anew_after_a_quiet_time() {
    let case = Case::new(Supervise::one_for_one().backoff(50 * MS..300 * MS));
    for delay in [50, 100, 200, 300, 300] {
        case.fail();
        case.restarts_after(delay * MS);
    }
    case.clock.advance(300 * MS);
    case.fail();
    case.restarts_after(50 * MS);
    finish(&case.system);
}

#[test]
fn s36_tries_that_fail_to_start_lengthen_the_delay_however_long_the_actor_has_lived() {
    let (clock, journal) = (ManualClock::new(), Journal::default());
    let system = ActorSystem::builder("test").workers(2).config(quiet()).clock(clock.clone());
    let system = system.start().unwrap();
    let delays = Supervise::one_for_one().backoff(50 * MS..400 * MS).max_restarts(u32::MAX);
    let boss = boss(&system, &journal, delays);
    let inner = journal.clone();
    let child = hire(&boss, Restart::Transient, move || {
        inner.note("try");
        if (2..7).contains(&inner.count("try")) {
            give_up();
        }
        Lab::new()
    });
    clock.advance(Duration::from_secs(3600));
    fail(&child);
    for (tries, delay) in (1..).zip([50, 100, 200, 400, 400]) {
        let waits = || system.inspect(child.id()).unwrap().state == ActorState::BackingOff;
        eventually("the delay", || journal.count("try") == tries && waits());
        clock.advance(delay * MS - Duration::from_nanos(1));
        let_pass(MS);
        assert_eq!(journal.count("try"), tries, "not before {delay} ms");
        clock.advance(Duration::from_nanos(1));
        eventually("the next try", || journal.count("try") == tries + 1);
    }
    finish(&system);
}

#[test]
fn s36_a_delay_may_last_thirty_days_or_for_ever() {
    let month = Duration::from_secs(30 * 24 * 3600);
    let case = Case::new(Supervise::one_for_one().backoff(month..Duration::MAX));
    case.fail();
    case.restarts_after(month);
    case.child.stop().wait().unwrap();
    let case = Case::new(Supervise::one_for_one().backoff(Duration::MAX..Duration::MAX));
    case.fail();
    case.clock.advance(month * 1000);
    assert_eq!(case.restarts(), 0);
    case.boss.stop().timeout(PATIENCE).wait().ok();
    case.child.ended().wait().unwrap();
    finish(&case.system);
}

#[test]
fn s36_jitter_lengthens_a_delay_by_at_most_its_share() {
    let case = Case::new(Supervise::one_for_one().backoff(100 * MS..100 * MS).jitter(0.5));
    let mut waited = Vec::new();
    for round in 1..=20 {
        case.fail();
        let begin = case.clock.now();
        case.clock.advance(100 * MS - Duration::from_nanos(1));
        while case.restarts() < round {
            case.clock.advance(5 * MS);
            let_pass(Duration::from_micros(200));
            assert!(
                case.clock.now() - begin < 250 * MS,
                "half a delay more at most, and some to spare"
            );
        }
        waited.push(case.clock.now() - begin);
    }
    waited.sort();
    waited.dedup();
    assert!(waited.len() > 2, "{waited:?}");
    finish(&case.system);
}

#[test]
fn s36_messages_queue_during_the_delay() {
    let case = Case::new(Supervise::one_for_one().backoff(MS..MS));
    case.fail();
    for _ in 0..100 {
        case.child.tell(job(|lab, _| lab.n += 1)).unwrap();
    }
    assert_eq!(counts(&case.system, &case.child).queued, 100);
    case.clock.advance(MS);
    settle(&case.child);
    assert_eq!(case.child.ask(call(|lab, _| lab.n)).wait().unwrap(), 100);
    finish(&case.system);
}

#[test]
fn s36_a_stop_during_the_delay_is_immediate_and_runs_post_stop() {
    let ends: [fn(&Case); 3] = [
        |case| drop(case.child.stop()),
        |case| drop(case.boss.stop()),
        |case| case.boss.tell(Order(Box::new(|_| give_up()))).unwrap(),
    ];
    for end in ends {
        let case = Case::new(Supervise::one_for_one().backoff(Duration::MAX..Duration::MAX));
        case.fail();
        end(&case);
        eventually("the end", || !case.child.is_alive());
        assert!(matches!(case.child.ended().wait(), Ok(EndReason::Stopped)));
        let child: Vec<_> =
            case.journal.entries().into_iter().filter(|entry| entry.ends_with("child")).collect();
        assert_eq!(child, ["start child", "stop child", "drop child"]);
        finish(&case.system);
    }
}

#[test]
fn s36_a_group_waits_for_the_delay_of_the_one_that_failed() {
    let case = Case::new(Supervise::one_for_all().backoff(10 * MS..10 * MS));
    let sibling = hire(&case.boss, Restart::Transient, Lab::new);
    case.fail();
    settle(&sibling);
    case.restarts_after(10 * MS);
    eventually("the group", || case.system.inspect(sibling.id()).unwrap().restarts == 1);
    // A sibling that fails meanwhile: one of the two delays begins the group, the other is over with it.
    case.fail();
    fail(&sibling);
    eventually("both wait", || {
        case.system.inspect(sibling.id()).unwrap().state == ActorState::BackingOff
    });
    case.clock.advance(10 * MS);
    eventually("both restarted", || {
        case.restarts() >= 2 && case.system.inspect(sibling.id()).unwrap().restarts >= 2
    });
    settle(&case.child);
    settle(&sibling);
    finish(&case.system);
}
