//! What of a body has to be there before an argument can be made.

/// What of the body an [extractor](super::FromRequest) needs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    pub(crate) body: bool,
    pub(crate) form: bool,
    pub(crate) stream: bool,
}

impl Needs {
    /// Nothing.
    pub const NOTHING: Self = Self {
        body: false,
        form: false,
        stream: false,
    };

    /// The whole body: it is read into memory, up to [`Limits::body`](crate::Limits::body).
    pub const BODY: Self = Self {
        body: true,
        ..Self::NOTHING
    };

    /// The body as a form: its fields are read into memory, its files stored.
    pub const FORM: Self = Self {
        form: true,
        ..Self::NOTHING
    };

    /// The body as it comes: nothing is read before, and nobody else can have it.
    pub const STREAM: Self = Self {
        stream: true,
        ..Self::NOTHING
    };

    /// What two extractors need together.
    ///
    /// # Panics
    ///
    /// Where one of them takes the body as it comes and the other needs it too. For a view that is an error of the compiler's.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        assert!(
            !(self.stream && other.is_any() || other.stream && self.is_any()),
            "a view can't take the body twice: `BodyStream` and `Multipart` leave nothing of it for another argument; take `Request` and \
             read the body in the view, or take `FormData`, `Files` and `Bytes`, of which a view may have several"
        );
        Self {
            body: self.body || other.body,
            form: self.form || other.form,
            stream: self.stream || other.stream,
        }
    }

    /// Whether it is any of the body.
    #[must_use]
    pub const fn is_any(self) -> bool {
        self.body || self.form || self.stream
    }

    /// Whether something is read before the view runs.
    pub(crate) const fn is_read_before(self) -> bool {
        self.body || self.form
    }
}

#[cfg(test)]
mod tests {
    use super::Needs;

    #[test]
    fn several_may_need_the_body_and_one_alone_may_take_it() {
        assert_eq!(
            Needs::BODY.and(Needs::FORM),
            Needs {
                body: true,
                form: true,
                stream: false
            }
        );
        assert_eq!(Needs::NOTHING.and(Needs::STREAM), Needs::STREAM);
        for (a, b) in [
            (Needs::STREAM, Needs::BODY),
            (Needs::FORM, Needs::STREAM),
            (Needs::STREAM, Needs::STREAM),
        ] {
            assert!(std::panic::catch_unwind(|| a.and(b)).is_err());
        }
    }
}
