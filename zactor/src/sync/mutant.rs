//! Seeded bugs: each is kept at its place, and some test must catch it (`.ci/mutants`).

/// Whether the bug `name` is on: only in a build with `--cfg zactor_mutants`, when the environment variable
/// `ZACTOR_MUTANT` names it. Anywhere else the compiler sees a constant.
#[inline(always)]
pub(crate) fn mutant(name: &str) -> bool {
    cfg!(zactor_mutants) && is_on(name)
}

fn is_on(name: &str) -> bool {
    static ON: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    ON.get_or_init(|| std::env::var("ZACTOR_MUTANT").unwrap_or_default()) == name
}
