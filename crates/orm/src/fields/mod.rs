//! Types of columns beside those that databases store as they are.

mod json;
mod number;

pub use self::json::Json;
