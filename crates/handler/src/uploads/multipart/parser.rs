//! The grammar of `multipart/form-data`, fed with bytes as they come: no I/O.

use bytes::{Bytes, BytesMut};
use memchr::memmem::Finder;

use super::{MultipartError, PartHeaders};

/// Takes bytes, gives events. What it keeps is bounded: by the headers of one part, or the length of the boundary.
pub(crate) struct Parser {
    delimiter: Finder<'static>,
    buffer: BytesMut,
    state: State,
    /// How much of the buffer was searched in vain, so that nothing is searched twice.
    searched: usize,
    max_headers: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Preamble,
    /// Right behind a boundary.
    Boundary,
    Headers,
    Data,
    Epilogue,
}

/// What the parser found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Event {
    Part(PartHeaders),
    Data(Bytes),
    PartEnd,
    End,
    /// Nothing, until there is more.
    NeedMore,
}

/// Blanks that may stand behind a boundary, RFC 2046; nobody sends any.
const MAX_PADDING: usize = 256;

impl Parser {
    /// For the boundary of a content type: 1 to 70 characters, RFC 2046, section 5.1.1.
    pub(crate) fn new(boundary: &str, max_headers: usize) -> Result<Self, MultipartError> {
        let fits = (1..=70).contains(&boundary.len())
            && boundary.bytes().all(|b| b == b' ' || b.is_ascii_graphic())
            && !boundary.ends_with(' ');
        if !fits {
            return Err(MultipartError::boundary());
        }
        let delimiter = format!("\r\n--{boundary}");
        Ok(Self {
            delimiter: Finder::new(delimiter.as_bytes()).into_owned(),
            // The first boundary has no line before it.
            buffer: BytesMut::from(&b"\r\n"[..]),
            state: State::Preamble,
            searched: 0,
            max_headers,
        })
    }

    pub(crate) fn push(&mut self, bytes: &[u8]) {
        if self.state != State::Epilogue {
            self.buffer.extend_from_slice(bytes);
        }
    }

    /// Says so if the input ended too early.
    pub(crate) fn finish(&self) -> Result<(), MultipartError> {
        if self.state == State::Epilogue {
            Ok(())
        } else {
            Err(MultipartError::incomplete())
        }
    }

    pub(crate) fn next(&mut self) -> Result<Event, MultipartError> {
        loop {
            match self.state {
                State::Preamble => match self.delimiter.find(&self.buffer) {
                    Some(at) => self.pass_delimiter(at),
                    None => {
                        let keep = self.unfinished_delimiter();
                        let _ = self.buffer.split_to(keep);
                        return Ok(Event::NeedMore);
                    }
                },
                State::Boundary => match self.after_boundary()? {
                    Some(State::Epilogue) => {
                        self.state = State::Epilogue;
                        self.buffer = BytesMut::new();
                        return Ok(Event::End);
                    }
                    Some(state) => self.state = state,
                    None => return Ok(Event::NeedMore),
                },
                State::Headers => {
                    return match self.headers()? {
                        Some(headers) => {
                            self.state = State::Data;
                            Ok(Event::Part(headers))
                        }
                        None => Ok(Event::NeedMore),
                    };
                }
                State::Data => return Ok(self.data()),
                State::Epilogue => return Ok(Event::End),
            }
        }
    }

    fn pass_delimiter(&mut self, at: usize) {
        let _ = self.buffer.split_to(at + self.delimiter.needle().len());
        self.state = State::Boundary;
    }

    /// Where the buffer's tail begins that may be the beginning of a delimiter, else its end.
    fn unfinished_delimiter(&self) -> usize {
        let needle = self.delimiter.needle();
        let from = self.buffer.len().saturating_sub(needle.len() - 1);
        // A delimiter begins with the one line break in it.
        memchr::memchr_iter(b'\r', &self.buffer[from..])
            .map(|at| from + at)
            .find(|&at| needle.starts_with(&self.buffer[at..]))
            .unwrap_or(self.buffer.len())
    }

