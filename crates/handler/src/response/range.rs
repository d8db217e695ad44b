//! Which bytes a client wants: RFC 9110, section 14.

use std::ops::Range;

/// More than any player or downloader asks for.
const MAX_RANGES: usize = 16;

/// What a `Range` header comes to for a content of some length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ranges {
    /// All of it: there is no range, it is of another unit, or it is more trouble than all.
    Whole,
    /// These parts, none of them empty.
    Parts(Vec<Range<u64>>),
    /// Nothing that there is: 416.
    Unsatisfiable,
}

impl Ranges {
    /// `bytes=0-499, -500, 9500-`. What can't be read is as if it were not there, as the RFC has it.
    pub(super) fn read(header: Option<&str>, length: u64) -> Self {
        let Some(header) = header else {
            return Self::Whole;
        };
        let Some((unit, list)) = header.split_once('=') else {
            return Self::Whole;
        };
        if !unit.trim().eq_ignore_ascii_case("bytes") {
            return Self::Whole;
        }
        let mut parts: Vec<Range<u64>> = Vec::new();
        let mut any = false;
        for range in list.split(',').map(str::trim).filter(|range| !range.is_empty()) {
            any = true;
            match read_one(range, length) {
                None => return Self::Whole,
                Some(part) if part.is_empty() => {}
                Some(_) if parts.len() == MAX_RANGES => return Self::Whole,
                Some(part) => parts.push(part),
            }
        }
        // Parts that are more than the whole are an attack, or a mistake (RFC 9110, section 17.15).
        let asked = parts
            .iter()
            .fold(0_u64, |sum, part| sum.saturating_add(part.end - part.start));
        match parts.len() {
            0 if any => Self::Unsatisfiable,
            0 => Self::Whole,
            1 => Self::Parts(parts),
            _ if asked > length => Self::Whole,
            _ => Self::Parts(parts),
        }
    }
}

/// One range; empty where there is nothing of it, `None` where it can't be read.
fn read_one(range: &str, length: u64) -> Option<Range<u64>> {
    let (first, last) = range.split_once('-')?;
    let (first, last) = (first.trim(), last.trim());
    if first.is_empty() {
        let suffix = number(last)?;
        return Some(length.saturating_sub(suffix)..length);
    }
    let first = number(first)?;
    let end = if last.is_empty() {
        length
    } else {
        let last = number(last)?;
        if last < first {
            return None;
        }
        last.saturating_add(1).min(length)
    };
    Some(if first < end { first..end } else { 0..0 })
}

/// Digits alone; a number past all files is as good as the largest.
fn number(text: &str) -> Option<u64> {
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    Some(text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
#[expect(clippy::single_range_in_vec_init, reason = "that is what one part is")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ranges_are_read() {
        for (header, expected) in [
            ("bytes=0-499", Ranges::Parts(vec![0..500])),
            ("bytes=500-", Ranges::Parts(vec![500..1000])),
            ("bytes=-200", Ranges::Parts(vec![800..1000])),
            ("bytes=-2000", Ranges::Parts(vec![0..1000])),
            ("bytes=990-5000", Ranges::Parts(vec![990..1000])),
            ("BYTES = 0 - 0", Ranges::Parts(vec![0..1])),
            ("bytes=0-0, -1", Ranges::Parts(vec![0..1, 999..1000])),
            ("bytes=0-9,,5000-", Ranges::Parts(vec![0..10])),
            ("bytes=1000-", Ranges::Unsatisfiable),
            ("bytes=-0", Ranges::Unsatisfiable),
            ("bytes=99999999999999999999-", Ranges::Unsatisfiable),
            ("bytes=0-99999999999999999999", Ranges::Parts(vec![0..1000])),
            ("bytes=0-600,400-999", Ranges::Whole),
            ("bytes=5-4", Ranges::Whole),
            ("bytes=a-b", Ranges::Whole),
            ("bytes=", Ranges::Whole),
            ("bytes", Ranges::Whole),
            ("bytes=+1-2", Ranges::Whole),
            ("items=0-5", Ranges::Whole),
        ] {
            assert_eq!(Ranges::read(Some(header), 1000), expected, "{header}");
        }
        assert_eq!(Ranges::read(Some("bytes=0-"), 0), Ranges::Unsatisfiable);
        let many = format!("bytes={}", vec!["0-0"; 17].join(","));
        assert_eq!(Ranges::read(Some(&many), 1000), Ranges::Whole);
    }

    proptest! {
        #[test]
        fn fuzz_ranges_are_within_the_content(header in "(bytes=)?[0-9, \\-a=]{0,60}", length in 0..5000_u64) {
            if let Ranges::Parts(parts) = Ranges::read(Some(&header), length) {
                prop_assert!(!parts.is_empty() && parts.len() <= MAX_RANGES);
                for part in parts {
                    prop_assert!(part.start < part.end && part.end <= length);
                }
            }
        }

        #[test]
        fn fuzz_a_range_survives(start in 0..5000_u64, more in 0..5000_u64, length in 1..10_000_u64) {
            let read = Ranges::read(Some(&format!("bytes={start}-{}", start + more)), length);
            if start < length {
                prop_assert_eq!(read, Ranges::Parts(vec![start..(start + more + 1).min(length)]));
            } else {
                prop_assert_eq!(read, Ranges::Unsatisfiable);
            }
        }
    }
}
