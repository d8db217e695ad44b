//! What a section of settings is, and the macro that writes one.

use super::reader::SettingsReader;

/// A group of settings, such as [`Settings`](crate::Settings); [`settings_section!`](crate::settings_section) writes one.
pub trait SettingsSection: Sized + Default {
    /// Its settings, each with what it means; those of the sections inside it too.
    fn known(&self) -> Vec<KnownSetting>;

    /// Takes over what the reader has for them.
    fn read(&mut self, reader: &mut SettingsReader);
}

/// A setting as the reference lists it, or with its present value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownSetting {
    /// The key in a file, with that of its section: `security.hsts`.
    pub key: String,
    /// The value, as a file or a variable would have it. That of a secret is masked.
    pub value: String,
    /// What is expected of a value.
    pub expected: &'static str,
    /// What it means.
    pub meaning: String,
}

/// Writes a section of settings: a struct with public fields, their defaults, and how they are read and shown.
///
/// Each field has its documentation, which is what a reference can list, a type that is a [`SettingValue`](crate::SettingValue), and a default.
/// The text after `in` is the section's key: the table of a file, and the beginning of a variable's name.
///
/// # Examples
///
/// ```
/// use nuages_handler::{SettingsReader, settings_section};
///
/// settings_section! {
///     /// What the shop is told.
///     pub struct ShopSettings in "shop" {
///         /// Books on a page.
///         page_size: usize = 20,
///         /// Who gets a mail for each order.
///         managers: Vec<String> = Vec::new(),
///     }
/// }
///
/// let mut reader = SettingsReader::new().toml("shop.toml", "[shop]\npage_size = 50");
/// let settings = reader.section(ShopSettings::default());
/// reader.finish()?;
/// assert_eq!(settings.page_size, 50);
/// # Ok::<(), nuages_handler::SettingsError>(())
/// ```
#[macro_export]
macro_rules! settings_section {
    (
        $(#[$meta:meta])*
        $visibility:vis struct $Name:ident in $prefix:literal {
            $( $(#[doc = $doc:literal])+ $field:ident : $Type:ty = $default:expr ),* $(,)?
        }
        $( $(#[doc = $section_doc:literal])+ $section:ident : $Section:ty ),* $(,)?
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        $visibility struct $Name {
            $( $(#[doc = $doc])+ pub $field: $Type, )*
            $( $(#[doc = $section_doc])+ pub $section: $Section, )*
        }

        impl Default for $Name {
            fn default() -> Self {
                Self {
                    $( $field: $default, )*
                    $( $section: <$Section>::default(), )*
                }
            }
        }

        impl $crate::SettingsSection for $Name {
            fn known(&self) -> Vec<$crate::KnownSetting> {
                #[allow(unused_mut, reason = "a section may have no section inside it")]
                let mut known = vec![
                    $( $crate::KnownSetting {
                        key: $crate::SettingsReader::key($prefix, stringify!($field)),
                        value: $crate::SettingValue::show(&self.$field),
                        expected: <$Type as $crate::SettingValue>::EXPECTED,
                        meaning: [$($doc),+].map(str::trim).join(" "),
                    }, )*
                ];
                $( known.extend($crate::SettingsSection::known(&self.$section)); )*
                known
            }

            fn read(&mut self, reader: &mut $crate::SettingsReader) {
                $( reader.value($prefix, stringify!($field), &mut self.$field); )*
                $( $crate::SettingsSection::read(&mut self.$section, reader); )*
            }
        }
    };
}