    /// What stands behind a boundary: two hyphens at the very end, else the end of its line.
    fn after_boundary(&mut self) -> Result<Option<State>, MultipartError> {
        if self.buffer.len() < 2 {
            return Ok(None);
        }
        if self.buffer.starts_with(b"--") {
            return Ok(Some(State::Epilogue));
        }
        let padding = self
            .buffer
            .iter()
            .take_while(|b| matches!(b, b' ' | b'\t'))
            .count();
        if padding > MAX_PADDING {
            return Err(MultipartError::malformed(
                "a boundary is followed by blanks without end",
            ));
        }
        match self.buffer[padding..] {
            [b'\r', b'\n', ..] => {
                // The break stays: it is half of the empty line where a part has no headers.
                let _ = self.buffer.split_to(padding);
                self.searched = 0;
                Ok(Some(State::Headers))
            }
            [] | [b'\r'] => Ok(None),
            _ => Err(MultipartError::malformed("a boundary does not end its line")),
        }
    }

    fn headers(&mut self) -> Result<Option<PartHeaders>, MultipartError> {
        const END: &[u8] = b"\r\n\r\n";
        // An end may begin in what was searched before.
        let from = self.searched.saturating_sub(END.len() - 1);
        match memchr::memmem::find(&self.buffer[from..], END) {
            Some(at) if from + at <= self.max_headers => {
                let block = self.buffer.split_to(from + at + END.len());
                // The data begin at once, or with the delimiter whose line break belongs to no headers.
                PartHeaders::parse(&block[2.min(from + at)..from + at]).map(Some)
            }
            None if self.buffer.len() <= self.max_headers + END.len() => {
                self.searched = self.buffer.len();
                Ok(None)
            }
            _ => Err(MultipartError::headers_too_long(self.max_headers)),
        }
    }

