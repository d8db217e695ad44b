//! Paths below which an application is mounted.

/// What follows `prefix` in a path, if the prefix ends between two of its segments: empty, or beginning with a slash.
pub(crate) fn below<'a>(path: &'a str, prefix: &str) -> Option<&'a str> {
    let rest = path.strip_prefix(prefix.trim_end_matches('/'))?;
    (rest.is_empty() || rest.starts_with('/')).then_some(rest)
}

/// A prefix as a scope's `root_path` has it: a slash at its beginning and none at its end, or empty.
pub(crate) fn prefix(prefix: &str) -> String {
    let prefix = prefix.trim_matches('/');
    if prefix.is_empty() {
        String::new()
    } else {
        format!("/{prefix}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_ends_between_two_segments() {
        for (path, mount, rest) in [
            ("/shop/books/", "/shop", Some("/books/")),
            ("/shop/", "/shop", Some("/")),
            ("/shop", "/shop", Some("")),
            ("/shopping", "/shop", None),
            ("/", "/shop", None),
            ("/books/", "", Some("/books/")),
            ("/shop/books/", "/shop/", Some("/books/")),
        ] {
            assert_eq!(below(path, mount), rest, "{path} {mount}");
        }
    }

    #[test]
    fn a_prefix_has_one_form() {
        for (given, made) in [
            ("", ""),
            ("/", ""),
            ("shop", "/shop"),
            ("/shop/", "/shop"),
            ("/a/b/", "/a/b"),
        ] {
            assert_eq!(prefix(given), made);
        }
    }
}
