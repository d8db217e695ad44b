//! Compressing and inflating single messages (RFC 7692, section 7.2).

use std::cell::RefCell;
use std::fmt;

use flate2::{Compress, Decompress, FlushCompress, FlushDecompress, Status};

use super::MAX_WINDOW_BITS;

/// What ends a flushed stream, and is left out on the wire.
const TAIL: [u8; 4] = [0, 0, 0xFF, 0xFF];
/// How much more room is made at a time, at least.
const GROWTH: usize = 1024;

thread_local! {
    /// Streams for messages that are compressed for themselves: a few a thread, instead of one a connection.
    static DEFLATERS: RefCell<Vec<(u32, u8, Compress)>> = const { RefCell::new(Vec::new()) };
    static INFLATER: RefCell<Option<Decompress>> = const { RefCell::new(None) };
}

/// How many streams a thread keeps: one for each pair of level and window that is in use, usually one.
const KEPT: usize = 4;

/// Compresses the messages of one connection.
pub(crate) struct Deflater {
    level: u32,
    bits: u8,
    threshold: usize,
    /// The window that goes from one message to the next, where it does.
    own: Option<Compress>,
}

impl Deflater {
    pub(crate) fn new(level: u32, bits: u8, takeover: bool, threshold: usize) -> Self {
        Self {
            level,
            bits,
            threshold,
            own: takeover.then(|| compress(level, bits)),
        }
    }

    /// The level, if a message that was compressed for itself, with the largest window, may be sent here.
    pub(crate) fn takes_shared(&self) -> Option<u32> {
        (self.own.is_none() && self.bits == MAX_WINDOW_BITS).then_some(self.level)
    }

    pub(crate) fn threshold(&self) -> usize {
        self.threshold
    }

    /// The message compressed; nothing where it is better sent as it is.
    pub(crate) fn deflate(&mut self, payload: &[u8]) -> Option<Vec<u8>> {
        if payload.len() < self.threshold {
            return None;
        }
        match &mut self.own {
            // Once it went through the window it has to be sent, even if it became no smaller.
            Some(stream) => run(stream, payload),
            None => deflate_alone(payload, self.level, self.bits).filter(|small| small.len() < payload.len()),
        }
    }
}

impl fmt::Debug for Deflater {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deflater")
            .field("bits", &self.bits)
            .field("takeover", &self.own.is_some())
            .finish_non_exhaustive()
    }
}

/// Compresses a message for itself, with a stream of this thread's.
pub(crate) fn deflate_alone(payload: &[u8], level: u32, bits: u8) -> Option<Vec<u8>> {
    DEFLATERS.with_borrow_mut(|kept| {
        let index = match kept.iter().position(|entry| (entry.0, entry.1) == (level, bits)) {
            Some(index) => index,
            None => {
                if kept.len() == KEPT {
                    kept.remove(0);
                }
                kept.push((level, bits, compress(level, bits)));
                kept.len() - 1
            }
        };
        let stream = &mut kept[index].2;
        stream.reset();
        run(stream, payload)
    })
}

fn compress(level: u32, bits: u8) -> Compress {
    Compress::new_with_window_bits(flate2::Compression::new(level), false, bits)
}

fn run(stream: &mut Compress, payload: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(payload.len() / 4 + 64);
    let mut rest = payload;
    loop {
        let before = stream.total_in();
        stream.compress_vec(rest, &mut out, FlushCompress::Sync).ok()?;
        rest = &rest[(stream.total_in() - before) as usize..];
        // Room that is left says that the flush is complete.
        if rest.is_empty() && out.len() < out.capacity() {
            break;
        }
        out.reserve(GROWTH.max(out.len()));
    }
    let length = out.strip_suffix(&TAIL)?.len();
    out.truncate(length);
    // What stands for an empty message (section 7.2.3.6).
    if out.is_empty() {
        out.push(0);
    }
    Some(out)
}

/// Inflates the messages of one connection.
pub(crate) struct Inflater {
    own: Option<Decompress>,
}

/// What became of a compressed message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Inflated {
    Whole(Vec<u8>),
    TooLarge,
    Invalid,
}

impl Inflater {
    pub(crate) fn new(bits: u8, takeover: bool) -> Self {
        Self {
            own: takeover.then(|| Decompress::new_with_window_bits(false, bits)),
        }
    }

    /// Stops as soon as the result is larger than `limit`, so that no small message can fill the memory.
    pub(crate) fn inflate(&mut self, data: &[u8], limit: usize) -> Inflated {
        match &mut self.own {
            Some(stream) => inflate(stream, data, limit),
            None => INFLATER.with_borrow_mut(|kept| {
                let stream =
                    kept.get_or_insert_with(|| Decompress::new_with_window_bits(false, MAX_WINDOW_BITS));
                stream.reset(false);
                inflate(stream, data, limit)
            }),
        }
    }
}

