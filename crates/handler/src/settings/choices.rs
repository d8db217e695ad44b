//! Settings that are one of a few words.

use super::SettingValue;

macro_rules! choices {
    ($( $(#[$meta:meta])* $Name:ident, $expected:literal { $( $(#[$variant_meta:meta])* $Variant:ident = $text:literal ),* $(,)? } )*) => {
        $(
            $(#[$meta])*
            #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
            #[non_exhaustive]
            pub enum $Name {
                $( $(#[$variant_meta])* $Variant, )*
            }

            impl $Name {
                /// The word itself, as a header has it.
                pub const fn as_str(self) -> &'static str {
                    match self {
                        $( Self::$Variant => $text, )*
                    }
                }
            }

            impl SettingValue for $Name {
                const EXPECTED: &'static str = $expected;

                fn from_text(text: &str) -> Option<Self> {
                    $( if text.eq_ignore_ascii_case($text) { return Some(Self::$Variant); } )*
                    None
                }

                fn show(&self) -> String {
                    self.as_str().to_owned()
                }
            }
        )*
    };
}
choices! {
    /// `Referrer-Policy` (W3C Referrer Policy, section 3).
    ReferrerPolicy, "policies such as `same-origin` or `strict-origin-when-cross-origin`" {
        /// Nothing.
        NoReferrer = "no-referrer",
        /// All but from https to http.
        NoReferrerWhenDowngrade = "no-referrer-when-downgrade",
        /// The origin alone.
        Origin = "origin",
        /// Other sites get the origin alone.
        OriginWhenCrossOrigin = "origin-when-cross-origin",
        /// Other sites get nothing.
        SameOrigin = "same-origin",
        /// The origin alone, and nothing from https to http.
        StrictOrigin = "strict-origin",
        /// Other sites get the origin alone, and nothing from https to http.
        StrictOriginWhenCrossOrigin = "strict-origin-when-cross-origin",
        /// All, always.
        UnsafeUrl = "unsafe-url",
    }
    /// `Cross-Origin-Opener-Policy` (HTML, section 7.1.3).
    OpenerPolicy, "`same-origin`, `same-origin-allow-popups`, `noopener-allow-popups`, `unsafe-none` or `off`" {
        /// A window is shared with pages of this origin alone.
        SameOrigin = "same-origin",
        /// And with those that this page opens.
        SameOriginAllowPopups = "same-origin-allow-popups",
        /// What opened this page loses it; what it opens it keeps.
        NoopenerAllowPopups = "noopener-allow-popups",
        /// A window is shared.
        UnsafeNone = "unsafe-none",
        /// The header is not sent.
        Off = "off",
    }
    /// `X-Frame-Options` (RFC 7034).
    FrameOptions, "`DENY`, `SAMEORIGIN` or `off`" {
        /// In no frame at all.
        Deny = "DENY",
        /// In frames of this site.
        SameOrigin = "SAMEORIGIN",
        /// The header is not sent.
        Off = "off",
    }
}
