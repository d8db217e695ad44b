//! Whether a text is an e-mail address that mail could be sent to.

/// The form that people use: a dot-separated name, `@`, and a host with a dot. Quoted names and bare IP addresses are valid too, and used by
/// nobody but senders of junk.
pub(super) fn is_email(text: &str) -> bool {
    let Some((name, host)) = text.rsplit_once('@') else {
        return false;
    };
    text.len() <= 320 && name.split('.').all(is_atom) && is_host(host)
}

fn is_atom(part: &str) -> bool {
    !part.is_empty()
        && part
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&b))
}

pub(super) fn is_host(host: &str) -> bool {
    if host == "localhost" {
        return true;
    }
    let last = host.rsplit('.').next().unwrap_or_default();
    host.contains('.')
        && host.len() <= 255
        && host.split('.').all(is_label)
        && last.chars().count() >= 2
        && !last.chars().all(|c| c.is_ascii_digit())
}

/// Letters of any script: hosts may have them, and mail programs encode them.
fn is_label(label: &str) -> bool {
    !label.is_empty()
        && label.len() <= 63
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.chars().all(|c| {
            c == '-'
                || if c.is_ascii() {
                    c.is_ascii_alphanumeric()
                } else {
                    c.is_alphanumeric()
                }
        })
}

#[cfg(test)]
mod tests {
    use super::is_email;

    #[test]
    fn addresses_are_told_from_other_texts() {
        for good in [
            "a@b.be",
            "django.r+jazz@hot-club.fr",
            "o'neil@sub.example.co.uk",
            "d@localhost",
            "x@café.fr",
            "a@xn--caf-dma.fr",
        ] {
            assert!(is_email(good), "{good}");
        }
        for bad in [
            "",
            "a",
            "a@",
            "@b.be",
            "a@b",
            "a b@c.be",
            "a@b .be",
            "a@-b.be",
            "a@b-.be",
            "a@b..be",
            ".a@b.be",
            "a.@b.be",
            "a..b@c.be",
            "a@b@c.be",
            "a@b.b",
            "a@127.0.0.1",
            "a@b.be\n",
            "é@b.be",
            "a@b.be>",
        ] {
            assert!(!is_email(bad), "{bad}");
        }
        assert!(!is_email(&format!("{}@b.be", "a".repeat(400))));
    }
}
