//! The header of a frame (RFC 6455, section 5.2).

use bytes::{BufMut, BytesMut};

use super::Fault;

/// What a frame is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OpCode {
    Continuation,
    Text,
    Binary,
    Close,
    Ping,
    Pong,
}

impl OpCode {
    fn parse(nibble: u8) -> Option<Self> {
        Some(match nibble {
            0x0 => Self::Continuation,
            0x1 => Self::Text,
            0x2 => Self::Binary,
            0x8 => Self::Close,
            0x9 => Self::Ping,
            0xA => Self::Pong,
            _ => return None,
        })
    }

    fn nibble(self) -> u8 {
        match self {
            Self::Continuation => 0x0,
            Self::Text => 0x1,
            Self::Binary => 0x2,
            Self::Close => 0x8,
            Self::Ping => 0x9,
            Self::Pong => 0xA,
        }
    }

    pub(crate) fn is_control(self) -> bool {
        self.nibble() & 0x8 != 0
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) fin: bool,
    /// The bit that `permessage-deflate` has taken.
    pub(crate) compressed: bool,
    pub(crate) opcode: OpCode,
    pub(crate) mask: Option<[u8; 4]>,
    pub(crate) length: u64,
}

impl Header {
    /// The header of a frame that is a message of its own, without a mask.
    pub(crate) fn new(opcode: OpCode, compressed: bool, length: usize) -> Self {
        Self {
            fin: true,
            compressed,
            opcode,
            mask: None,
            length: length as u64,
        }
    }

    /// The header at the beginning of `bytes` and its length; nothing if more bytes are needed for it.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Option<(Self, usize)>, Fault> {
        let &[first, second, ..] = bytes else {
            // A first byte that no frame begins with is refused without its second.
            if let [first] = bytes {
                Self::check_first(*first)?;
            }
            return Ok(None);
        };
        let opcode = Self::check_first(first)?;
        let fin = first & 0x80 != 0;
        let short = second & 0x7F;
        if opcode.is_control() && (!fin || short > 125) {
            return Err(Fault::protocol("a control frame is fragmented or too long"));
        }
        let mut at = 2;
        let length = match short {
            126 => {
                let Some(bytes) = bytes.get(2..4).and_then(|bytes| <[u8; 2]>::try_from(bytes).ok()) else {
                    return Ok(None);
                };
                at = 4;
                let length = u64::from(u16::from_be_bytes(bytes));
                if length < 126 {
                    return Err(Fault::protocol("a length is not in its shortest form"));
                }
                length
            }
            127 => {
                let Some(bytes) = bytes.get(2..10).and_then(|bytes| <[u8; 8]>::try_from(bytes).ok()) else {
                    return Ok(None);
                };
                at = 10;
                let length = u64::from_be_bytes(bytes);
                if length < 0x1_0000 {
                    return Err(Fault::protocol("a length is not in its shortest form"));
                }
                if length > i64::MAX as u64 {
                    return Err(Fault::protocol("a length has its highest bit set"));
                }
                length
            }
            short => u64::from(short),
        };
        let mut mask = None;
        if second & 0x80 != 0 {
            let Some(key) = bytes
                .get(at..at + 4)
                .and_then(|bytes| <[u8; 4]>::try_from(bytes).ok())
            else {
                return Ok(None);
            };
            mask = Some(key);
            at += 4;
        }
        let header = Self {
            fin,
            compressed: first & 0x40 != 0,
            opcode,
            mask,
            length,
        };
        Ok(Some((header, at)))
    }

    fn check_first(first: u8) -> Result<OpCode, Fault> {
        if first & 0x30 != 0 {
            return Err(Fault::protocol("a reserved bit is set"));
        }
        OpCode::parse(first & 0x0F).ok_or(Fault::protocol("an opcode is not known"))
    }

    pub(crate) fn encoded_len(&self) -> usize {
        let length = match self.length {
            0..126 => 0,
            126..0x1_0000 => 2,
            _ => 8,
        };
        2 + length + if self.mask.is_some() { 4 } else { 0 }
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) {
        let fin = if self.fin { 0x80 } else { 0 };
        let compressed = if self.compressed { 0x40 } else { 0 };
        out.put_u8(fin | compressed | self.opcode.nibble());
        let masked = if self.mask.is_some() { 0x80 } else { 0 };
        match self.length {
            length @ 0..126 => out.put_u8(masked | length as u8),
            length @ 126..0x1_0000 => {
                out.put_u8(masked | 126);
                out.put_u16(length as u16);
            }
            length => {
                out.put_u8(masked | 127);
                out.put_u64(length);
            }
        }
        if let Some(key) = self.mask {
            out.put_slice(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_header_is_read_as_it_was_written_and_not_before_it_is_whole(
            fin: bool, compressed: bool, nibble in 0_u8..3, mask: Option<[u8; 4]>,
            length in prop_oneof![0_u64..200, 65_000..66_000_u64, 0..u64::from(u32::MAX)],
        ) {
            let opcode = OpCode::parse(nibble).unwrap();
            let header = Header { fin, compressed, opcode, mask, length };
            let mut bytes = BytesMut::new();
            header.encode(&mut bytes);
            prop_assert_eq!(bytes.len(), header.encoded_len());
            for end in 0..bytes.len() {
                prop_assert_eq!(Header::parse(&bytes[..end]).unwrap(), None);
            }
            prop_assert_eq!(Header::parse(&bytes).unwrap(), Some((header, bytes.len())));
        }
    }
}
