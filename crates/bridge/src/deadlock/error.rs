//! The error that names both ends of a circle of waits.

use std::fmt;
use std::panic::Location;

use super::hold::Holder;

/// A wait that could not have ended: what waits here holds what the other end waits for.
#[derive(Debug)]
pub struct DeadlockError {
    pub(super) holder: Holder,
    pub(super) holds: String,
    pub(super) waits_for: String,
    pub(super) location: &'static Location<'static>,
    pub(super) held_by: Holder,
    /// What the other end waits for; none where it is this end.
    pub(super) other_waits_for: Option<(String, &'static Location<'static>)>,
}

impl DeadlockError {
    /// Who was refused to wait.
    #[must_use]
    pub fn holder(&self) -> Holder {
        self.holder
    }

    /// The name of the resource that it holds.
    #[must_use]
    pub fn holds(&self) -> &str {
        &self.holds
    }

    /// The name of the resource that it was about to wait for.
    #[must_use]
    pub fn waits_for(&self) -> &str {
        &self.waits_for
    }

    /// Where it was about to wait.
    #[must_use]
    pub fn location(&self) -> &'static Location<'static> {
        self.location
    }

    /// Who holds that resource (where several do, one of them), and can't go on before the one that was refused.
    #[must_use]
    pub fn held_by(&self) -> Holder {
        self.held_by
    }
}

impl fmt::Display for DeadlockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "deadlock: {} holds {} and waits for {} at {}",
            self.holder, self.holds, self.waits_for, self.location
        )?;
        match &self.other_waits_for {
            None => write!(
                f,
                ", which it holds itself: end the one before the other, or allow more of them"
            ),
            Some((name, location)) => write!(
                f,
                ", which {} holds while it waits for {name} at {location}: take them in the same order, or allow more of them",
                self.held_by
            ),
        }
    }
}

impl std::error::Error for DeadlockError {}
