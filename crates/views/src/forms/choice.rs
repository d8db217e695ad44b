//! Values to choose from.

use std::borrow::Cow;

/// A value that a field can have, and the text that stands for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// What is sent.
    pub value: Cow<'static, str>,
    /// What people read.
    pub label: Cow<'static, str>,
}

impl<V: Into<Cow<'static, str>>, L: Into<Cow<'static, str>>> From<(V, L)> for Choice {
    fn from((value, label): (V, L)) -> Self {
        Self {
            value: value.into(),
            label: label.into(),
        }
    }
}

/// An enum whose variants people choose from; made by `#[derive(Choices)]`.
///
/// A field of such a type is a `<select>`; `Vec` of it is any of them, `Option` of it may stay open.
///
/// # Examples
///
/// ```
/// use nuages_handler::FormData;
/// use nuages_views::forms::Choices as _;
/// use nuages_views::{Choices, Form};
///
/// #[derive(Clone, Copy, Debug, PartialEq, Choices)]
/// enum Binding {
///     Paperback,
///     #[choice(label = "Hard cover", value = "hard")]
///     HardCover,
/// }
///
/// #[derive(Form)]
/// struct Wish {
///     #[form(widget = "radio")]
///     binding: Binding,
/// }
///
/// assert_eq!(Binding::CHOICES, [("paperback", "Paperback"), ("hard", "Hard cover")]);
/// let sent: FormData = [("binding", "hard")].into_iter().collect();
/// assert_eq!(Wish::bind(&sent).validate().unwrap().binding, Binding::HardCover);
/// ```
pub trait Choices: Sized + 'static {
    /// Each value with its label, in the order of the variants.
    const CHOICES: &'static [(&'static str, &'static str)];

    /// The value of this variant, as it is sent.
    fn value(&self) -> &'static str;

    /// The variant of a value.
    fn of(value: &str) -> Option<Self>;

    /// What people read.
    fn label(&self) -> &'static str {
        let own = self.value();
        let choice = Self::CHOICES.iter().find(|(value, _)| *value == own);
        choice.map_or("", |(_, label)| label)
    }
}
