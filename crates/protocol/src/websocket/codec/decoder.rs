//! Bytes in, messages out: whatever the cuts between frames, and between reads.

use std::{
    io,
    pin::pin,
    str,
    task::{Context, Poll, ready},
};

use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt as _};

use super::{Header, OpCode, Role, mask};
use crate::websocket::{
    CloseFrame, Message, WebSocketConfig,
    close::may_be_sent,
    close_code,
    deflate::{Inflated, Inflater},
};

/// What is read at once, and what an idle connection keeps.
const READ_BUFFER: usize = 4 * 1024;
/// How much of a large frame is made room for at once: what a header declares is a promise only.
const LARGE_READ: usize = 64 * 1024;
/// A smaller payload is copied out, so that the read buffer stays its owner's.
const SMALL: usize = 2 * 1024;
/// The longest payload of a control frame.
const MAX_CONTROL: usize = 125;

/// What has come.
#[derive(Debug)]
pub(crate) enum Event {
    Message(Message),
    Ping(Bytes),
    Pong,
    Close(CloseFrame),
}

/// What the other side did wrong, as it is told: the code and the reason of a close.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) code: u16,
    pub(crate) reason: &'static str,
}

impl Fault {
    pub(super) const fn protocol(reason: &'static str) -> Self {
        Self {
            code: close_code::PROTOCOL_ERROR,
            reason,
        }
    }

    const TOO_BIG: Self = Self {
        code: close_code::TOO_BIG,
        reason: "a message is too big",
    };
    const NOT_UTF8: Self = Self {
        code: close_code::INVALID_DATA,
        reason: "a text is not valid UTF-8",
    };
    const NOT_DEFLATE: Self = Self {
        code: close_code::INVALID_DATA,
        reason: "a message can't be inflated",
    };
}

/// Reads frames and puts messages together.
#[derive(Debug)]
pub(crate) struct Decoder {
    role: Role,
    max_message: usize,
    max_frame: usize,
    inflater: Option<Inflater>,
    buffer: BytesMut,
    /// The data frame in whose payload we are.
    frame: Option<Payload>,
    /// The message in which we are, from its first frame to its last.
    message: Option<Partial>,
}

#[derive(Debug)]
struct Payload {
    remaining: usize,
    mask: Option<[u8; 4]>,
    /// How much of the payload has been unmasked, modulo 4.
    offset: usize,
    fin: bool,
}

#[derive(Debug)]
struct Partial {
    text: bool,
    compressed: bool,
    data: Vec<u8>,
    /// How much of the data is known to be UTF-8.
    valid: usize,
}

impl Decoder {
    pub(crate) fn new(role: Role, config: &WebSocketConfig, inflater: Option<Inflater>) -> Self {
        Self {
            role,
            max_message: config.max_message_size,
            max_frame: config.max_frame_size,
            inflater,
            buffer: BytesMut::new(),
            frame: None,
            message: None,
        }
    }

    /// Takes bytes that somebody else has read already.
    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// Reads what has come; 0 at the end. To be called when [`next`](Self::next) has nothing more.
    pub(crate) fn poll_fill(
        &mut self,
        io: &mut (impl AsyncRead + Unpin + ?Sized),
        cx: &mut Context<'_>,
    ) -> Poll<Result<io::Result<usize>, Fault>> {
        if let (Some(frame), Some(message)) = (&mut self.frame, &mut self.message)
            && frame.remaining > READ_BUFFER
            && self.buffer.is_empty()
        {
            // The middle of a large frame goes to where it belongs, without a copy.
            let start = message.data.len();
            let room = frame.remaining.min(LARGE_READ);
            message.data.reserve(room);
            let mut part = (&mut message.data).limit(room);
            let result = ready!(pin!(io.read_buf(&mut part)).poll(cx));
            frame.took(&mut message.data[start..]);
            message.check()?;
            return Poll::Ready(Ok(result));
        }
        self.buffer.reserve(READ_BUFFER);
        let capacity = self.buffer.capacity() - self.buffer.len();
        let mut part = (&mut self.buffer).limit(capacity.min(2 * READ_BUFFER));
        Poll::Ready(Ok(ready!(pin!(io.read_buf(&mut part)).poll(cx))))
    }

    /// The next thing that is whole; nothing if more bytes are needed for it.
    pub(crate) fn next(&mut self) -> Result<Option<Event>, Fault> {
        loop {
            if let Some(frame) = &mut self.frame {
                let Some(message) = &mut self.message else {
                    unreachable!("a data frame belongs to a message")
                };
                let length = frame.remaining.min(self.buffer.len());
                if length > 0 {
                    let start = message.data.len();
                    message.data.extend_from_slice(&self.buffer[..length]);
                    self.buffer.advance(length);
                    frame.took(&mut message.data[start..]);
                    message.check()?;
                }
                if frame.remaining > 0 {
                    return Ok(None);
                }
                let fin = frame.fin;
                self.frame = None;
                if fin && let Some(message) = self.message.take() {
                    return self.finish(message).map(Some);
                }
                continue;
            }
            let Some((header, length)) = Header::parse(&self.buffer)? else {
                return Ok(None);
            };
            self.check(&header)?;
            if header.opcode.is_control() {
                return self.control(&header, length);
            }
            if let Some(message) = self.data(&header, length)? {
                return Ok(Some(Event::Message(message)));
            }
        }
    }

