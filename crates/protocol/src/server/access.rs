//! The access log: one event of `tracing` for each request, once its last byte has gone.

use std::{
    fmt::{self, Write as _},
    time::{Instant, SystemTime},
};

use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, Version, header, request::Parts};

use crate::Address;

/// How the access log writes a request.
///
/// Each line is the message of an event of `tracing` at level `INFO` with the target `nuages::access`. What comes from the client is
/// escaped: a quote, a backslash, a control character or a byte that isn't ASCII can't end a line or a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AccessLog {
    /// The [common log format](https://en.wikipedia.org/wiki/Common_Log_Format).
    ///
    /// `192.0.2.1 - - [20/Nov/2026:16:04:16 +0000] "GET /books/ HTTP/1.1" 200 512`
    Common,
    /// As [`Common`](Self::Common), with the referer and the user agent.
    Combined,
    /// A JSON object a line: `time`, `client`, `method`, `target`, `version`, `status`, `bytes`, `milliseconds`, `referer`, `user_agent`,
    /// `complete`.
    Json,
}

/// One request's line, as far as it is known.
#[derive(Debug)]
pub(super) struct Entry {
    format: AccessLog,
    begun: Instant,
    time: SystemTime,
    client: Option<Address>,
    method: Method,
    uri: Uri,
    version: Version,
    referer: Option<HeaderValue>,
    user_agent: Option<HeaderValue>,
    status: Option<StatusCode>,
}

impl Entry {
    pub(super) fn begin(format: AccessLog, parts: &Parts, client: Option<&Address>) -> Self {
        let header = |headers: &HeaderMap, name| headers.get(name).cloned();
        Self {
            format,
            begun: Instant::now(),
            time: SystemTime::now(),
            client: client.cloned(),
            method: parts.method.clone(),
            uri: parts.uri.clone(),
            version: parts.version,
            referer: header(&parts.headers, header::REFERER),
            user_agent: header(&parts.headers, header::USER_AGENT),
            status: None,
        }
    }

    pub(super) fn answered(&mut self, status: StatusCode) {
        self.status = Some(status);
    }

    /// The client as behind the proxies that are trusted.
    pub(super) fn seen_from(&mut self, client: Option<&Address>) {
        self.client = client.cloned();
    }

    /// Writes the line; `bytes` of the body were sent, and they are all of it or not.
    pub(super) fn write(self, bytes: u64, complete: bool) {
        let line = self.line(bytes, complete);
        tracing::info!(target: "nuages::access", "{line}");
    }

    fn line(&self, bytes: u64, complete: bool) -> String {
        let mut line = String::with_capacity(160);
        // Writing to a String cannot fail.
        let _ = match self.format {
            AccessLog::Common => self.common(&mut line, bytes),
            AccessLog::Combined => self.common(&mut line, bytes).and_then(|()| {
                let value = |value: &Option<HeaderValue>| {
                    Escaped(value.as_ref().map_or(b"-".as_slice(), HeaderValue::as_bytes)).to_string()
                };
                write!(
                    line,
                    " \"{}\" \"{}\"",
                    value(&self.referer),
                    value(&self.user_agent)
                )
            }),
            AccessLog::Json => self.json(&mut line, bytes, complete),
        };
        line
    }

    fn common(&self, line: &mut String, bytes: u64) -> fmt::Result {
        match self.client.as_ref().and_then(Address::ip) {
            Some(ip) => write!(line, "{ip}")?,
            None => line.push('-'),
        }
        let time = Time::of(self.time);
        write!(
            line,
            " - - [{time}] \"{} {} {:?}\" ",
            Escaped(self.method.as_str().as_bytes()),
            Escaped(self.uri.to_string().as_bytes()),
            self.version
        )?;
        match self.status {
            Some(status) => write!(line, "{} {bytes}", status.as_u16()),
            // As nginx has it: the client has closed the connection before there was an answer.
            None => write!(line, "499 {bytes}"),
        }
    }

    fn json(&self, line: &mut String, bytes: u64, complete: bool) -> fmt::Result {
        let time = Time::of(self.time);
        write!(line, "{{\"time\":\"{time:#}\",\"client\":")?;
        match self.client.as_ref().and_then(Address::ip) {
            Some(ip) => write!(line, "\"{ip}\"")?,
            None => line.push_str("null"),
        }
        write!(
            line,
            ",\"method\":\"{}\",\"target\":\"{}\",\"version\":\"{:?}\",\"status\":{},\"bytes\":{bytes},\"milliseconds\":{:.3}",
            Json(self.method.as_str().as_bytes()),
            Json(self.uri.to_string().as_bytes()),
            self.version,
            self.status.map_or(499, |status| status.as_u16()),
            self.begun.elapsed().as_secs_f64() * 1000.0
        )?;
        for (name, value) in [("referer", &self.referer), ("user_agent", &self.user_agent)] {
            match value {
                Some(value) => write!(line, ",\"{name}\":\"{}\"", Json(value.as_bytes()))?,
                None => write!(line, ",\"{name}\":null")?,
            }
        }
        write!(line, ",\"complete\":{complete}}}")
    }
}

