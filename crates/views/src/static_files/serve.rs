//! One static file as a response: the best encoding, a range of it, or nothing where the browser has it.

use std::fs::{self, File};
use std::io::{Read as _, Seek as _, SeekFrom};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use http::{HeaderMap, StatusCode, header};
use nuages_handler::{Error, Request, Response, Result};

use super::compress::Encoding;
use super::{StaticFiles, path};
use crate::conditional::{ETag, State};

const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// Kept, and asked about each time.
const ASK_AGAIN: &str = "no-cache";

pub(super) fn serve(files: &StaticFiles, request: &Request, path: &str) -> Result<Response> {
    let inner = &files.inner;
    let Some(file) = path::find(&inner.folders, path) else {
        return Err(Error::not_found());
    };
    let (mut encoding, mut has_copies) = (None, false);
    if inner.manifest.is_some() {
        let copies: Vec<(Encoding, PathBuf)> = Encoding::ALL
            .into_iter()
            .map(|encoding| (encoding, with_ending(&file, encoding.ending())))
            .filter(|(_, copy)| copy.is_file())
            .collect();
        has_copies = !copies.is_empty();
        // A range is one of the file as it is.
        if !request.headers().contains_key(header::RANGE) {
            encoding = copies
                .into_iter()
                .map(|(encoding, copy)| (accepted(request.headers(), encoding.name()), encoding, copy))
                .filter(|(quality, ..)| *quality > 0)
                // The first of the best: `max_by_key` would give the last.
                .rev()
                .max_by_key(|(quality, ..)| *quality)
                .map(|(_, encoding, copy)| (encoding, copy));
        }
    }
    let source = encoding.as_ref().map_or(&file, |(_, copy)| copy);
    let metadata = fs::metadata(source)?;
    let modified = fs::metadata(&file)?.modified().ok();
    let nanos = modified
        .and_then(|time| time.duration_since(std::time::SystemTime::UNIX_EPOCH).ok())
        .map_or(0, |since| since.as_nanos());
    let state = State {
        etag: Some(ETag::strong(format!(
            "{nanos:x}-{:x}{}",
            metadata.len(),
            encoding.as_ref().map_or("", |(encoding, _)| encoding.ending())
        ))),
        modified,
    };
    let is_immutable = inner
        .manifest
        .as_ref()
        .is_some_and(|manifest| manifest.is_immutable(path));
    let with_headers = |response: Response| {
        let mut response = state.stamp(response).header(
            header::CACHE_CONTROL,
            if is_immutable { FOR_EVER } else { ASK_AGAIN },
        );
        if has_copies {
            response = response.header(header::VARY, "accept-encoding");
        }
        response
    };
    if let Some(answer) = state.answer(request) {
        return Ok(with_headers(answer));
    }
    let mut response = Response::new(StatusCode::OK)
        .header(header::CONTENT_TYPE, content_type(path))
        .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
        .header(header::ACCEPT_RANGES, "bytes");
    if let Some((encoding, _)) = &encoding {
        response = response.header(header::CONTENT_ENCODING, encoding.name());
    }
    let asked = request
        .headers()
        .get(header::RANGE)
        .and_then(|value| value.to_str().ok());
    match asked
        .filter(|_| state.allows_range(request.headers()))
        .map(|asked| range(asked, metadata.len()))
    {
        Some(Asked::Part(part)) => {
            let text = format!("bytes {}-{}/{}", part.start(), part.end(), metadata.len());
            let mut bytes = Vec::new();
            let mut reader = File::open(source)?;
            reader.seek(SeekFrom::Start(*part.start()))?;
            reader
                .take(part.end() - part.start() + 1)
                .read_to_end(&mut bytes)?;
            let response = response.header(header::CONTENT_RANGE, text).body(bytes);
            Ok(with_headers(response.status_code(StatusCode::PARTIAL_CONTENT)))
        }
        Some(Asked::Nowhere) => Ok(Response::new(StatusCode::RANGE_NOT_SATISFIABLE)
            .header(header::CONTENT_RANGE, format!("bytes */{}", metadata.len()))),
        Some(Asked::Whole) | None => Ok(with_headers(response.body(fs::read(source)?))),
    }
}

