//! What style sheets and scripts refer to, so that it can be said by another name.

use std::ops::Range;

/// A reference in a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Reference {
    /// Where it stands, without its quotes.
    pub(super) at: Range<usize>,
    /// The path, without what follows `?` or `#`.
    pub(super) path: String,
}

/// The references of a file, by the ending of its name: `url(..)` and `@import` of style sheets, source maps of both.
pub(super) fn references(name: &str, text: &str) -> Vec<Reference> {
    let lower = name.to_ascii_lowercase();
    if lower.ends_with(".css") {
        let mut found = in_style_sheet(text);
        found.extend(source_map(text, "/*#"));
        found
    } else if lower.ends_with(".js") || lower.ends_with(".mjs") {
        source_map(text, "//#").into_iter().collect()
    } else {
        Vec::new()
    }
}

/// A file of ours: no other host, nothing written out in the reference itself, no mere fragment.
fn reference(text: &str, at: Range<usize>) -> Option<Reference> {
    let written = &text[at.clone()];
    let has_scheme = written
        .split(['/', '?', '#'])
        .next()
        .is_some_and(|first| first.contains(':'));
    if written.is_empty() || written.starts_with(['/', '#', '?']) || has_scheme {
        return None;
    }
    let end = written.find(['?', '#']).unwrap_or(written.len());
    Some(Reference {
        at: at.start..at.start + end,
        path: written[..end].to_owned(),
    })
}

fn in_style_sheet(text: &str) -> Vec<Reference> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    // Whether the last word was `@import`, whose text is a reference.
    let mut importing = false;
    while at < bytes.len() {
        match bytes[at] {
            b'/' if bytes[at..].starts_with(b"/*") => {
                at = text[at + 2..]
                    .find("*/")
                    .map_or(bytes.len(), |end| at + 2 + end + 2);
            }
            quote @ (b'"' | b'\'') => {
                let (inside, end) = string(bytes, at, quote);
                if importing {
                    found.extend(reference(text, inside));
                }
                importing = false;
                at = end;
            }
            b'@' if starts_with_word(&bytes[at..], b"@import") => {
                importing = true;
                at += 7;
            }
            b'u' | b'U' if is_word_start(bytes, at) && starts_with_call(&bytes[at..], b"url(") => {
                importing = false;
                let start = at + 4 + spaces(&bytes[at + 4..]);
                let (inside, end) = match bytes.get(start) {
                    Some(&quote @ (b'"' | b'\'')) => string(bytes, start, quote),
                    _ => {
                        let end = text[start..].find(')').map_or(bytes.len(), |end| start + end);
                        let trimmed = text[start..end].trim_end().len();
                        (start..start + trimmed, end)
                    }
                };
                found.extend(reference(text, inside));
                at = end;
            }
            b if b.is_ascii_whitespace() => at += 1,
            _ => {
                importing = false;
                at += 1;
            }
        }
    }
    found
}

/// The inside of a string that begins at `at`, and where it ends.
fn string(bytes: &[u8], at: usize, quote: u8) -> (Range<usize>, usize) {
    let mut end = at + 1;
    while end < bytes.len() && bytes[end] != quote {
        end += if bytes[end] == b'\\' { 2 } else { 1 };
    }
    let end = end.min(bytes.len());
    (at + 1..end, (end + 1).min(bytes.len()))
}

fn spaces(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|b| b.is_ascii_whitespace()).count()
}

fn starts_with_call(bytes: &[u8], call: &[u8]) -> bool {
    bytes.len() >= call.len() && bytes[..call.len()].eq_ignore_ascii_case(call)
}

fn starts_with_word(bytes: &[u8], word: &[u8]) -> bool {
    starts_with_call(bytes, word)
        && bytes
            .get(word.len())
            .is_none_or(|b| !b.is_ascii_alphanumeric() && *b != b'-')
}

fn is_word_start(bytes: &[u8], at: usize) -> bool {
    at == 0 || !(bytes[at - 1].is_ascii_alphanumeric() || matches!(bytes[at - 1], b'-' | b'_'))
}

/// `//# sourceMappingURL=app.js.map`, the last of them.
fn source_map(text: &str, comment: &str) -> Option<Reference> {
    const KEY: &str = "sourceMappingURL=";
    let key = text.rfind(KEY)?;
    let line = text[..key].rfind('\n').map_or(0, |line| line + 1);
    let before = text[line..key].trim_end();
    if !before.ends_with(comment) {
        return None;
    }
    let start = key + KEY.len();
    let end = text[start..]
        .find([' ', '\t', '\r', '\n', '*'])
        .map_or(text.len(), |end| start + end);
    reference(text, start..end)
}

/// The path that a reference in `file` means: `..` and `.` are resolved. `None` where it leads out of the static files.
pub(super) fn resolve(file: &str, reference: &str) -> Option<String> {
    let mut parts: Vec<&str> = file.split('/').collect();
    parts.pop();
    for part in reference.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(name: &str, text: &str) -> Vec<String> {
        let found = references(name, text);
        for reference in &found {
            assert_eq!(text[reference.at.clone()], *reference.path);
        }
        found.into_iter().map(|reference| reference.path).collect()
    }

    #[test]
    fn style_sheets_refer_by_url_and_import() {
        let text = r#"
            @import "base.css"; @IMPORT url( 'theme/dark.css' ) screen;
            @import 'print.css' print;
            a { background: URL(../img/a.png), url("b c.svg#icon"); src: url(f.woff2?v=1#iefix) }
            /* url(not.png) @import "not.css" */
            b { content: "url(not.png)"; background: url(data:image/png;base64,AAAA) }
            c { background: url(https://example.org/x.png) url(//cdn/x.png) url(/abs.png) url(#mask) url() }
            d { --curl(not.png): 1; my-url(not.png) }
            /*# sourceMappingURL=site.css.map */
        "#;
        assert_eq!(
            paths("css/site.css", text),
            [
                "base.css",
                "theme/dark.css",
                "print.css",
                "../img/a.png",
                "b c.svg",
                "f.woff2",
                "site.css.map"
            ]
        );
    }

    #[test]
    fn scripts_refer_to_their_source_map_alone() {
        assert_eq!(
            paths("a.js", "import './b.js';\n//# sourceMappingURL=a.js.map\n"),
            ["a.js.map"]
        );
        assert_eq!(
            paths("a.js", "let s = 'sourceMappingURL=no.map';"),
            Vec::<String>::new()
        );
        assert_eq!(paths("a.txt", "url(b.png)"), Vec::<String>::new());
    }

    #[test]
    fn what_is_cut_off_is_no_panic() {
        for text in [
            "url(",
            "url('",
            "url(\"a",
            "/*",
            "@import",
            "@import '",
            "\\",
            "\"\\",
            "url(é",
            "'é\\",
        ] {
            let _ = references("a.css", text);
        }
    }

    #[test]
    fn references_are_resolved_and_never_lead_out() {
        assert_eq!(
            resolve("css/site.css", "../img/./a.png").as_deref(),
            Some("img/a.png")
        );
        assert_eq!(resolve("site.css", "a.png").as_deref(), Some("a.png"));
        assert_eq!(resolve("css/site.css", "../../etc/passwd"), None);
    }
}
