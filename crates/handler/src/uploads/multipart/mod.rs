//! `multipart/form-data`, RFC 7578: parts between lines that hold a boundary.

mod error;
mod headers;
mod parser;
mod reader;

pub use self::error::MultipartError;
pub(crate) use self::headers::PartHeaders;
pub(crate) use self::parser::{Event, Parser};
pub use self::reader::{Multipart, Part};
