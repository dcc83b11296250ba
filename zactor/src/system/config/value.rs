//! A value as somebody has written it, in a file or in a variable of the environment.
#![cfg_attr(not(feature = "config"), allow(dead_code, reason = "for the feature `config`"))]

use std::borrow::Cow;
use std::time::Duration;

/// What was written.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value<'a> {
    Number(i128),
    Switch(bool),
    Text(Cow<'a, str>),
    /// In a variable, which has no types: a number, a switch or a text, as the field needs it.
    Bare(Cow<'a, str>),
    /// What no field can be.
    Other,
}

impl Value<'_> {
    pub(super) fn number(&self) -> Option<i128> {
        match self {
            Value::Number(number) => Some(*number),
            Value::Bare(text) => text.parse().ok(),
            Value::Switch(_) | Value::Text(_) | Value::Other => None,
        }
    }

    pub(super) fn switch(&self) -> Option<bool> {
        match self {
            Value::Switch(on) => Some(*on),
            Value::Bare(text) => text.parse().ok(),
            Value::Number(_) | Value::Text(_) | Value::Other => None,
        }
    }

    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Value::Text(text) | Value::Bare(text) => Some(text),
            Value::Number(_) | Value::Switch(_) | Value::Other => None,
        }
    }
}

/// Units of time and their nanoseconds, the longest first.
const UNITS: [(&str, u128); 6] = [
    ("h", 3_600_000_000_000),
    ("min", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];
/// `Duration::MAX`.
const NO_LIMIT: &str = "max";

/// A whole number and a unit, or `max`.
pub(super) fn time(text: &str) -> Option<Duration> {
    if text == NO_LIMIT {
        return Some(Duration::MAX);
    }
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let (_, nanos) = UNITS.iter().find(|(name, _)| *name == unit)?;
    let total = number.parse::<u128>().ok()?.checked_mul(*nanos)?;
    let seconds = u64::try_from(total / 1_000_000_000).ok()?;
    Some(Duration::new(seconds, u32::try_from(total % 1_000_000_000).ok()?))
}

/// What `time` makes the same of, in the longest unit that gives a whole number.
pub(super) fn text_of_time(time: Duration) -> String {
    if time == Duration::MAX {
        return NO_LIMIT.to_string();
    }
    let total = time.as_nanos();
    let whole = UNITS.iter().find(|(_, nanos)| total != 0 && total % nanos == 0);
    let (unit, nanos) = whole.unwrap_or(&("ns", 1));
    format!("{}{unit}", total / nanos)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_they_are_written() {
        let cases = [
            ("0ns", Duration::ZERO),
            ("1ns", Duration::from_nanos(1)),
            ("1500us", Duration::from_micros(1_500)),
            ("250ms", Duration::from_millis(250)),
            ("59s", Duration::from_secs(59)),
            ("90min", Duration::from_secs(5_400)),
            ("2h", Duration::from_secs(7_200)),
            ("max", Duration::MAX),
        ];
        for (text, meant) in cases {
            assert_eq!(time(text), Some(meant), "{text}");
            assert_eq!(text_of_time(meant), text);
        }
        let shorter = Duration::MAX - Duration::from_nanos(1);
        assert_eq!(time(&text_of_time(shorter)), Some(shorter));
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in ["", "5", "s", "5 s", "-5s", "5S", "1.5s", "5sec", "MAX", "5124095576030432h"] {
            assert_eq!(time(text), None, "{text}");
        }
        let too_many = format!("{}h", u128::MAX);
        assert_eq!(time(&too_many), None);
    }
}
