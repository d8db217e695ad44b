//! The words that attributes know, and what is said of those that they do not.

/// The settings of a field.
pub(crate) const FIELD_SETTINGS: [&str; 23] = [
    "label",
    "help",
    "required",
    "optional",
    "initial",
    "widget",
    "choices",
    "empty",
    "validate",
    "max_length",
    "min_length",
    "min",
    "max",
    "step",
    "max_digits",
    "decimal_places",
    "email",
    "url",
    "accept",
    "max_size",
    "autocomplete",
    "placeholder",
    "attributes",
];

/// The settings of a form.
pub(crate) const FORM_SETTINGS: [&str; 3] = ["clean", "clean_async", "deny_unknown"];

/// The widgets by their names in the attribute, and the variants of the enum.
pub(crate) const WIDGETS: [(&str, &str); 20] = [
    ("text", "Text"),
    ("textarea", "Textarea"),
    ("email", "Email"),
    ("password", "Password"),
    ("number", "Number"),
    ("range", "Range"),
    ("checkbox", "Checkbox"),
    ("select", "Select"),
    ("select_multiple", "SelectMultiple"),
    ("radio", "Radio"),
    ("checkboxes", "Checkboxes"),
    ("hidden", "Hidden"),
    ("url", "Url"),
    ("tel", "Tel"),
    ("search", "Search"),
    ("date", "Date"),
    ("time", "Time"),
    ("datetime", "DateTime"),
    ("color", "Color"),
    ("file", "File"),
];

/// The tokens of the HTML standard, <https://html.spec.whatwg.org/multipage/form-control-infrastructure.html#autofill>.
pub(crate) const AUTOCOMPLETE: [&str; 64] = [
    "on",
    "off",
    "name",
    "honorific-prefix",
    "given-name",
    "additional-name",
    "family-name",
    "honorific-suffix",
    "nickname",
    "username",
    "new-password",
    "current-password",
    "one-time-code",
    "organization-title",
    "organization",
    "street-address",
    "address-line1",
    "address-line2",
    "address-line3",
    "address-level4",
    "address-level3",
    "address-level2",
    "address-level1",
    "country",
    "country-name",
    "postal-code",
    "cc-name",
    "cc-given-name",
    "cc-additional-name",
    "cc-family-name",
    "cc-number",
    "cc-exp",
    "cc-exp-month",
    "cc-exp-year",
    "cc-csc",
    "cc-type",
    "transaction-currency",
    "transaction-amount",
    "language",
    "bday",
    "bday-day",
    "bday-month",
    "bday-year",
    "sex",
    "url",
    "photo",
    "tel",
    "tel-country-code",
    "tel-national",
    "tel-area-code",
    "tel-local",
    "tel-local-prefix",
    "tel-local-suffix",
    "tel-extension",
    "email",
    "impp",
    "shipping",
    "billing",
    "home",
    "work",
    "mobile",
    "fax",
    "pager",
    "webauthn",
];

/// `a`, `b` or `c`.
pub(crate) fn known_words(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => String::new(),
    }
}

/// What is said of a word that is not known: the one that was meant, or all there are.
pub(crate) fn unknown(kind: &str, word: &str, known: &[&str]) -> String {
    let near = known
        .iter()
        .map(|other| (distance(word, other), *other))
        .min()
        .filter(|(distance, other)| *distance <= 2.min(other.len().saturating_sub(1)).max(1));
    match near {
        Some((_, near)) => format!("unknown {kind} `{word}`: did you mean `{near}`?"),
        None => format!("unknown {kind} `{word}`, it can be {}", known_words(known)),
    }
}

/// What is said of an `autocomplete` that the standard does not know; there are too many to list them all.
pub(crate) fn autocomplete_help(value: &str) -> String {
    let message = unknown("autocomplete token", value, &AUTOCOMPLETE);
    if message.contains("did you mean") {
        return message;
    }
    format!(
        "unknown autocomplete token `{value}`, it can be `name`, `given-name`, `family-name`, `email`, `tel`, `street-address`, `postal-code`, `country-name`, `username`, `current-password`, `new-password`, `off` and what else is listed at https://html.spec.whatwg.org/multipage/form-control-infrastructure.html#autofill"
    )
}

/// How many letters have to be changed, added or left out.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_meant_is_said() {
        let known = ["label", "max_length", "min"];
        assert_eq!(
            unknown("setting", "maxlength", &known),
            "unknown setting `maxlength`: did you mean `max_length`?"
        );
        assert_eq!(
            unknown("setting", "colour", &known),
            "unknown setting `colour`, it can be `label`, `max_length` or `min`"
        );
    }
}
