//! `"10s"`, `"50ms..5s"`: a whole number and a unit.
use std::time::Duration;

const UNITS: [(&str, u64); 6] = [
    ("ns", 1),
    ("us", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("min", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

/// A time longer than nothing.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let (number, unit) =
        text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let cure = "write a whole number and one of `ns`, `us`, `ms`, `s`, `min` and `h`, like \"10s\"";
    let Some(&(_, nanos)) = UNITS.iter().find(|(name, _)| *name == unit) else {
        return Err(format!("\"{text}\" is no time: {cure}"));
    };
    if number.is_empty() {
        return Err(format!("\"{text}\" is no time: {cure}"));
    }
    let total = number.parse::<u64>().ok().and_then(|number| number.checked_mul(nanos));
    match total {
        Some(0) => Err(format!("\"{text}\" is no time: it must be longer than 0")),
        Some(total) => Ok(Duration::from_nanos(total)),
        None => Err(format!("\"{text}\" is too long: at most 584 years are allowed")),
    }
}

/// Two times, the shorter one first.
pub(crate) fn range(text: &str) -> Result<(Duration, Duration), String> {
    let Some((min, max)) = text.split_once("..") else {
        return Err(format!(
            "\"{text}\" is no range of time: write the shortest and the longest, like \"50ms..5s\""
        ));
    };
    let (min, max) = (duration(min)?, duration(max)?);
    if min > max {
        return Err(format!("\"{text}\" ends before it begins: write the shorter time first"));
    }
    Ok((min, max))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_has_its_length() {
        assert_eq!(duration("7ns"), Ok(Duration::from_nanos(7)));
        assert_eq!(duration("7us"), Ok(Duration::from_micros(7)));
        assert_eq!(duration("7ms"), Ok(Duration::from_millis(7)));
        assert_eq!(duration("7s"), Ok(Duration::from_secs(7)));
        assert_eq!(duration("7min"), Ok(Duration::from_secs(420)));
        assert_eq!(duration("7h"), Ok(Duration::from_secs(25_200)));
        assert_eq!(range("50ms..5s"), Ok((Duration::from_millis(50), Duration::from_secs(5))));
        assert_eq!(range("1s..1s"), Ok((Duration::from_secs(1), Duration::from_secs(1))));
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in ["", "10", "s", "10 s", "1.5s", "-1s", "10sec", "+1s", "1s..2s"] {
            assert!(duration(text).unwrap_err().contains("is no time"), "{text}");
        }
        assert!(duration("0s").unwrap_err().contains("longer than 0"));
        assert!(duration("6000000h").unwrap_err().contains("too long"));
        assert!(duration("99999999999999999999999s").unwrap_err().contains("too long"));
        assert!(range("5s..50ms").unwrap_err().contains("ends before it begins"));
        assert!(range("5s").unwrap_err().contains("no range"));
    }
}
