//! Tests that need a process of their own, and what the operating system says about this one.

use std::env;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

const ALONE: &str = "ZACTOR_ALONE";

/// Runs `body` in a process of its own: the test binary again, with this test alone. `test` is its full name.
///
/// # Panics
/// When it fails there.
#[track_caller]
pub fn alone(test: &str, body: impl FnOnce()) {
    alone_with(test, &[], body);
}

/// As [`alone`], with these variables in its environment.
///
/// # Panics
/// When it fails there.
#[track_caller]
pub fn alone_with(test: &str, variables: &[(&str, &str)], body: impl FnOnce()) {
    if is_alone(test) {
        return body();
    }
    let output = run(test, variables);
    let out = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && out.contains("1 passed"),
        "{test} alone: {}\n{out}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Runs `body` in a process of its own, which it must end by an abort: neither by success nor by a failed assertion.
///
/// # Panics
/// When it ends otherwise.
#[track_caller]
pub fn aborts(test: &str, body: impl FnOnce()) {
    if is_alone(test) {
        body();
        println!("survived");
        std::process::exit(0);
    }
    let output = run(test, &[]);
    let out = String::from_utf8_lossy(&output.stdout);
    assert!(
        !output.status.success() && output.status.code() != Some(101) && !out.contains("survived"),
        "{test} should abort: {}\n{out}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
}

fn is_alone(test: &str) -> bool {
    env::var(ALONE).as_deref() == Ok(test)
}

fn run(test: &str, variables: &[(&str, &str)]) -> Output {
    Command::new(env::current_exe().expect("the path of this binary"))
        .args([test, "--exact", "--nocapture", "--test-threads=1"])
        .env(ALONE, test)
        .envs(variables.iter().copied())
        .stdin(Stdio::null())
        .output()
        .expect("the test binary starts")
}

/// CPU time of this process so far, all threads, the ended ones included.
///
/// # Panics
/// When the operating system does not tell.
#[must_use]
#[expect(unsafe_code, reason = "getrusage has no safe wrapper in std")]
pub fn cpu_time() -> Duration {
    // SAFETY: all-zero bytes are a valid `rusage`: it consists of integers.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: `usage` is a live, writable `rusage`.
    let failed = unsafe { libc::getrusage(libc::RUSAGE_SELF, &raw mut usage) };
    assert_eq!(failed, 0, "getrusage");
    let time = |t: libc::timeval| {
        Duration::from_secs(t.tv_sec.unsigned_abs())
            + Duration::from_micros(t.tv_usec.unsigned_abs())
    };
    time(usage.ru_utime) + time(usage.ru_stime)
}

/// Threads of this process.
#[must_use]
pub fn threads() -> usize {
    std::fs::read_dir("/proc/self/task").map_or(0, Iterator::count)
}

/// Resident bytes of this process.
#[must_use]
pub fn resident() -> u64 {
    status("VmRSS:")
}

/// Bytes of address space of this process.
#[must_use]
pub fn address_space() -> u64 {
    status("VmSize:")
}

fn status(field: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(field)).unwrap_or("0 kB");
    line.trim().trim_end_matches(" kB").trim().parse::<u64>().unwrap_or(0) * 1024
}
