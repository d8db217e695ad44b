//! Names that are made of other names.

use proc_macro2::{Ident, Span};
use syn::ext::IdentExt;

/// `OrderLine` as `order_line`; `HTTPLog` as `http_log`.
pub(crate) fn snake_case(name: &str) -> String {
    let characters: Vec<char> = name.chars().collect();
    let mut out = String::new();
    for (at, character) in characters.iter().enumerate() {
        if character.is_uppercase() {
            let after_lower = at > 0 && !characters[at - 1].is_uppercase() && characters[at - 1] != '_';
            let before_lower = at > 0
                && characters[at - 1].is_uppercase()
                && characters.get(at + 1).is_some_and(|next| next.is_lowercase());
            if after_lower || before_lower {
                out.push('_');
            }
        }
        out.extend(character.to_lowercase());
    }
    out
}

/// An identifier, raw if it is a keyword.
pub(crate) fn ident(name: &str, span: Span) -> Ident {
    match syn::parse_str::<Ident>(name) {
        Ok(_) => Ident::new(name, span),
        Err(_) => Ident::new_raw(name, span),
    }
}

/// FNV-1a of a name: how one model's code names a relation of another's.
pub(crate) fn hash(name: &Ident) -> u64 {
    plain(name).bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// The name of a field without `r#`.
pub(crate) fn plain(name: &Ident) -> String {
    name.unraw().to_string()
}

#[cfg(test)]
mod tests {
    use super::snake_case;

    #[test]
    fn tables_are_named_in_snake_case() {
        for (name, table) in [
            ("Book", "book"),
            ("OrderLine", "order_line"),
            ("HTTPLog", "http_log"),
            ("A", "a"),
            ("Top10", "top10"),
            ("Snake_Case", "snake_case"),
        ] {
            assert_eq!(snake_case(name), table);
        }
    }
}