fn with_ending(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// The type by the name; text is UTF-8.
fn content_type(path: &str) -> String {
    let kind = mime_guess::from_path(path).first_or_octet_stream();
    let is_text = kind.type_() == "text" || matches!(kind.subtype().as_str(), "javascript" | "json");
    if is_text && kind.get_param("charset").is_none() {
        format!("{kind}; charset=utf-8")
    } else {
        kind.to_string()
    }
}

/// How much a client wants an encoding, in thousandths: RFC 9110, section 12.5.3. The plain file is always there, so 0 is no error.
fn accepted(headers: &HeaderMap, name: &str) -> u16 {
    let mut any = 0;
    for value in headers.get_all(header::ACCEPT_ENCODING) {
        for item in value.to_str().unwrap_or_default().split(',') {
            let mut parts = item.split(';').map(str::trim);
            let coding = parts.next().unwrap_or_default();
            let quality = parts
                .find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")))
                .map_or(1.0, |quality| quality.parse::<f32>().unwrap_or(0.0));
            let quality = (quality.clamp(0.0, 1.0) * 1000.0) as u16;
            if coding.eq_ignore_ascii_case(name) {
                return quality;
            }
            if coding == "*" {
                any = quality;
            }
        }
    }
    any
}

#[derive(Debug, PartialEq, Eq)]
enum Asked {
    Part(RangeInclusive<u64>),
    /// What is no single range of bytes is as if it were not there.
    Whole,
    Nowhere,
}

/// The part that `Range` asks for: RFC 9110, section 14.
fn range(asked: &str, length: u64) -> Asked {
    let Some((first, last)) = asked
        .strip_prefix("bytes=")
        .and_then(|rest| rest.trim().split_once('-'))
    else {
        return Asked::Whole;
    };
    let number = |text: &str| {
        let is_number = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        // More digits than a number holds are past every end.
        is_number.then(|| text.parse().unwrap_or(u64::MAX))
    };
    match (number(first), number(last)) {
        (Some(first), _) if first >= length && (last.is_empty() || number(last).is_some()) => Asked::Nowhere,
        (Some(first), None) if last.is_empty() => Asked::Part(first..=length - 1),
        (Some(first), Some(last)) if first <= last => Asked::Part(first..=last.min(length - 1)),
        (None, Some(suffix)) if first.is_empty() => {
            if suffix == 0 || length == 0 {
                Asked::Nowhere
            } else {
                Asked::Part(length.saturating_sub(suffix)..=length - 1)
            }
        }
        _ => Asked::Whole,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_those_of_the_rfc() {
        for (asked, expected) in [
            ("bytes=0-4", Asked::Part(0..=4)),
            ("bytes=4-", Asked::Part(4..=9)),
            ("bytes=-3", Asked::Part(7..=9)),
            ("bytes=-30", Asked::Part(0..=9)),
            ("bytes=5-500", Asked::Part(5..=9)),
            ("bytes=9-9", Asked::Part(9..=9)),
            ("bytes=10-", Asked::Nowhere),
            ("bytes=10-20", Asked::Nowhere),
            ("bytes=99999999999999999999999-", Asked::Nowhere),
            ("bytes=-0", Asked::Nowhere),
            ("bytes=4-2", Asked::Whole),
            ("bytes=0-1,3-4", Asked::Whole),
            ("bytes=", Asked::Whole),
            ("bytes=-", Asked::Whole),
            ("bytes=a-b", Asked::Whole),
            ("bytes=+1-2", Asked::Whole),
            ("lines=0-4", Asked::Whole),
        ] {
            assert_eq!(range(asked, 10), expected, "{asked}");
        }
        assert_eq!(range("bytes=0-", 0), Asked::Nowhere);
    }

    #[test]
    fn encodings_are_weighed() {
        let of = |value: &str| {
            let headers = HeaderMap::from_iter([(header::ACCEPT_ENCODING, value.parse().unwrap())]);
            (accepted(&headers, "br"), accepted(&headers, "gzip"))
        };
        assert_eq!(of("gzip, br"), (1000, 1000));
        assert_eq!(of("gzip;q=0.5, br;q=0"), (0, 500));
        assert_eq!(of("*;q=0.1, GZIP"), (100, 1000));
        assert_eq!(of("identity"), (0, 0));
        assert_eq!(of("br;q=x"), (0, 0));
        assert_eq!(accepted(&HeaderMap::new(), "br"), 0);
    }
}
