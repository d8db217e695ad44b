//! Text that comes back unchanged: signed by a key that only the application has.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// A key that signs text, so that it can be given to a visitor and trusted when it comes back. A clone is the same key.
///
/// What is signed can be read by anybody, and not be changed. A signature belongs to a purpose, the salt: one of a cookie is worthless as one of a link.
/// It is HMAC-SHA-256 over the text and the time, under a key that is derived for the salt, and compared in constant time.
///
/// To change the key, make the new one the key and the old one a [fallback](Self::fallback): what the old one signed is still accepted, and nothing new is
/// signed by it.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use nuages_handler::SigningKey;
///
/// let key = SigningKey::new("fifty or so random characters that only the server knows");
/// let token = key.sign("unsubscribe", "django@example.org");
/// assert_eq!(key.verify("unsubscribe", &token, Duration::from_secs(3600))?, "django@example.org");
/// assert!(key.verify("log in", &token, None).unwrap_err().is_bad_signature());
///
/// let new = SigningKey::new("another fifty or so random characters, of this year").fallback("fifty or so random characters that only the server knows");
/// assert_eq!(new.verify("unsubscribe", &token, None)?, "django@example.org");
/// # Ok::<(), nuages_handler::SignatureError>(())
/// ```
#[derive(Clone)]
pub struct SigningKey {
    /// The first signs.
    keys: Arc<Vec<Box<[u8]>>>,
}

impl SigningKey {
    /// A key of these bytes. They should be random, at least 32 of them, and stay secret.
    ///
    /// # Panics
    ///
    /// If they are none at all: that would sign nothing.
    #[track_caller]
    pub fn new(secret: impl AsRef<[u8]>) -> Self {
        Self {
            keys: Arc::new(vec![secret_of(secret.as_ref())]),
        }
    }

    /// Accepts what another key signed too: one that this replaces.
    ///
    /// # Panics
    ///
    /// As [`new`](Self::new).
    #[must_use]
    #[track_caller]
    pub fn fallback(mut self, secret: impl AsRef<[u8]>) -> Self {
        Arc::make_mut(&mut self.keys).push(secret_of(secret.as_ref()));
        self
    }

    /// The text with the time and a signature, all of characters that URLs and cookies take.
    pub fn sign(&self, salt: &str, text: &str) -> String {
        self.sign_at(salt, text, now())
    }

    fn sign_at(&self, salt: &str, text: &str, seconds: u64) -> String {
        let mut signed = URL_SAFE_NO_PAD.encode(text);
        signed.push('.');
        signed.push_str(&URL_SAFE_NO_PAD.encode(significant(seconds.to_be_bytes())));
        let mac = mac(&self.keys[0], salt, &signed).finalize().into_bytes();
        signed.push('.');
        URL_SAFE_NO_PAD.encode_string(mac, &mut signed);
        signed
    }

    /// The text that was signed for this salt, not longer than `max_age` ago.
    ///
    /// # Errors
    ///
    /// [`SignatureError`].
    pub fn verify(
        &self,
        salt: &str,
        signed: &str,
        max_age: impl Into<Option<Duration>>,
    ) -> Result<String, SignatureError> {
        self.verify_at(salt, signed, max_age.into(), now())
    }

    fn verify_at(
        &self,
        salt: &str,
        signed: &str,
        max_age: Option<Duration>,
        now: u64,
    ) -> Result<String, SignatureError> {
        let bad = SignatureError { kind: Kind::Bad };
        let (payload, signature) = signed.rsplit_once('.').ok_or(bad)?;
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| bad)?;
        let good = self
            .keys
            .iter()
            .any(|key| mac(key, salt, payload).verify_slice(&signature).is_ok());
        if !good {
            return Err(bad);
        }
        let (text, time) = payload.split_once('.').ok_or(bad)?;
        let text = URL_SAFE_NO_PAD
            .decode(text)
            .ok()
            .and_then(|text| String::from_utf8(text).ok())
            .ok_or(bad)?;
        let time = URL_SAFE_NO_PAD
            .decode(time)
            .ok()
            .filter(|time| time.len() <= 8)
            .ok_or(bad)?;
        let time = time
            .iter()
            .fold(0, |time: u64, &byte| time << 8 | u64::from(byte));
        match max_age {
            Some(max_age) if now.saturating_sub(time) > max_age.as_secs() => {
                Err(SignatureError { kind: Kind::Expired })
            }
            _ => Ok(text),
        }
    }
}

