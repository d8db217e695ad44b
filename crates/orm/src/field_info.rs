//! What is known of a column beside its type: what people may choose, what it may hold, and where its value comes from.

use crate::query::Expr;

/// What a column of a Rust type has, unless the field says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FieldInfo {
    /// The longest text, in characters.
    pub max_length: Option<u32>,
    /// The smallest and the largest integer, where the column's own type has room for more.
    pub range: Option<(i64, i64)>,
    /// The values that people choose from.
    pub choices: &'static [Choice],
}

impl FieldInfo {
    /// Nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            max_length: None,
            range: None,
            choices: &[],
        }
    }

    /// Text of so many characters at most.
    #[must_use]
    pub const fn max_length(mut self, characters: u32) -> Self {
        self.max_length = Some(characters);
        self
    }

    /// Integers from one to another; the column gets a check.
    #[must_use]
    pub const fn range(mut self, smallest: i64, largest: i64) -> Self {
        self.range = Some((smallest, largest));
        self
    }

    /// Values to choose from.
    #[must_use]
    pub const fn choices(mut self, choices: &'static [Choice]) -> Self {
        self.choices = choices;
        self
    }
}

impl Default for FieldInfo {
    fn default() -> Self {
        Self::new()
    }
}

/// A value to choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Choice {
    /// What is stored.
    pub value: ChoiceValue,
    /// What people read.
    pub label: &'static str,
    /// The heading that it stands under.
    pub group: Option<&'static str>,
}

/// What is stored of a choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChoiceValue {
    /// Text.
    Text(&'static str),
    /// An integer.
    Int(i64),
}

impl Choice {
    /// A text to choose.
    #[must_use]
    pub const fn text(value: &'static str, label: &'static str) -> Self {
        Self {
            value: ChoiceValue::Text(value),
            label,
            group: None,
        }
    }

    /// An integer to choose.
    #[must_use]
    pub const fn int(value: i64, label: &'static str) -> Self {
        Self {
            value: ChoiceValue::Int(value),
            label,
            group: None,
        }
    }

    /// Under a heading.
    #[must_use]
    pub const fn group(mut self, heading: &'static str) -> Self {
        self.group = Some(heading);
        self
    }
}

/// What a text is, beyond being one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// Letters, digits, hyphens and underscores.
    Slug,
    /// An address for e-mail.
    Email,
    /// A URL.
    Url,
    /// The path of a file, below where the project keeps its files.
    File,
    /// The path of an image.
    Image,
    /// The path of a file anywhere.
    FilePath,
}

/// When a column gets the present time by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AutoNow {
    /// When the row is made.
    Created,
    /// When the row is made, and at each `save()`.
    Saved,
}

/// A column that the database computes of the others of its row.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Generated {
    /// How.
    pub expr: fn() -> Expr,
    /// Whether the value is stored, or computed when it is read.
    pub stored: bool,
}

impl Generated {
    /// Computed when the row is written, and kept.
    #[must_use]
    pub const fn stored(expr: fn() -> Expr) -> Self {
        Self { expr, stored: true }
    }

    /// Computed when it is read.
    #[must_use]
    pub const fn computed(expr: fn() -> Expr) -> Self {
        Self { expr, stored: false }
    }
}

/// Within which time a value is unique.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Within {
    /// A day.
    Date,
    /// The month of any year.
    Month,
    /// A year.
    Year,
}
