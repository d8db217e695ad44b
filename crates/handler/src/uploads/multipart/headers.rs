//! The headers of a part.

use percent_encoding::percent_decode_str;

use super::MultipartError;
use crate::request::with_parameters;

/// What a part says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct PartHeaders {
    /// The field.
    pub(crate) name: String,
    /// As it was sent, whatever is in it; `None` for a field that is no file.
    pub(crate) file_name: Option<String>,
    pub(crate) content_type: Option<String>,
}

impl PartHeaders {
    /// Reads the lines before the empty one.
    pub(super) fn parse(block: &[u8]) -> Result<Self, MultipartError> {
        let mut headers = Self::default();
        let mut named = false;
        for line in block.split(|&b| b == b'\n') {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if line.is_empty() {
                continue;
            }
            let Some(colon) = memchr::memchr(b':', line) else {
                return Err(MultipartError::malformed("a header of a part has no colon"));
            };
            let (name, value) = (line[..colon].trim_ascii(), line[colon + 1..].trim_ascii());
            if name.eq_ignore_ascii_case(b"content-disposition") {
                named = headers.read_disposition(value)?;
            } else if name.eq_ignore_ascii_case(b"content-type") {
                headers.content_type = Some(String::from_utf8_lossy(value).into_owned());
            } else if name.eq_ignore_ascii_case(b"content-transfer-encoding") {
                let plain: [&[u8]; 3] = [b"7bit", b"8bit", b"binary"];
                if !plain.iter().any(|plain| value.eq_ignore_ascii_case(plain)) {
                    return Err(MultipartError::malformed(
                        "a part has a transfer encoding, which RFC 7578 does away with",
                    ));
                }
            }
        }
        if named {
            Ok(headers)
        } else {
            Err(MultipartError::malformed(
                "a part has no `content-disposition: form-data; name=..`",
            ))
        }
    }

    /// Whether it says `form-data` and has a name.
    fn read_disposition(&mut self, value: &[u8]) -> Result<bool, MultipartError> {
        let text = String::from_utf8_lossy(value);
        let replaced = matches!(text, std::borrow::Cow::Owned(_));
        let (kind, parameters) = with_parameters(&text);
        if !kind.eq_ignore_ascii_case("form-data") {
            return Err(MultipartError::malformed("a part is no `form-data`"));
        }
        let mut named = false;
        let mut extended = false;
        for (name, value) in parameters {
            match &*name {
                "name" if !named => {
                    if replaced && value.contains(char::REPLACEMENT_CHARACTER) {
                        return Err(MultipartError::malformed("the name of a field is no UTF-8"));
                    }
                    self.name = value.into_owned();
                    named = true;
                }
                "filename" if !extended && self.file_name.is_none() => {
                    self.file_name = Some(value.into_owned())
                }
                // RFC 8187, which browsers don't send here but other clients do.
                "filename*" if !extended => {
                    if let Some(decoded) = extended_value(&value) {
                        self.file_name = Some(decoded);
                        extended = true;
                    }
                }
                _ => {}
            }
        }
        Ok(named)
    }
}

/// `UTF-8''na%C3%AFve.txt`
fn extended_value(text: &str) -> Option<String> {
    let mut parts = text.splitn(3, '\'');
    let (charset, _language, value) = (parts.next()?, parts.next()?, parts.next()?);
    if !charset.eq_ignore_ascii_case("utf-8") {
        return None;
    }
    Some(percent_decode_str(value).decode_utf8_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_headers_of_a_part_are_read() {
        let headers = PartHeaders::parse(
            b"Content-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\nCONTENT-TYPE: text/plain\r\nx-other: y",
        );
        let headers = headers.unwrap();
        assert_eq!(headers.name, "file");
        assert_eq!(headers.file_name.as_deref(), Some("a.txt"));
        assert_eq!(headers.content_type.as_deref(), Some("text/plain"));
        let field = PartHeaders::parse(b"content-disposition: form-data; name=title").unwrap();
        assert_eq!((field.name.as_str(), field.file_name), ("title", None));
    }

    #[test]
    fn an_extended_file_name_goes_first() {
        for text in [
            "form-data; name=a; filename=\"plain\"; filename*=UTF-8''caf%C3%A9.txt",
            "form-data; name=a; filename*=utf-8'fr'caf%C3%A9.txt; filename=\"plain\"",
        ] {
            let headers = PartHeaders::parse(format!("content-disposition: {text}").as_bytes()).unwrap();
            assert_eq!(headers.file_name.as_deref(), Some("café.txt"), "{text}");
        }
    }

    #[test]
    fn what_is_no_part_of_a_form_is_refused() {
        for block in [
            "",
            "content-type: text/plain",
            "content-disposition: attachment; name=a",
            "content-disposition: form-data",
            "nonsense",
            "content-disposition: form-data; name=a\r\ncontent-transfer-encoding: base64",
        ] {
            assert!(
                PartHeaders::parse(block.as_bytes()).unwrap_err().is_malformed(),
                "{block}"
            );
        }
    }
}
