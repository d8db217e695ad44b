//! Text without its case.

/// The text with the differences of case taken out, for letters of every script: two texts that differ in case only have the same fold.
///
/// Each letter is first made upper-case, then lower-case, so that ß meets SS and the two small sigmas meet.
pub(crate) fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.chars()
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::fold;

    #[test]
    fn fold_ignores_the_case_of_every_script() {
        assert_eq!(fold("ÉCOLE"), fold("école"));
        assert_eq!(fold("ΟΔΟΣ"), fold("οδος"));
        assert_eq!(fold("STRASSE"), fold("Straße"));
        assert_ne!(fold("école"), fold("ecole"));
    }
}
