//! Which types a form's fields can have: text becomes a value, and a value text again.

use std::cmp::Ordering;

use super::Widget;

/// What kind of value a field has; the settings that make no sense for it do not compile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ValueKind {
    /// Text, which has a length.
    Text,
    /// A number, which has limits.
    Number,
    /// Yes or no.
    Bool,
    /// A day or a time, which has limits.
    Moment,
    /// One of several.
    Choice,
    /// Any of several.
    Several,
    /// A file.
    File,
    /// Something of one's own: any setting may make sense.
    Other,
}

impl ValueKind {
    /// Whether the length of the text means something.
    pub const fn has_length(self) -> bool {
        matches!(self, Self::Text | Self::Other)
    }

    /// Whether values have an order, and so limits.
    pub const fn has_order(self) -> bool {
        matches!(self, Self::Number | Self::Moment | Self::Other)
    }

    /// Whether digits can be counted.
    pub const fn has_digits(self) -> bool {
        matches!(self, Self::Number | Self::Other)
    }

    /// Whether it is a file.
    pub const fn is_file(self) -> bool {
        matches!(self, Self::File)
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
    note = "a form's fields are `String`, numbers, `bool`, dates and times, `Decimal`, `Uuid`, enums with `#[derive(Choices)]`, `Option` and `Vec` of these, files, or what implements `nuages_views::forms::FormValue`"
)]
pub trait FormValue: Sized {
    /// What kind of value it is.
    const KIND: ValueKind = ValueKind::Other;

    /// How it is asked for, unless `#[form(widget = ..)]` says otherwise.
    const WIDGET: Widget = Widget::Text;

    /// Whether something has to be typed, unless `#[form(optional)]` or `#[form(required)]` says otherwise.
    const REQUIRED: bool = true;

    /// The `step` between two values in the browser, where it is not the usual one.
    const STEP: Option<&'static str> = None;

    /// The values to choose from, each with its label, where the type itself knows them.
    const CHOICES: &'static [(&'static str, &'static str)] = &[];

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

    /// How the value stands to a limit that `#[form(min = ..)]` or `max` wrote; `None` where that means nothing.
    fn compare(&self, limit: &str) -> Option<Ordering> {
        let _ = limit;
        None
    }
}

impl FormValue for String {
    const KIND: ValueKind = ValueKind::Text;

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
    const KIND: ValueKind = ValueKind::Bool;
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
    const KIND: ValueKind = T::KIND;
    const WIDGET: Widget = T::WIDGET;
    const REQUIRED: bool = false;
    const STEP: Option<&'static str> = T::STEP;
    const CHOICES: &'static [(&'static str, &'static str)] = T::CHOICES;

    fn from_text(text: &str) -> Result<Self, String> {
        T::from_text(text).map(Some)
    }

    fn from_nothing() -> Option<Self> {
        Some(None)
    }

    fn to_text(&self) -> String {
        self.as_ref().map_or_else(String::new, T::to_text)
    }

    fn compare(&self, limit: &str) -> Option<Ordering> {
        self.as_ref()?.compare(limit)
    }
}

macro_rules! integers {
    ($($kind:ty)*) => {
        $(impl FormValue for $kind {
            const KIND: ValueKind = ValueKind::Number;
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

            fn compare(&self, limit: &str) -> Option<Ordering> {
                let value = i128::try_from(*self).ok()?;
                match limit.parse::<i128>() {
                    Ok(limit) => Some(value.cmp(&limit)),
                    Err(_) => (value as f64).partial_cmp(&limit.parse().ok()?),
                }
            }
        })*
    };
}
integers!(i8 i16 i32 i64 isize u8 u16 u32 u64 usize);

macro_rules! floats {
    ($($kind:ty)*) => {
        $(impl FormValue for $kind {
            const KIND: ValueKind = ValueKind::Number;
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

            fn compare(&self, limit: &str) -> Option<Ordering> {
                f64::from(*self).partial_cmp(&limit.parse().ok()?)
            }
        })*
    };
}
floats!(f32 f64);

/// Days and times as browsers send them: `1937-12-14`, `20:30`, `1937-12-14T20:30`. They have no time zone.
#[cfg(feature = "dates")]
mod dates {
    use jiff::civil::{Date, DateTime, Time};

    use super::{FormValue, Ordering, ValueKind, Widget};

    macro_rules! moments {
        ($($kind:ident $widget:ident $message:literal $shown:literal [$($format:literal)+],)+) => {
            $(impl FormValue for $kind {
                const KIND: ValueKind = ValueKind::Moment;
                const WIDGET: Widget = Widget::$widget;

                fn from_text(text: &str) -> Result<Self, String> {
                    // Not `parse`, which takes what no such field sends, as a date with a time.
                    [$($format),+]
                        .into_iter()
                        .find_map(|format| $kind::strptime(format, text).ok())
                        .ok_or_else(|| $message.to_owned())
                }

                fn to_text(&self) -> String {
                    self.strftime($shown).to_string()
                }

                fn compare(&self, limit: &str) -> Option<Ordering> {
                    Self::from_text(limit).ok().map(|limit| self.cmp(&limit))
                }
            })+
        };
    }
    moments! {
        Date Date "Enter a valid date." "%Y-%m-%d" ["%Y-%m-%d"],
        Time Time "Enter a valid time." "%H:%M:%S" ["%H:%M" "%H:%M:%S" "%H:%M:%S%.f"],
        DateTime DateTime "Enter a valid date and time." "%Y-%m-%dT%H:%M:%S" [
            "%Y-%m-%dT%H:%M" "%Y-%m-%dT%H:%M:%S" "%Y-%m-%dT%H:%M:%S%.f" "%Y-%m-%d %H:%M" "%Y-%m-%d %H:%M:%S"
        ],
    }
}

#[cfg(feature = "decimals")]
impl FormValue for rust_decimal::Decimal {
    const KIND: ValueKind = ValueKind::Number;
    const WIDGET: Widget = Widget::Number;
    const STEP: Option<&'static str> = Some("any");

    fn from_text(text: &str) -> Result<Self, String> {
        // What `from_str` takes beyond this (`1_000`) is Rust's notation, and nobody else's.
        let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
        if !digits.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
            return Err("Enter a number.".to_owned());
        }
        Self::from_str_exact(text).map_err(|_| "Enter a number.".to_owned())
    }

    fn to_text(&self) -> String {
        self.to_string()
    }

    fn compare(&self, limit: &str) -> Option<Ordering> {
        Some(self.cmp(&limit.parse().ok()?))
    }
}

#[cfg(feature = "uuids")]
impl FormValue for uuid::Uuid {
    fn from_text(text: &str) -> Result<Self, String> {
        Self::parse_str(text).map_err(|_| "Enter a valid UUID.".to_owned())
    }

    fn to_text(&self) -> String {
        self.to_string()
    }
}
