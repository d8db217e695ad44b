//! Names of files, as far as somebody else chose them.

use unicode_normalization::UnicodeNormalization as _;

/// What filesystems take, in bytes of UTF-8.
const MAX_BYTES: usize = 255;
/// Longer endings are no endings.
const MAX_EXTENSION: usize = 32;

/// The name of a file that a visitor sent, such that it is one plain name on every system.
///
/// Of a path its last part is taken, of either kind of slash. Control characters, NUL among them, and those that change the direction of text
/// are left out; what Windows refuses becomes `_`, and so does a first dot, which hides files. Names that Windows keeps for devices get a `_` in front.
/// The rest is in Unicode's composed form (NFC), and at most 255 bytes long, with its ending kept. What is nothing then is `unnamed`.
///
/// It says nothing about what is in the file, nor that there is none of this name.
///
/// # Examples
///
/// ```
/// use nuages_handler::uploads::safe_file_name;
///
/// assert_eq!(safe_file_name("../../etc/passwd"), "passwd");
/// assert_eq!(safe_file_name(r"C:\Users\django\nuages.mp3"), "nuages.mp3");
/// assert_eq!(safe_file_name("con.txt"), "_con.txt");
/// assert_eq!(safe_file_name(".htaccess"), "_htaccess");
/// assert_eq!(safe_file_name("a\0b\u{202e}gpj.exe"), "abgpj.exe");
/// assert_eq!(safe_file_name("/"), "unnamed");
/// ```
pub fn safe_file_name(sent: &str) -> String {
    let last = sent.rsplit(['/', '\\']).next().unwrap_or_default();
    let mut name = String::with_capacity(last.len().min(MAX_BYTES));
    for c in last.nfc().filter(|&c| !is_invisible(c)) {
        name.push(
            if matches!(c, '<' | '>' | ':' | '"' | '|' | '?' | '*' | '/' | '\\') {
                '_'
            } else {
                c
            },
        );
    }
    // Windows drops these, and so two names would be one file.
    let mut name = name.trim().trim_end_matches(['.', ' ']).trim_end().to_owned();
    if name.starts_with('.') {
        name.replace_range(..1, "_");
    }
    if is_device(&name) {
        name.insert(0, '_');
    }
    shorten(&mut name);
    if name.is_empty() {
        "unnamed".to_owned()
    } else {
        name
    }
}

fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// `CON`, `aux.txt`, `com1`: <https://learn.microsoft.com/windows/win32/fileio/naming-a-file>.
fn is_device(name: &str) -> bool {
    let stem = name
        .split('.')
        .next()
        .unwrap_or_default()
        .trim_end()
        .to_ascii_uppercase();
    if matches!(
        stem.as_str(),
        "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$"
    ) {
        return true;
    }
    let number = stem.strip_prefix("COM").or_else(|| stem.strip_prefix("LPT"));
    number.is_some_and(|number| {
        matches!(
            number,
            "0" | "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9" | "¹" | "²" | "³"
        )
    })
}

fn shorten(name: &mut String) {
    if name.len() <= MAX_BYTES {
        return;
    }
    let extension = match name.rfind('.') {
        Some(dot) if dot > 0 && name.len() - dot <= MAX_EXTENSION => name.split_off(dot),
        _ => String::new(),
    };
    let mut end = MAX_BYTES - extension.len();
    end = end.min(name.len());
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    name.truncate(end);
    let kept = name.trim_end_matches(['.', ' ']).trim_end().len();
    name.truncate(kept);
    name.push_str(&extension);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_become_plain_names() {
        for (sent, name) in [
            ("report.pdf", "report.pdf"),
            ("naïve café.txt", "naïve café.txt"),
            ("cafe\u{301}.txt", "café.txt"),
            ("..", "unnamed"),
            ("", "unnamed"),
            ("...", "unnamed"),
            ("a/../b", "b"),
            ("a\\..\\", "unnamed"),
            ("x.txt. . ", "x.txt"),
            ("a:b?.txt", "a_b_.txt"),
            ("LPT1", "_LPT1"),
            ("com10.txt", "com10.txt"),
            ("nul .txt", "_nul .txt"),
            ("\r\nset-cookie: a=b", "set-cookie_ a=b"),
            ("日本語.txt", "日本語.txt"),
        ] {
            assert_eq!(safe_file_name(sent), name, "{sent:?}");
        }
    }

    #[test]
    fn a_long_name_keeps_its_ending() {
        let name = safe_file_name(&format!("{}.tar.gz", "é".repeat(300)));
        assert!(name.len() <= 255 && name.ends_with(".gz"), "{name}");
        assert_eq!(safe_file_name(&"x".repeat(1000)).len(), 255);
    }

    proptest! {
        #[test]
        fn fuzz_a_name_is_one_plain_name_whatever_was_sent(sent in ".{0,300}") {
            let name = safe_file_name(&sent);
            prop_assert!(!name.is_empty() && name.len() <= 256);
            prop_assert!(name != "." && name != ".." && !name.starts_with('.'));
            prop_assert!(!name.contains(['/', '\\', '\0', ':']) && !name.chars().any(char::is_control));
            prop_assert_eq!(std::path::Path::new(&name).components().count(), 1);
            // What is safe stays as it is.
            prop_assert_eq!(safe_file_name(&name), name);
        }
    }
}
