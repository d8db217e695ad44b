//! Compressed copies, made once and as small as they get.

use std::io::{self, Write as _};

/// An encoding of HTTP, and the ending of the copies in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    Brotli,
    Gzip,
}

impl Encoding {
    /// The better one first.
    pub(super) const ALL: [Self; 2] = [Self::Brotli, Self::Gzip];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Gzip => "gzip",
        }
    }

    pub(super) fn ending(self) -> &'static str {
        match self {
            Self::Brotli => ".br",
            Self::Gzip => ".gz",
        }
    }

    pub(super) fn compress(self, content: &[u8]) -> io::Result<Vec<u8>> {
        match self {
            Self::Brotli => {
                let params = brotli::enc::BrotliEncoderParams {
                    quality: 11,
                    size_hint: content.len(),
                    ..Default::default()
                };
                let mut out = Vec::new();
                brotli::BrotliCompress(&mut &*content, &mut out, &params)?;
                Ok(out)
            }
            Self::Gzip => {
                let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
                encoder.write_all(content)?;
                encoder.finish()
            }
        }
    }
}

/// What is smaller than this fits into one packet anyway.
const SMALLEST: usize = 512;

/// Whether a compressed copy may be worth it: text, and what is like text.
pub(super) fn is_compressible(name: &str, content: &[u8]) -> bool {
    let kind = mime_guess::from_path(name).first_or_octet_stream();
    let like_text = kind.type_() == "text"
        || matches!(kind.suffix().map(|suffix| suffix.as_str()), Some("xml" | "json"))
        || matches!(
            kind.subtype().as_str(),
            "javascript"
                | "json"
                | "xml"
                | "wasm"
                | "ttf"
                | "otf"
                | "x-font-ttf"
                | "vnd.ms-fontobject"
                | "x-icon"
        )
        || name.ends_with(".map");
    like_text && content.len() >= SMALLEST
}