/// What a client sent, as Apache writes it: nothing in it ends the field or the line.
struct Escaped<'a>(&'a [u8]);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for &byte in self.0 {
            match byte {
                b'"' | b'\\' => write!(f, "\\{}", char::from(byte))?,
                b' '..=b'~' => f.write_char(char::from(byte))?,
                _ => write!(f, "\\x{byte:02x}")?,
            }
        }
        Ok(())
    }
}

/// The inside of a JSON string. What isn't UTF-8 is read as Latin-1.
struct Json<'a>(&'a [u8]);

impl fmt::Display for Json<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let escape = |f: &mut fmt::Formatter<'_>, char: char| match char {
            '"' | '\\' => write!(f, "\\{char}"),
            ' '..='~' => f.write_char(char),
            _ => char
                .encode_utf16(&mut [0; 2])
                .iter()
                .try_for_each(|unit| write!(f, "\\u{unit:04x}")),
        };
        match std::str::from_utf8(self.0) {
            Ok(text) => text.chars().try_for_each(|char| escape(f, char)),
            Err(_) => self.0.iter().try_for_each(|&byte| escape(f, char::from(byte))),
        }
    }
}

/// A point in time, in UTC: as logs have it, or with `#` as RFC 3339 has it.
struct Time {
    year: i64,
    month: usize,
    day: i64,
    seconds: u64,
    milliseconds: u32,
}

impl Time {
    fn of(time: SystemTime) -> Self {
        let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        // Howard Hinnant's `civil_from_days`, whose years begin in March.
        let days = (since.as_secs() / 86_400) as i64 + 719_468;
        let (era, of_era) = (days / 146_097, days % 146_097);
        let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year + year / 4 - year / 100);
        let month = (5 * of_year + 2) / 153;
        Self {
            year: year + era * 400 + i64::from(month >= 10),
            month: ((month + 2) % 12) as usize,
            day: of_year - (153 * month + 2) / 5 + 1,
            seconds: since.as_secs() % 86_400,
            milliseconds: since.subsec_millis(),
        }
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MONTHS: [&str; 12] = [
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ];
        let Self {
            year,
            month,
            day,
            seconds,
            milliseconds,
        } = self;
        let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        if f.alternate() {
            let month = month + 1;
            write!(
                f,
                "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milliseconds:03}Z"
            )
        } else {
            let month = MONTHS[*month];
            write!(
                f,
                "{day:02}/{month}/{year:04}:{hour:02}:{minute:02}:{second:02} +0000"
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn entry(format: AccessLog, user_agent: &[u8]) -> Entry {
        let (mut parts, ()) = http::Request::get("/books/?q=%22").body(()).unwrap().into_parts();
        parts
            .headers
            .insert(header::USER_AGENT, HeaderValue::from_bytes(user_agent).unwrap());
        let client = Address::from(std::net::SocketAddr::from(([192, 0, 2, 1], 4711)));
        let mut entry = Entry::begin(format, &parts, Some(&client));
        entry.time = SystemTime::UNIX_EPOCH + Duration::from_millis(1_795_190_656_789);
        entry.answered(StatusCode::OK);
        entry
    }

    #[test]
    fn common_and_combined_are_as_apache_writes_them() {
        assert_eq!(
            entry(AccessLog::Common, b"x").line(512, true),
            "192.0.2.1 - - [20/Nov/2026:16:04:16 +0000] \"GET /books/?q=%22 HTTP/1.1\" 200 512"
        );
        assert!(
            entry(AccessLog::Combined, b"curl/8")
                .line(0, true)
                .ends_with(" 200 0 \"-\" \"curl/8\"")
        );
    }

    #[test]
    fn a_client_cannot_end_a_field_or_a_line() {
        let bad = b"a\" 500 1 \\ \t\xe9\x85";
        assert!(
            entry(AccessLog::Combined, bad)
                .line(0, true)
                .ends_with(r#" "a\" 500 1 \\ \x09\xe9\x85""#)
        );
        let json = entry(AccessLog::Json, bad).line(0, false);
        assert!(
            json.contains(r#""user_agent":"a\" 500 1 \\ \u0009\u00e9\u0085","complete":false}"#),
            "{json}"
        );
        assert!(
            json.starts_with(r#"{"time":"2026-11-20T16:04:16.789Z","client":"192.0.2.1","method":"GET""#),
            "{json}"
        );
    }

    #[test]
    fn leap_days_and_the_ends_of_years_are_right() {
        let date = |seconds| {
            format!(
                "{:#}",
                Time::of(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
            )
        };
        assert_eq!(date(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(date(951_782_400), "2000-02-29T00:00:00.000Z");
        assert_eq!(date(1_735_689_599), "2024-12-31T23:59:59.000Z");
        assert_eq!(date(1_709_164_800), "2024-02-29T00:00:00.000Z");
    }
}
