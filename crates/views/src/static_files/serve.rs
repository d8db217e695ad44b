//! One static file as a response: the best encoding, a range of it, or nothing where the browser has it.

use std::fs;
use std::path::{Path, PathBuf};

use http::{HeaderMap, StatusCode, header};
use nuages_handler::{ETag, Error, FileResponse, Request, Response, Result};

use super::compress::Encoding;
use super::{StaticFiles, path};

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
    let modified = fs::metadata(&file)?.modified().ok();
    let nanos = modified
        .and_then(|time| time.duration_since(std::time::SystemTime::UNIX_EPOCH).ok())
        .map_or(0, |since| since.as_nanos());
    let tag = ETag::strong(format!(
        "{nanos:x}-{:x}{}",
        fs::metadata(source)?.len(),
        encoding.as_ref().map_or("", |(encoding, _)| encoding.ending())
    ));
    let mut answer = FileResponse::new(source)
        .content_type(content_type(path))
        .etag(tag);
    if let Some(modified) = modified {
        // A copy is as old as what it is a copy of.
        answer = answer.last_modified(modified);
    }
    let mut response = answer.respond(request).wait()?;
    if response.status().is_client_error() {
        return Ok(response);
    }
    let is_immutable = inner
        .manifest
        .as_ref()
        .is_some_and(|manifest| manifest.is_immutable(path));
    response = response.header(
        header::CACHE_CONTROL,
        if is_immutable { FOR_EVER } else { ASK_AGAIN },
    );
    if has_copies {
        response = response.header(header::VARY, "accept-encoding");
    }
    if response.status() == StatusCode::NOT_MODIFIED {
        return Ok(response);
    }
    if let Some((encoding, _)) = &encoding {
        response = response.header(header::CONTENT_ENCODING, encoding.name());
    }
    Ok(response.header(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
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

#[cfg(test)]
mod tests {
    use super::*;

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
