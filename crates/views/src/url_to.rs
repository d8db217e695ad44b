//! The address of a route, as templates of both engines write it.

use std::fmt::{self, Display, Write as _};

use nuages_handler::{QueryDict, ReverseError, reverse};

/// The address of a route, as a template writes it.
#[derive(Clone, Debug)]
pub struct UrlTo {
    name: String,
    params: Vec<(String, String)>,
    query: QueryDict,
    fragment: Option<String>,
}

impl UrlTo {
    pub(crate) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            params: Vec::new(),
            query: QueryDict::default(),
            fragment: None,
        }
    }

    /// The value of one of the route's converters.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Display) -> Self {
        self.params.push((name.to_owned(), value.to_string()));
        self
    }

    /// A value behind the question mark.
    #[must_use]
    pub fn query(mut self, name: &str, value: impl Display) -> Self {
        self.query = self.query.with(name, value);
        self
    }

    /// What stands behind `#`: the `id` of an element of that page.
    #[must_use]
    pub fn fragment(mut self, id: impl Display) -> Self {
        self.fragment = Some(id.to_string());
        self
    }

    pub(crate) fn text(&self) -> Result<String, ReverseError> {
        let mut text = reverse(&self.name, self.params.as_slice())?;
        if !self.query.is_empty() {
            let _ = write!(text, "?{}", self.query);
        }
        if let Some(id) = &self.fragment {
            text.push('#');
            for byte in id.bytes() {
                match byte {
                    b'-' | b'_' | b'.' => text.push(byte.into()),
                    _ if byte.is_ascii_alphanumeric() => text.push(byte.into()),
                    _ => {
                        let _ = write!(text, "%{byte:02X}");
                    }
                }
            }
        }
        Ok(text)
    }
}

impl Display for UrlTo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text().map_err(|_| fmt::Error)?)
    }
}
