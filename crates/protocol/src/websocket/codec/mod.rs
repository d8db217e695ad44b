//! Frames: how messages are on the wire (RFC 6455, section 5). No I/O here.

mod decoder;
mod header;
mod mask;

use bytes::{BufMut as _, Bytes, BytesMut};

pub(super) use self::{
    decoder::{Decoder, Event, Fault},
    header::{Header, OpCode},
    mask::mask,
};

/// Which end of the connection this is: a client masks what it sends, a server must not (section 5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Server,
    Client,
}

/// A frame in one piece, not masked.
pub(super) fn whole_frame(opcode: OpCode, compressed: bool, payload: &[u8]) -> Bytes {
    let header = Header::new(opcode, compressed, payload.len());
    let mut frame = BytesMut::with_capacity(header.encoded_len() + payload.len());
    header.encode(&mut frame);
    frame.put_slice(payload);
    frame.freeze()
}

/// A frame in one piece, masked as a client has to.
pub(super) fn masked_frame(opcode: OpCode, compressed: bool, payload: &[u8], key: [u8; 4]) -> Bytes {
    let header = Header {
        mask: Some(key),
        ..Header::new(opcode, compressed, payload.len())
    };
    let mut frame = BytesMut::with_capacity(header.encoded_len() + payload.len());
    header.encode(&mut frame);
    let start = frame.len();
    frame.put_slice(payload);
    mask(&mut frame[start..], key, 0);
    frame.freeze()
}

/// A header alone, for a payload that is sent beside it without a copy.
pub(super) fn bare_header(opcode: OpCode, compressed: bool, length: usize) -> Bytes {
    let header = Header::new(opcode, compressed, length);
    let mut bytes = BytesMut::with_capacity(header.encoded_len());
    header.encode(&mut bytes);
    bytes.freeze()
}

/// The payload of a close frame.
pub(super) fn close_payload(code: u16, reason: &str) -> Vec<u8> {
    let mut payload = code.to_be_bytes().to_vec();
    payload.extend_from_slice(reason.as_bytes());
    payload
}
