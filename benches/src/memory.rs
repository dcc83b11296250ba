//! How much memory this process holds, as the operating system sees it.

use std::fs;

/// Bytes of a page. Linux on x86-64 and on most 64-bit Arm machines.
const PAGE: u64 = 4096;

/// Resident bytes of this process now, `None` where `/proc` does not exist.
pub fn resident() -> Option<u64> {
    let statm = fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = statm.split_whitespace().nth(1)?.parse().ok()?;
    Some(pages * PAGE)
}

/// Growth of the resident memory since `before`, for each of `count` things.
pub fn grown_per(count: u64, before: Option<u64>) -> Option<u64> {
    Some(resident()?.saturating_sub(before?) / count.max(1))
}