    fn data(&mut self) -> Event {
        let end = match self.delimiter.find(&self.buffer) {
            Some(0) => {
                self.pass_delimiter(0);
                return Event::PartEnd;
            }
            Some(at) => at,
            None => self.unfinished_delimiter(),
        };
        if end == 0 {
            return Event::NeedMore;
        }
        Event::Data(self.buffer.split_to(end).freeze())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Everything that is found in an input that comes in pieces of this size, with data joined.
    fn parse(
        input: &[u8],
        boundary: &str,
        piece: usize,
    ) -> Result<Vec<(PartHeaders, Vec<u8>)>, MultipartError> {
        let mut parser = Parser::new(boundary, 1024)?;
        let mut parts: Vec<(PartHeaders, Vec<u8>)> = Vec::new();
        let mut ended = 0;
        for piece in input.chunks(piece) {
            parser.push(piece);
            loop {
                match parser.next()? {
                    Event::Part(headers) => parts.push((headers, Vec::new())),
                    Event::Data(data) => parts.last_mut().unwrap().1.extend_from_slice(&data),
                    Event::PartEnd => ended += 1,
                    Event::End | Event::NeedMore => break,
                }
            }
        }
        parser.finish()?;
        assert_eq!(ended, parts.len());
        Ok(parts)
    }

    const FORM: &[u8] = b"a preamble\r\n--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\none\r\n--x  \r\n\
        content-disposition: form-data; name=b; filename=\"f\"\r\n\r\n\r\n--xnot a line\r\n-\r\n--\r\n\r\n--x--\r\nan epilogue";

    #[test]
    fn parts_are_found_in_pieces_of_every_size() {
        // `--xnot a line` begins as a boundary does: such a boundary is a mistake of the sender's, RFC 2046.
        for piece in 1..FORM.len() {
            assert!(parse(FORM, "x", piece).unwrap_err().is_malformed(), "{piece}");
        }
        let form = FORM.to_vec();
        let form = String::from_utf8(form)
            .unwrap()
            .replace("--xnot", "-xnot")
            .into_bytes();
        for piece in 1..=form.len() {
            let parts = parse(&form, "x", piece).unwrap();
            assert_eq!(parts.len(), 2, "{piece}");
            assert_eq!((parts[0].0.name.as_str(), &parts[0].1[..]), ("a", &b"one"[..]));
            assert_eq!(parts[1].0.file_name.as_deref(), Some("f"));
            assert_eq!(parts[1].1, b"\r\n-xnot a line\r\n-\r\n--\r\n", "{piece}");
        }
    }

    #[test]
    fn a_form_without_parts_is_one() {
        assert_eq!(parse(b"--x--", "x", 1).unwrap(), []);
        assert_eq!(parse(b"--x--\r\n", "x", 3).unwrap(), []);
    }

    #[test]
    fn an_empty_part_is_one() {
        let form = b"--x\r\ncontent-disposition: form-data; name=a\r\n\r\n\r\n--x--";
        for piece in 1..form.len() {
            let parts = parse(form, "x", piece).unwrap();
            assert_eq!((parts[0].0.name.as_str(), parts[0].1.len()), ("a", 0));
        }
    }

    #[test]
    fn what_breaks_off_is_said_to() {
        let form = b"--x\r\ncontent-disposition: form-data; name=a\r\n\r\none\r\n--x--";
        for end in 0..form.len() {
            let error = parse(&form[..end], "x", 7).unwrap_err();
            assert!(error.to_string().contains("ends in the middle"), "{end}: {error}");
        }
    }

    #[test]
    fn headers_without_end_are_refused_and_not_kept() {
        let mut parser = Parser::new("x", 1024).unwrap();
        parser.push(b"--x\r\n");
        let mut refused = false;
        for _ in 0..2000 {
            parser.push(b"a: b\r\n");
            if parser.next().is_err() {
                refused = true;
                break;
            }
            assert!(parser.buffer.len() < 2048);
        }
        assert!(refused);
    }

    #[test]
    fn a_boundary_has_a_length_and_no_strange_characters() {
        for boundary in ["", "a b ", "a\r\n", "é", &"x".repeat(71)] {
            assert!(Parser::new(boundary, 1024).is_err(), "{boundary:?}");
        }
        for boundary in ["x", "a b", "'()+_,-./:=?", &"x".repeat(70)] {
            assert!(Parser::new(boundary, 1024).is_ok(), "{boundary:?}");
        }
    }

    proptest! {
        #[test]
        fn fuzz_no_input_panics_or_is_kept(
            input in prop::collection::vec(prop_oneof![Just(b'\r'), Just(b'\n'), Just(b'-'), Just(b'x'), any::<u8>()], 0..400),
            piece in 1..40_usize,
        ) {
            let _ = parse(&input, "x", piece);
            let mut part = b"--x\r\ncontent-disposition: form-data; name=a\r\n\r\n".to_vec();
            part.extend_from_slice(&input);
            let _ = parse(&part, "x", piece);
        }

        #[test]
        fn fuzz_a_form_survives_in_pieces_of_every_size(
            parts in prop::collection::vec(
                ("[a-z\\[\\]éà ;]{1,12}", prop::option::of("[a-zA-Z0-9 ;=.é]{1,20}"), prop::collection::vec(
                    prop_oneof![Just(b'\r'), Just(b'\n'), Just(b'-'), Just(b'B'), any::<u8>()], 0..200)),
                0..6,
            ),
            piece in 1..100_usize,
        ) {
            let boundary = "Boundary 7MA4";
            let delimiter = format!("\r\n--{boundary}");
            prop_assume!(parts.iter().all(|(_, _, data)| memchr::memmem::find(data, delimiter.as_bytes()).is_none()));
            let mut form = Vec::new();
            for (name, file, data) in &parts {
                let file = file.as_ref().map_or(String::new(), |file| format!("; filename=\"{file}\""));
                let head = format!("--{boundary}\r\ncontent-disposition: form-data; name=\"{name}\"{file}\r\n\r\n");
                form.extend_from_slice(head.as_bytes());
                form.extend_from_slice(data);
                form.extend_from_slice(b"\r\n");
            }
            form.extend_from_slice(format!("--{boundary}--").as_bytes());
            let parsed = parse(&form, boundary, piece).unwrap();
            let parsed: Vec<_> = parsed.into_iter().map(|(head, data)| (head.name, head.file_name, data)).collect();
            prop_assert_eq!(parsed, parts);
        }
    }
}
