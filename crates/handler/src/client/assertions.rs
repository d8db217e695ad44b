//! What tests say of a response, with messages that show what was there instead.

use std::fmt::Display;

use http::StatusCode;
use serde::Serialize;

use super::ClientResponse;

/// How much of a body a message shows.
const SHOWN: usize = 2000;

/// Each gives the response back, so that they can stand in a row.
///
/// # Examples
///
/// ```
/// # use nuages_handler::{App, Client, Urls};
/// # let client = Client::new(App::new().urls(Urls::new().path("", || "bonsoir")));
/// client.get("/").wait()?.assert_status(200).assert_contains("bonsoir").assert_not_contains("bonjour");
/// # Ok::<(), nuages_handler::Error>(())
/// ```
impl ClientResponse {
    /// It has this status.
    ///
    /// # Panics
    ///
    /// If it has another; the message shows the body.
    #[track_caller]
    pub fn assert_status(&self, status: u16) -> &Self {
        if self.status() != status {
            let expected =
                StatusCode::from_u16(status).map_or_else(|_| status.to_string(), |status| status.to_string());
            panic!(
                "expected status {expected}, got {}{}",
                self.status(),
                self.shown()
            );
        }
        self
    }

    /// Its text contains this.
    ///
    /// # Panics
    ///
    /// If not; the message shows the line that is most like it.
    #[track_caller]
    pub fn assert_contains(&self, text: impl Display) -> &Self {
        let text = text.to_string();
        if !self.text().contains(&text) {
            let near = self
                .text()
                .lines()
                .map(str::trim)
                .filter(|line| !line.is_empty())
                .max_by(|one, other| likeness(one, &text).total_cmp(&likeness(other, &text)))
                .filter(|line| likeness(line, &text) > 0.4)
                .map_or_else(String::new, |line| format!("\nmost alike: {line}"));
            panic!("the response does not contain\n    {text}{near}{}", self.shown());
        }
        self
    }

    /// Its text contains this so many times.
    ///
    /// # Panics
    ///
    /// If it does so more or less often.
    #[track_caller]
    pub fn assert_contains_times(&self, text: impl Display, times: usize) -> &Self {
        let text = text.to_string();
        let found = self.text().matches(&text).count();
        assert!(
            found == times,
            "the response contains {found} times, not {times} times:\n    {text}{}",
            self.shown()
        );
        self
    }

    /// Its text does not contain this.
    ///
    /// # Panics
    ///
    /// If it does; the message shows where.
    #[track_caller]
    pub fn assert_not_contains(&self, text: impl Display) -> &Self {
        let text = text.to_string();
        if let Some((number, line)) = self
            .text()
            .lines()
            .enumerate()
            .find(|(_, line)| line.contains(&text))
        {
            panic!(
                "the response contains\n    {text}\nin line {}: {}",
                number + 1,
                line.trim()
            );
        }
        assert!(!self.text().contains(&text), "the response contains\n    {text}");
        self
    }

    /// Its header has this value.
    ///
    /// # Panics
    ///
    /// If it has another, or there is no such header.
    #[track_caller]
    pub fn assert_header(&self, name: &str, value: &str) -> &Self {
        match self.header(name) {
            Some(found) if found == value => self,
            Some(found) => panic!("expected the header `{name}: {value}`, got `{name}: {found}`"),
            None => panic!("expected the header `{name}: {value}`, got none of this name"),
        }
    }

    /// It is a redirect to this target or, where redirects were followed, the last of them led there.
    ///
    /// # Panics
    ///
    /// If not; the message shows where it led.
    #[track_caller]
    pub fn assert_redirects(&self, target: impl AsRef<str>) -> &Self {
        let target = target.as_ref();
        if let Some((last, _)) = self.redirects().last() {
            assert!(
                last == target,
                "expected a redirect to {target}, got one to {last}"
            );
            return self;
        }
        if !self.status().is_redirection() {
            panic!(
                "expected a redirect to {target}, got status {}{}",
                self.status(),
                self.shown()
            );
        }
        let location = self.header("location").unwrap_or_default();
        assert!(
            location == target,
            "expected a redirect to {target}, got one to {location}"
        );
        self
    }

    /// Its body is this value as JSON; the order of keys does not matter.
    ///
    /// # Panics
    ///
    /// If it is another, or no JSON; the message shows the lines that differ.
    #[track_caller]
    pub fn assert_json(&self, expected: &(impl Serialize + ?Sized)) -> &Self {
        let expected = match serde_json::to_value(expected) {
            Ok(value) => value,
            Err(error) => panic!("what is expected can't be written as JSON: {error}"),
        };
        let found: serde_json::Value = match self.json() {
            Ok(value) => value,
            Err(error) => panic!("the response is no JSON: {error}{}", self.shown()),
        };
        if found != expected {
            panic!(
                "the JSON is not as expected (-), but this (+):\n{}",
                difference(&format!("{expected:#}"), &format!("{found:#}"))
            );
        }
        self
    }

    fn shown(&self) -> String {
        let end = self
            .text()
            .char_indices()
            .map(|(at, _)| at)
            .nth(SHOWN)
            .unwrap_or(self.text().len());
        let more = if end < self.text().len() {
            "\n(and so on)"
        } else {
            ""
        };
        format!("\nthe response is:\n{}{more}", &self.text()[..end])
    }
}

/// From 0 to 1.
fn likeness(one: &str, other: &str) -> f64 {
    // Long lines would take long, and are like nothing.
    if one.len() > 500 || other.len() > 500 {
        return 0.0;
    }
    strsim::normalized_levenshtein(one, other)
}

/// The lines of both, with those marked that only one has; few around them are left.
fn difference(expected: &str, found: &str) -> String {
    let (a, b): (Vec<&str>, Vec<&str>) = (expected.lines().collect(), found.lines().collect());
    // The length of the longest common rest of both, from each pair of lines on.
    let mut common = vec![vec![0_usize; b.len() + 1]; a.len() + 1];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            common[i][j] = if a[i] == b[j] {
                common[i + 1][j + 1] + 1
            } else {
                common[i + 1][j].max(common[i][j + 1])
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut lines = String::new();
    while i < a.len() || j < b.len() {
        let (mark, line) = if i < a.len() && j < b.len() && a[i] == b[j] {
            (i, j) = (i + 1, j + 1);
            (' ', a[i - 1])
        } else if j >= b.len() || (i < a.len() && common[i + 1][j] >= common[i][j + 1]) {
            i += 1;
            ('-', a[i - 1])
        } else {
            j += 1;
            ('+', b[j - 1])
        };
        lines.push(mark);
        lines.push(' ');
        lines.push_str(line);
        lines.push('\n');
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::difference;

    #[test]
    fn lines_that_differ_are_marked() {
        assert_eq!(
            difference("{\n  a\n  b\n}", "{\n  a\n  c\n}"),
            "  {\n    a\n-   b\n+   c\n  }\n"
        );
    }
}
