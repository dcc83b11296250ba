//! What is parsed and checked in full, but belongs to a later version: the one place where it is refused.

/// A feature that users may name before zactor has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Feature {
    Async,
    Deferred,
    FixedName,
}

/// To switch a feature on, delete its line (and the test cases that show its refusal).
const LATER: &[(Feature, &str)] =
    &[(Feature::FixedName, "a fixed `id` or `version` of a message is")];

/// Why `feature` is refused; `None` if this version has it.
pub(crate) fn refusal(feature: Feature) -> Option<String> {
    let (_, what) = LATER.iter().find(|(later, _)| *later == feature)?;
    Some(format!("{what} not available in this version of zactor"))
}
