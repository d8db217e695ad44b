use std::{collections::VecDeque, convert::Infallible, io};

use super::*;

/// A body of given frames that tells no length.
struct Frames(VecDeque<Result<Frame<Bytes>, io::Error>>);

impl Frames {
    fn of(parts: &[&'static str]) -> Self {
        Self(
            parts
                .iter()
                .map(|part| Ok(Frame::data(Bytes::from_static(part.as_bytes()))))
                .collect(),
        )
    }
}

impl http_body::Body for Frames {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        Poll::Ready(self.0.pop_front())
    }
}

/// A body that declares a length and panics when it is read.
struct Declared(u64);

impl http_body::Body for Declared {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        panic!("it was read")
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0)
    }
}

#[tokio::test]
async fn bytes_that_are_there_are_not_copied() {
    let bytes = Bytes::from(vec![b'x'; 100]);
    let collected = Body::from(bytes.clone()).collect(100).await.unwrap();
    assert_eq!(collected.as_ptr(), bytes.as_ptr());
}

#[tokio::test]
async fn every_kind_of_bytes_becomes_the_same_body() {
    for body in [
        Body::from("bonsoir"),
        "bonsoir".to_owned().into(),
        b"bonsoir".to_vec().into(),
    ] {
        assert_eq!(body.size_hint().exact(), Some(7));
        assert!(!body.is_end_stream());
        assert_eq!(body.collect(7).await.unwrap(), "bonsoir");
    }
    for body in [Body::empty(), Body::default(), Body::from("")] {
        assert!(body.is_end_stream());
        assert_eq!(body.size_hint().exact(), Some(0));
        assert_eq!(body.collect(0).await.unwrap(), "");
    }
}

#[tokio::test]
async fn a_full_body_is_one_frame_and_then_ends() {
    let mut body = Body::from("bonsoir");
    assert_eq!(
        body.frame().await.unwrap().unwrap().into_data().unwrap(),
        "bonsoir"
    );
    assert!(body.is_end_stream());
    assert!(body.frame().await.is_none());
}

#[tokio::test]
async fn parts_are_joined_up_to_the_limit_and_no_further() {
    let parts = ["bon", "", "soir", ", ", "Django"];
    assert_eq!(
        Body::new(Frames::of(&parts)).collect(15).await.unwrap(),
        "bonsoir, Django"
    );
    for limit in 0..15 {
        let error = Body::new(Frames::of(&parts)).collect(limit).await.unwrap_err();
        assert!(error.is_too_large(), "limit {limit}: {error}");
        assert_eq!(error.status(), 413);
    }
}

#[tokio::test]
async fn trailers_are_skipped() {
    let mut frames = Frames::of(&["bonsoir"]);
    frames.0.push_back(Ok(Frame::trailers(http::HeaderMap::new())));
    assert_eq!(Body::new(frames).collect(10).await.unwrap(), "bonsoir");
}

#[tokio::test]
async fn a_declared_length_above_the_limit_is_refused_before_a_byte_is_read() {
    let error = Body::new(Declared(11)).collect(10).await.unwrap_err();
    assert!(error.is_too_large());
    assert!(error.to_string().contains("10 bytes"), "{error}");
}

#[tokio::test]
async fn the_error_of_a_source_is_kept() {
    let mut frames = Frames::of(&["bon"]);
    frames.0.push_back(Err(io::Error::other("the tape tore")));
    let error = Body::new(frames).collect(10).await.unwrap_err();
    assert!(!error.is_too_large() && !error.is_disconnected() && !error.is_malformed());
    assert_eq!(error.status(), 500);
    let source = std::error::Error::source(&error).unwrap();
    assert_eq!(source.to_string(), "the tape tore");
}

#[tokio::test]
async fn a_body_in_a_body_is_that_body() {
    let body = Body::new(Body::new(Body::from("bonsoir")));
    assert!(matches!(body.inner, Inner::Full(_)));
    assert_eq!(body.collect(10).await.unwrap(), "bonsoir");
}
