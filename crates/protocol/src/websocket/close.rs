//! How WebSockets end.

use std::fmt;

/// Why a WebSocket ended: a code and perhaps a reason (RFC 6455, section 7.4).
///
/// # Examples
///
/// ```
/// use nuages_protocol::websocket::{CloseFrame, close_code};
///
/// let frame = CloseFrame::new(close_code::AWAY, "the shop closes");
/// assert_eq!(frame.to_string(), "1001 (the shop closes)");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CloseFrame {
    /// The code; [`close_code`] names the usual ones. 1005 if the other side gave none, 1006 if it vanished.
    pub code: u16,
    /// What the other side said about it, for logs; often empty.
    pub reason: String,
}

impl CloseFrame {
    /// A code with a reason.
    pub fn new(code: u16, reason: impl Into<String>) -> Self {
        Self {
            code,
            reason: reason.into(),
        }
    }

    /// Whether it ended as planned: 1000, 1001 or without a code.
    pub fn is_normal(&self) -> bool {
        matches!(
            self.code,
            close_code::NORMAL | close_code::AWAY | close_code::NO_STATUS
        )
    }
}

impl fmt::Display for CloseFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code)?;
        if !self.reason.is_empty() {
            write!(f, " ({})", self.reason)?;
        }
        Ok(())
    }
}

/// The codes with a meaning of their own (RFC 6455, section 7.4.1, and the IANA registry). From 3000 to 4999 they
/// mean what client and application agree on.
pub mod close_code {
    /// All is done.
    pub const NORMAL: u16 = 1000;
    /// One side goes away: a page that is left.
    pub const AWAY: u16 = 1001;
    /// The other side broke the protocol.
    pub const PROTOCOL_ERROR: u16 = 1002;
    /// A kind of message that isn't understood here.
    pub const UNSUPPORTED: u16 = 1003;
    /// No code was given. Never sent.
    pub const NO_STATUS: u16 = 1005;
    /// The connection ended without a close. Never sent.
    pub const ABNORMAL: u16 = 1006;
    /// Text that is not UTF-8, or data that can't be read otherwise.
    pub const INVALID_DATA: u16 = 1007;
    /// Against the rules of the application.
    pub const POLICY: u16 = 1008;
    /// A message larger than is allowed.
    pub const TOO_BIG: u16 = 1009;
    /// The server failed.
    pub const INTERNAL_ERROR: u16 = 1011;
    /// The server restarts; come again.
    pub const RESTART: u16 = 1012;
    /// Too busy; come again later.
    pub const TRY_LATER: u16 = 1013;
}

/// Whether a code may be on the wire (RFC 6455, section 7.4.2).
pub(super) fn may_be_sent(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}

/// What fits beside a code into a control frame.
pub(super) const MAX_REASON: usize = 123;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_that_stand_for_no_code_are_never_sent() {
        for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, u16::MAX] {
            assert!(!may_be_sent(code), "{code}");
        }
        for code in [1000, 1001, 1003, 1007, 1011, 1012, 1014, 3000, 4999] {
            assert!(may_be_sent(code), "{code}");
        }
    }
}
