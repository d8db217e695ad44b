//! Text without its case, and times as text.

use jiff::SignedDuration;
use jiff::civil::{Date, DateTime, Time};

use crate::{Error, Result};

/// The text with the differences of case taken out, for letters of every script: two texts that differ in case only have the same fold.
///
/// Each letter is first made upper-case, then lower-case, so that ß meets SS and the two small sigmas meet.
pub(crate) fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.chars()
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
        .collect()
}

/// `2026-11-20`. Texts of four-digit years sort as the dates do.
pub(crate) fn date(date: Date) -> Result<String> {
    if date.year() < 0 {
        return Err(Error::encode(format!("the date {date} lies before the year 0")));
    }
    Ok(date.to_string())
}

/// `13:05:00`, with six more digits where there are microseconds; what is smaller is cut, as no server has a place for it.
pub(crate) fn time(time: Time) -> String {
    let micros = time.subsec_nanosecond() / 1000;
    let (hour, minute, second) = (time.hour(), time.minute(), time.second());
    match micros {
        0 => format!("{hour:02}:{minute:02}:{second:02}"),
        micros => format!("{hour:02}:{minute:02}:{second:02}.{micros:06}"),
    }
}

pub(crate) fn datetime(value: DateTime) -> Result<String> {
    Ok(format!("{} {}", date(value.date())?, time(value.time())))
}

/// A span of time in microseconds, as Django keeps it where the database has no type for it.
pub(crate) fn micros(span: SignedDuration) -> Result<i64> {
    i64::try_from(span.as_micros())
        .map_err(|_| Error::encode(format!("{span} has more microseconds than 64 bits count")))
}

#[cfg(test)]
mod tests {
    use super::fold;

    #[test]
    fn fold_ignores_the_case_of_every_script() {
        assert_eq!(fold("ÉCOLE"), fold("école"));
        assert_eq!(fold("ΟΔΟΣ"), fold("οδος"));
        assert_eq!(fold("STRASSE"), fold("Straße"));
        assert_ne!(fold("école"), fold("ecole"));
    }
}