#[track_caller]
fn secret_of(secret: &[u8]) -> Box<[u8]> {
    assert!(!secret.is_empty(), "a signing key can't be empty");
    secret.into()
}

fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs()
}

/// Without the zeros in front.
fn significant(bytes: [u8; 8]) -> Vec<u8> {
    bytes.into_iter().skip_while(|&byte| byte == 0).collect()
}

/// Under a key of the salt's own, so that no text of one salt is one of another.
fn mac(key: &[u8], salt: &str, payload: &str) -> Hmac<Sha256> {
    let derived = keyed(key, &["nuages signature\0".as_bytes(), salt.as_bytes()])
        .finalize()
        .into_bytes();
    keyed(&derived, &[payload.as_bytes()])
}

fn keyed(key: &[u8], parts: &[&[u8]]) -> Hmac<Sha256> {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
        unreachable!("HMAC takes keys of every length")
    };
    for part in parts {
        mac.update(part);
    }
    mac
}

/// The purpose of a cookie's signature: one cookie's value is not another's.
pub(crate) fn signed_cookie_salt(name: &str) -> String {
    format!("cookie {name}")
}

/// The secrets are not shown.
impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("keys", &self.keys.len())
            .finish_non_exhaustive()
    }
}

/// Why a signed text is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(transparent)]
#[non_exhaustive]
pub struct SignatureError {
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum Kind {
    #[error("the signature is not one of this key and this salt")]
    Bad,
    #[error("the signature is too old")]
    Expired,
}

impl SignatureError {
    /// Whether it was not signed by this key for this salt, or was changed since.
    pub fn is_bad_signature(&self) -> bool {
        self.kind == Kind::Bad
    }

    /// Whether it was signed, but too long ago.
    pub fn is_expired(&self) -> bool {
        self.kind == Kind::Expired
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_signature_grows_old() {
        let key = SigningKey::new("key");
        let signed = key.sign_at("salt", "text", 1000);
        let minute = Some(Duration::from_secs(60));
        assert_eq!(key.verify_at("salt", &signed, minute, 1060).unwrap(), "text");
        assert!(
            key.verify_at("salt", &signed, minute, 1061)
                .unwrap_err()
                .is_expired()
        );
        assert_eq!(key.verify_at("salt", &signed, None, 1 << 40).unwrap(), "text");
        // A clock that went back does no harm.
        assert_eq!(key.verify_at("salt", &signed, minute, 900).unwrap(), "text");
    }

    #[test]
    fn a_key_can_be_replaced() {
        let old = SigningKey::new("old");
        let new = SigningKey::new("new").fallback("old");
        let signed = old.sign("salt", "text");
        assert_eq!(new.verify("salt", &signed, None).unwrap(), "text");
        assert!(
            old.verify("salt", &new.sign("salt", "text"), None)
                .unwrap_err()
                .is_bad_signature()
        );
        assert!(SigningKey::new("new").verify("salt", &signed, None).is_err());
    }

    #[test]
    fn a_key_is_not_shown() {
        assert_eq!(
            format!("{:?}", SigningKey::new("secret")),
            "SigningKey { keys: 1, .. }"
        );
    }

    proptest! {
        #[test]
        fn fuzz_what_is_signed_comes_back_and_nothing_else_does(
            text in ".*", other in ".*", salt in ".*", at in any::<prop::sample::Index>(), flip in 1u8..=255,
        ) {
            let key = SigningKey::new("key");
            let signed = key.sign(&salt, &text);
            prop_assert_eq!(key.verify(&salt, &signed, None).unwrap(), text);
            prop_assert!(signed.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b)));
            prop_assert!(key.verify(&salt, &other, None).is_err());
            let mut bytes = signed.into_bytes();
            let at = at.index(bytes.len());
            bytes[at] ^= flip;
            if let Ok(changed) = String::from_utf8(bytes) {
                prop_assert!(key.verify(&salt, &changed, None).is_err());
            }
        }
    }
}