impl fmt::Debug for Inflater {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inflater")
            .field("takeover", &self.own.is_some())
            .finish_non_exhaustive()
    }
}

fn inflate(stream: &mut Decompress, data: &[u8], limit: usize) -> Inflated {
    let mut out = Vec::with_capacity((data.len() * 3 + 64).min(limit.saturating_add(1)));
    for part in [data, &TAIL] {
        let mut rest = part;
        loop {
            if out.len() == out.capacity() {
                let room = GROWTH.max(out.len()).min(limit.saturating_add(1) - out.len());
                out.reserve_exact(room);
            }
            let (read, written) = (stream.total_in(), out.len());
            let Ok(status) = stream.decompress_vec(rest, &mut out, FlushDecompress::Sync) else {
                return Inflated::Invalid;
            };
            let read = (stream.total_in() - read) as usize;
            rest = &rest[read..];
            if out.len() > limit {
                return Inflated::TooLarge;
            }
            if status == Status::StreamEnd {
                // A sender may end its stream (section 7.2.3.4). The window is lost then, which a sender that keeps its own would
                // notice as a message that can't be inflated; none is known that does both.
                stream.reset(false);
                if rest.is_empty() {
                    return Inflated::Whole(out);
                }
                continue;
            }
            if out.len() < out.capacity() {
                if rest.is_empty() {
                    break;
                }
                if read == 0 && out.len() == written {
                    return Inflated::Invalid;
                }
            }
        }
    }
    Inflated::Whole(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LIMIT: usize = 1024 * 1024;

    #[test]
    fn the_examples_of_the_rfc_inflate() {
        // RFC 7692, section 7.2.3.
        let mut takeover = Inflater::new(15, true);
        let mut alone = Inflater::new(15, false);
        let hello = Inflated::Whole(b"Hello".to_vec());
        let first = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
        assert_eq!(takeover.inflate(&first, LIMIT), hello);
        assert_eq!(takeover.inflate(&[0xf2, 0x00, 0x11, 0x00, 0x00], LIMIT), hello);
        for message in [
            &first[..],
            &[0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00],
            &[0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00],
            &[
                0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00,
            ],
        ] {
            assert_eq!(alone.inflate(message, LIMIT), hello, "{message:x?}");
        }
        assert_eq!(alone.inflate(&[0x00], LIMIT), Inflated::Whole(Vec::new()));
    }

    #[test]
    fn a_bomb_is_stopped_at_the_limit() {
        let bomb = deflate_alone(&vec![0; 64 * LIMIT], 9, 15).unwrap();
        assert!(bomb.len() < LIMIT / 10);
        for takeover in [true, false] {
            let mut inflater = Inflater::new(15, takeover);
            assert_eq!(inflater.inflate(&bomb, LIMIT), Inflated::TooLarge);
        }
        let fits = deflate_alone(&vec![0; LIMIT], 9, 15).unwrap();
        let mut inflater = Inflater::new(15, false);
        assert_eq!(inflater.inflate(&fits, LIMIT), Inflated::Whole(vec![0; LIMIT]));
        assert_eq!(inflater.inflate(&fits, LIMIT - 1), Inflated::TooLarge);
    }

    #[test]
    fn small_messages_are_left_as_they_are() {
        let mut deflater = Deflater::new(3, 15, false, 100);
        assert_eq!(deflater.deflate(&[b'a'; 99]), None);
        assert!(deflater.deflate(&[b'a'; 100]).is_some());
    }

    fn payloads() -> impl Strategy<Value = Vec<Vec<u8>>> {
        let repetitive = (proptest::collection::vec(any::<u8>(), 1..50), 1_usize..2000)
            .prop_map(|(unit, times)| unit.iter().copied().cycle().take(unit.len() * times).collect());
        let random = proptest::collection::vec(any::<u8>(), 0..3000);
        proptest::collection::vec(prop_oneof![repetitive, random], 1..6)
    }

    proptest! {
        #[test]
        fn fuzz_messages_come_back_as_they_went(
            payloads in payloads(), takeover: bool, bits in 9_u8..=15, level in 1_u32..=9,
        ) {
            let mut deflater = Deflater::new(level, bits, takeover, 0);
            let mut inflater = Inflater::new(bits, takeover);
            for payload in payloads {
                if let Some(small) = deflater.deflate(&payload) {
                    prop_assert_eq!(inflater.inflate(&small, LIMIT), Inflated::Whole(payload));
                }
            }
        }

        #[test]
        fn fuzz_anything_may_be_inflated(
            parts in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..200), 1..5),
            takeover: bool,
        ) {
            let mut inflater = Inflater::new(15, takeover);
            for part in parts {
                if let Inflated::Whole(data) = inflater.inflate(&part, 5000) {
                    prop_assert!(data.len() <= 5000);
                }
            }
        }
    }
}
