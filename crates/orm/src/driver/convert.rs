//! Between jiff, which the ORM speaks, and chrono, which sqlx does. Both count days and microseconds; the servers keep no smaller ones.

use chrono::{
    DateTime as ChronoTime, Datelike as _, NaiveDate, NaiveDateTime, NaiveTime, Timelike as _, Utc,
};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};

/// `None` where the other side has no such day.
pub(crate) fn date_to_chrono(date: Date) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(
        i32::from(date.year()),
        u32::try_from(date.month()).ok()?,
        u32::try_from(date.day()).ok()?,
    )
}

pub(crate) fn date_from_chrono(date: NaiveDate) -> Option<Date> {
    Date::new(
        i16::try_from(date.year()).ok()?,
        i8::try_from(date.month()).ok()?,
        i8::try_from(date.day()).ok()?,
    )
    .ok()
}

pub(crate) fn time_to_chrono(time: Time) -> Option<NaiveTime> {
    NaiveTime::from_hms_micro_opt(
        u32::try_from(time.hour()).ok()?,
        u32::try_from(time.minute()).ok()?,
        u32::try_from(time.second()).ok()?,
        u32::try_from(time.subsec_nanosecond() / 1000).ok()?,
    )
}

pub(crate) fn time_from_chrono(time: NaiveTime) -> Option<Time> {
    Time::new(
        i8::try_from(time.hour()).ok()?,
        i8::try_from(time.minute()).ok()?,
        i8::try_from(time.second()).ok()?,
        i32::try_from(time.nanosecond()).ok()?,
    )
    .ok()
}

pub(crate) fn datetime_to_chrono(value: DateTime) -> Option<NaiveDateTime> {
    Some(date_to_chrono(value.date())?.and_time(time_to_chrono(value.time())?))
}

pub(crate) fn datetime_from_chrono(value: NaiveDateTime) -> Option<DateTime> {
    Some(DateTime::from_parts(
        date_from_chrono(value.date())?,
        time_from_chrono(value.time())?,
    ))
}

pub(crate) fn timestamp_to_chrono(value: Timestamp) -> Option<ChronoTime<Utc>> {
    let micros = value.as_nanosecond().div_euclid(1000);
    ChronoTime::from_timestamp_micros(i64::try_from(micros).ok()?)
}

pub(crate) fn timestamp_from_chrono(value: ChronoTime<Utc>) -> Option<Timestamp> {
    Timestamp::from_microsecond(value.timestamp_micros()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        let datetime: DateTime = "1910-01-23T10:11:12.123456".parse().unwrap();
        assert_eq!(
            datetime_to_chrono(datetime).and_then(datetime_from_chrono),
            Some(datetime)
        );
        for text in ["2026-11-20T10:00:00Z", "1953-05-16T23:59:59.999999Z"] {
            let moment: Timestamp = text.parse().unwrap();
            assert_eq!(
                timestamp_to_chrono(moment).and_then(timestamp_from_chrono),
                Some(moment)
            );
        }
    }

    #[test]
    fn nanoseconds_are_cut_also_before_1970() {
        let moment: Timestamp = "1953-05-16T23:59:59.123456789Z".parse().unwrap();
        let cut: Timestamp = "1953-05-16T23:59:59.123456Z".parse().unwrap();
        assert_eq!(
            timestamp_to_chrono(moment).and_then(timestamp_from_chrono),
            Some(cut)
        );
    }
}