    /// What is wrong with a header here and now.
    fn check(&self, header: &Header) -> Result<(), Fault> {
        if header.mask.is_some() != (self.role == Role::Server) {
            return Err(Fault::protocol(match self.role {
                Role::Server => "a frame of a client is not masked",
                Role::Client => "a frame of a server is masked",
            }));
        }
        let begins = matches!(header.opcode, OpCode::Text | OpCode::Binary);
        if header.compressed && !(begins && self.inflater.is_some()) {
            return Err(Fault::protocol("a reserved bit is set"));
        }
        match header.opcode {
            OpCode::Continuation if self.message.is_none() => {
                return Err(Fault::protocol("there is no message to continue"));
            }
            OpCode::Text | OpCode::Binary if self.message.is_some() => {
                return Err(Fault::protocol("a message begins inside another"));
            }
            _ => {}
        }
        if !header.opcode.is_control() {
            let before = self.message.as_ref().map_or(0, |message| message.data.len());
            let room = self.max_frame.min(self.max_message.saturating_sub(before));
            if header.length > room as u64 {
                return Err(Fault::TOO_BIG);
            }
        }
        Ok(())
    }

    fn control(&mut self, header: &Header, header_length: usize) -> Result<Option<Event>, Fault> {
        let length = header.length as usize;
        if self.buffer.len() < header_length + length {
            return Ok(None);
        }
        self.buffer.advance(header_length);
        let mut payload = [0; MAX_CONTROL];
        let payload = &mut payload[..length];
        self.buffer.copy_to_slice(payload);
        if let Some(key) = header.mask {
            mask(payload, key, 0);
        }
        Ok(Some(match header.opcode {
            OpCode::Ping => Event::Ping(Bytes::copy_from_slice(payload)),
            OpCode::Close => Event::Close(close_frame(payload)?),
            _ => Event::Pong,
        }))
    }

    /// Begins a data frame; gives the message at once where that is all of it and it is all there.
    fn data(&mut self, header: &Header, header_length: usize) -> Result<Option<Message>, Fault> {
        let length = header.length as usize;
        let text = header.opcode == OpCode::Text;
        let whole = header.fin
            && !header.compressed
            && self.message.is_none()
            && self.buffer.len() >= header_length + length;
        self.buffer.advance(header_length);
        if whole {
            let payload = &mut self.buffer[..length];
            if let Some(key) = header.mask {
                mask(payload, key, 0);
            }
            if text {
                let text = str::from_utf8(payload).map_err(|_| Fault::NOT_UTF8)?.to_owned();
                self.buffer.advance(length);
                return Ok(Some(Message::Text(text)));
            }
            return Ok(Some(Message::Binary(if length < SMALL {
                let bytes = Bytes::copy_from_slice(payload);
                self.buffer.advance(length);
                bytes
            } else {
                self.buffer.split_to(length).freeze()
            })));
        }
        self.message.get_or_insert_with(|| Partial {
            text,
            compressed: header.compressed,
            data: Vec::new(),
            valid: 0,
        });
        self.frame = Some(Payload {
            remaining: length,
            mask: header.mask,
            offset: 0,
            fin: header.fin,
        });
        Ok(None)
    }

    fn finish(&mut self, message: Partial) -> Result<Event, Fault> {
        let mut data = message.data;
        if message.compressed {
            let Some(inflater) = &mut self.inflater else {
                unreachable!("the bit of a compressed message was checked")
            };
            data = match inflater.inflate(&data, self.max_message) {
                Inflated::Whole(data) => data,
                Inflated::TooLarge => return Err(Fault::TOO_BIG),
                Inflated::Invalid => return Err(Fault::NOT_DEFLATE),
            };
        }
        Ok(Event::Message(if message.text {
            Message::Text(String::from_utf8(data).map_err(|_| Fault::NOT_UTF8)?)
        } else {
            Message::Binary(data.into())
        }))
    }
}

impl Payload {
    /// Unmasks the next part of the payload, and counts it.
    fn took(&mut self, part: &mut [u8]) {
        if let Some(key) = self.mask {
            mask(part, key, self.offset);
        }
        self.offset = (self.offset + part.len()) % 4;
        self.remaining -= part.len();
    }
}

impl Partial {
    /// Fails at the first byte that can't be UTF-8, without waiting for the message's end.
    fn check(&mut self) -> Result<(), Fault> {
        if !self.text || self.compressed {
            return Ok(());
        }
        match str::from_utf8(&self.data[self.valid..]) {
            Ok(_) => self.valid = self.data.len(),
            Err(error) if error.error_len().is_none() => self.valid += error.valid_up_to(),
            Err(_) => return Err(Fault::NOT_UTF8),
        }
        Ok(())
    }
}

fn close_frame(payload: &[u8]) -> Result<CloseFrame, Fault> {
    match payload {
        [] => Ok(CloseFrame::new(close_code::NO_STATUS, "")),
        [_] => Err(Fault::protocol("a close code is cut off")),
        [high, low, reason @ ..] => {
            let code = u16::from_be_bytes([*high, *low]);
            if !may_be_sent(code) {
                return Err(Fault::protocol("a close code is not valid"));
            }
            let reason = str::from_utf8(reason).map_err(|_| Fault::NOT_UTF8)?;
            Ok(CloseFrame::new(code, reason))
        }
    }
}
