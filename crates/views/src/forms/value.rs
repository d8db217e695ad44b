//! Which types a form's fields can have.

use super::Widget;

/// A number of either kind, for limits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// A whole number.
    Integer(i128),
    /// Another one.
    Float(f64),
}

impl Number {
    /// Whether it is past `limit`; whole numbers are compared exactly.
    pub(super) fn is_above(self, limit: Self) -> bool {
        match (self, limit) {
            (Self::Integer(a), Self::Integer(b)) => a > b,
            (a, b) => a.to_float() > b.to_float(),
        }
    }

    fn to_float(self) -> f64 {
        match self {
            Self::Integer(a) => a as f64,
            Self::Float(a) => a,
        }
    }
}

impl std::fmt::Display for Number {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Integer(a) => a.fmt(f),
            Self::Float(a) => a.fmt(f),
        }
    }
}

/// A type that a form's field can have: text becomes a value of it, and a value text again.
///
/// # Examples
///
/// ```
/// use nuages_views::forms::FormValue;
///
/// struct Colour(u32);
///
/// impl FormValue for Colour {
///     fn from_text(text: &str) -> Result<Self, String> {
///         u32::from_str_radix(text.trim_start_matches('#'), 16).map(Self).map_err(|_| "Enter a colour such as #2b6cb0.".to_owned())
///     }
///     fn to_text(&self) -> String {
///         format!("#{:06x}", self.0)
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be a field of a form",
    note = "a form's fields are `String`, numbers, `bool`, `Option` of these, or what implements `nuages_views::forms::FormValue`"
)]
pub trait FormValue: Sized {
    /// How it is asked for, unless `#[form(widget = ..)]` says otherwise.
    const WIDGET: Widget = Widget::Text;

    /// Whether something has to be typed, unless `#[form(optional)]` or `#[form(required)]` says otherwise.
    const REQUIRED: bool = true;

    /// The `step` between two numbers in the browser, where it is not 1.
    const STEP: Option<&'static str> = None;

    /// The value of a text that is not empty.
    ///
    /// # Errors
    ///
    /// The message that the page shows.
    fn from_text(text: &str) -> Result<Self, String>;

    /// The value where nothing was typed; `None` if there is none.
    fn from_nothing() -> Option<Self> {
        None
    }

    /// The text that gives the value again.
    fn to_text(&self) -> String;

    /// The value as a number, which limits are compared with.
    fn as_number(&self) -> Option<Number> {
        None
    }
}

impl FormValue for String {
    fn from_text(text: &str) -> Result<Self, String> {
        Ok(text.to_owned())
    }

    fn from_nothing() -> Option<Self> {
        Some(Self::new())
    }

    fn to_text(&self) -> String {
        self.clone()
    }
}

/// Checked or not. What a browser does not send is not checked.
impl FormValue for bool {
    const WIDGET: Widget = Widget::Checkbox;
    const REQUIRED: bool = false;

    fn from_text(text: &str) -> Result<Self, String> {
        Ok(!matches!(text, "false" | "False" | "0"))
    }

    fn from_nothing() -> Option<Self> {
        Some(false)
    }

    fn to_text(&self) -> String {
        if *self { "on".to_owned() } else { String::new() }
    }
}

impl<T: FormValue> FormValue for Option<T> {
    const WIDGET: Widget = T::WIDGET;
    const REQUIRED: bool = false;
    const STEP: Option<&'static str> = T::STEP;

    fn from_text(text: &str) -> Result<Self, String> {
        T::from_text(text).map(Some)
    }

    fn from_nothing() -> Option<Self> {
        Some(None)
    }

    fn to_text(&self) -> String {
        self.as_ref().map_or_else(String::new, T::to_text)
    }

    fn as_number(&self) -> Option<Number> {
        self.as_ref().and_then(T::as_number)
    }
}

macro_rules! integers {
    ($($kind:ty)*) => {
        $(impl FormValue for $kind {
            const WIDGET: Widget = Widget::Number;

            fn from_text(text: &str) -> Result<Self, String> {
                // A whole number that the type can't hold is out of range, and not something else than a number.
                let number: i128 = text.parse().map_err(|_| "Enter a whole number.".to_owned())?;
                Self::try_from(number).map_err(|_| {
                    let (limit, words) = if number > 0 { (Self::MAX, "less") } else { (Self::MIN, "greater") };
                    format!("Ensure this value is {words} than or equal to {limit}.")
                })
            }

            fn to_text(&self) -> String {
                self.to_string()
            }

            fn as_number(&self) -> Option<Number> {
                i128::try_from(*self).ok().map(Number::Integer)
            }
        })*
    };
}
integers!(i8 i16 i32 i64 isize u8 u16 u32 u64 usize);

macro_rules! floats {
    ($($kind:ty)*) => {
        $(impl FormValue for $kind {
            const WIDGET: Widget = Widget::Number;
            const STEP: Option<&'static str> = Some("any");

            fn from_text(text: &str) -> Result<Self, String> {
                match text.parse::<Self>() {
                    Ok(number) if number.is_finite() => Ok(number),
                    _ => Err("Enter a number.".to_owned()),
                }
            }

            fn to_text(&self) -> String {
                self.to_string()
            }

            fn as_number(&self) -> Option<Number> {
                Some(Number::Float((*self).into()))
            }
        })*
    };
}
floats!(f32 f64);
