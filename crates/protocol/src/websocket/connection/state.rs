//! The state of a connection, and its rules.

use std::{
    collections::VecDeque,
    fmt, mem,
    pin::pin,
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use tokio::{io::AsyncReadExt as _, time::Instant};

use super::{BoxTransport, outbox::Outbox, pinned};
use crate::websocket::{
    CloseFrame, Message, PreparedMessage, WebSocketConfig,
    client::Masks,
    close_code,
    codec::{self, Decoder, Event, Fault, OpCode, Role},
    deflate::{Agreed, Deflater, Inflater},
};

/// How many messages are read ahead, however small.
const MAX_AHEAD: usize = 32;
/// From here on a payload is sent from where it is, with its header beside it.
const LARGE: usize = 4 * 1024;

/// How far the connection has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Messages go both ways.
    Open,
    /// We sent a close; what the other side sent before its own still counts.
    Closing,
    /// No frame counts any more. What waits is written, then the transport is closed.
    Ending,
    /// The transport is gone.
    Done,
}

pub(in crate::websocket) struct State {
    io: Option<BoxTransport>,
    /// Wakes the driver and the receiver.
    waker: Waker,
    phase: Phase,
    decoder: Decoder,
    deflater: Option<Deflater>,
    /// There at a client, which has to mask.
    masks: Option<Masks>,
    inbox: VecDeque<Message>,
    inbox_bytes: usize,
    max_ahead: usize,
    outbox: Outbox,
    max_waiting: usize,
    senders: Vec<Waker>,
    /// The last ping that came while too much waited to answer it.
    unanswered: Option<Bytes>,
    /// What is wrong behind the messages that wait to be received, which are answered first.
    fault: Option<Fault>,
    close_sent: bool,
    ended: Option<CloseFrame>,
    receiving: bool,
    pub(super) handles: usize,
    /// When anything came last.
    pub(super) heard: Instant,
    /// Whether nothing was read because the application didn't receive.
    pub(super) held_back: bool,
    /// Whether our half of the transport is closed.
    shut: bool,
}

impl State {
    pub(super) fn new(
        io: BoxTransport,
        role: Role,
        config: &WebSocketConfig,
        agreed: Option<Agreed>,
        read: &[u8],
        waker: Waker,
    ) -> Self {
        let (mut deflater, mut inflater) = (None, None);
        if let Some(agreed) = agreed {
            let server = (agreed.server_bits, agreed.server_takeover);
            let client = (agreed.client_bits, agreed.client_takeover);
            let (ours, theirs) = match role {
                Role::Server => (server, client),
                Role::Client => (client, server),
            };
            let compression = &config.compression;
            deflater = Some(Deflater::new(
                compression.level,
                ours.0,
                ours.1,
                compression.threshold,
            ));
            inflater = Some(Inflater::new(theirs.0, theirs.1));
        }
        let mut decoder = Decoder::new(role, config, inflater);
        decoder.feed(read);
        Self {
            io: Some(io),
            waker,
            phase: Phase::Open,
            decoder,
            deflater,
            masks: (role == Role::Client).then(Masks::default),
            inbox: VecDeque::new(),
            inbox_bytes: 0,
            max_ahead: config.receive_buffer,
            outbox: Outbox::default(),
            max_waiting: config.send_buffer,
            senders: Vec::new(),
            unanswered: None,
            fault: None,
            close_sent: false,
            ended: None,
            receiving: true,
            handles: 0,
            heard: Instant::now(),
            held_back: false,
            shut: false,
        }
    }

    pub(super) fn phase(&self) -> Phase {
        self.phase
    }

    pub(super) fn ended(&self) -> Option<&CloseFrame> {
        self.ended.as_ref()
    }

    // Receiving.

    pub(super) fn take_message(&mut self) -> Option<Message> {
        let message = self.inbox.pop_front()?;
        self.inbox_bytes -= message.len();
        if self.inbox.is_empty() {
            self.inbox.shrink_to(0);
        }
        Some(message)
    }

    pub(super) fn inbox_is_full(&self) -> bool {
        self.inbox.len() >= MAX_AHEAD || self.inbox_bytes >= self.max_ahead && !self.inbox.is_empty()
    }

    pub(super) fn has_message(&self) -> bool {
        !self.inbox.is_empty()
    }

    /// Whether there is nothing left to receive.
    pub(super) fn is_over(&self) -> bool {
        self.inbox.is_empty() && self.ended.is_some()
    }

    pub(super) fn stop_receiving(&mut self) {
        self.receiving = false;
        self.inbox = VecDeque::new();
        self.inbox_bytes = 0;
    }

    /// Reads as far as it goes, or as the application lets it.
    pub(super) fn read(&mut self) {
        while matches!(self.phase, Phase::Open | Phase::Closing) {
            if let Some(fault) = self.fault {
                if self.inbox.is_empty() {
                    self.fail(fault);
                }
                break;
            }
            if self.inbox_is_full() {
                self.held_back = true;
                break;
            }
            match self.decoder.next() {
                Ok(Some(event)) => {
                    self.handle(event);
                    continue;
                }
                Ok(None) => {}
                Err(fault) => {
                    self.fault = Some(fault);
                    continue;
                }
            }
            let Some(io) = &mut self.io else { break };
            let mut cx = Context::from_waker(&self.waker);
            match self.decoder.poll_fill(&mut **io, &mut cx) {
                Poll::Pending => break,
                Poll::Ready(Ok(Ok(1..))) => self.heard = Instant::now(),
                Poll::Ready(Ok(Ok(0) | Err(_))) => return self.lose("the connection ended without a close"),
                Poll::Ready(Err(fault)) => self.fault = Some(fault),
            }
        }
    }

    /// Whether the driver has something to do that the transport doesn't tell it of.
    pub(super) fn needs_driver(&self) -> bool {
        self.outbox.bytes() > 0 || matches!(self.phase, Phase::Ending | Phase::Done)
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Message(message) if self.receiving => {
                self.inbox_bytes += message.len();
                self.inbox.push_back(message);
            }
            Event::Message(_) | Event::Pong => {}
            // After our close nothing may follow (RFC 6455, section 5.5.1).
            Event::Ping(_) if self.close_sent => {}
            Event::Ping(payload) if self.outbox_is_full() => self.unanswered = Some(payload),
            Event::Ping(payload) => self.push_control(OpCode::Pong, &payload),
            Event::Close(frame) => {
                if !self.close_sent {
                    self.close_sent = true;
                    let payload = match frame.code {
                        close_code::NO_STATUS => Vec::new(),
                        code => codec::close_payload(code, ""),
                    };
                    self.push_control(OpCode::Close, &payload);
                }
                self.end(frame);
                self.phase = Phase::Ending;
            }
        }
    }

    // Sending.

    /// Why nothing can be sent any more.
    pub(super) fn closed(&self) -> Option<CloseFrame> {
        match &self.ended {
            Some(frame) => Some(frame.clone()),
            None => self
                .close_sent
                .then(|| CloseFrame::new(close_code::NORMAL, "it was closed from here")),
        }
    }

    pub(super) fn outbox_is_full(&self) -> bool {
        self.outbox.bytes() >= self.max_waiting
    }

    /// How many bytes wait to be written.
    pub(super) fn waiting(&self) -> usize {
        self.outbox.bytes()
    }

    pub(super) fn wait_for_room(&mut self, waker: &Waker) {
        if !self.senders.iter().any(|known| known.will_wake(waker)) {
            self.senders.push(waker.clone());
        }
    }

    pub(super) fn push(&mut self, message: Message) {
        let (opcode, payload) = message.into_parts();
        self.push_data(opcode, payload);
    }

    fn push_data(&mut self, opcode: OpCode, payload: Bytes) {
        let small = self
            .deflater
            .as_mut()
            .and_then(|deflater| deflater.deflate(&payload));
        let compressed = small.is_some();
        let payload = small.map_or(payload, Bytes::from);
        if let Some(masks) = &mut self.masks {
            let frame = codec::masked_frame(opcode, compressed, &payload, masks.next());
            self.outbox.push(frame);
        } else if payload.len() < LARGE {
            self.outbox.push(codec::whole_frame(opcode, compressed, &payload));
        } else {
            self.outbox
                .push(codec::bare_header(opcode, compressed, payload.len()));
            self.outbox.push(payload);
        }
    }

    pub(super) fn push_prepared(&mut self, message: &PreparedMessage) {
        let shared = match (&self.masks, &self.deflater) {
            (Some(_), _) => None,
            (None, None) => Some(message.plain()),
            (None, Some(deflater)) if message.payload().len() < deflater.threshold() => Some(message.plain()),
            (None, Some(deflater)) => deflater.takes_shared().map(|level| message.deflated(level)),
        };
        match shared {
            Some(frame) => self.outbox.push(frame.clone()),
            None => self.push_data(message.opcode(), message.payload().clone()),
        }
    }

    pub(super) fn push_ping(&mut self) {
        self.push_control(OpCode::Ping, b"");
    }

    fn push_control(&mut self, opcode: OpCode, payload: &[u8]) {
        let frame = match &mut self.masks {
            Some(masks) => codec::masked_frame(opcode, false, payload, masks.next()),
            None => codec::whole_frame(opcode, false, payload),
        };
        self.outbox.push(frame);
    }

    // Ending.

    /// Begins to close from here.
    pub(super) fn close(&mut self, code: u16, reason: &str) {
        if self.close_sent || self.phase != Phase::Open {
            return;
        }
        self.close_sent = true;
        self.push_control(OpCode::Close, &codec::close_payload(code, reason));
        self.phase = Phase::Closing;
        self.wake_senders();
    }

    /// Says that it is over, for the application; the first to say so is right.
    pub(super) fn end(&mut self, frame: CloseFrame) {
        self.ended.get_or_insert(frame);
        self.wake_senders();
    }

    /// Ends it because the other side broke the protocol.
    fn fail(&mut self, fault: Fault) {
        if !self.close_sent {
            self.close_sent = true;
            self.push_control(OpCode::Close, &codec::close_payload(fault.code, fault.reason));
        }
        self.end(CloseFrame::new(fault.code, fault.reason));
        self.phase = Phase::Ending;
    }

    /// Ends it because the transport, or whoever is behind it, is gone.
    pub(super) fn lose(&mut self, reason: &'static str) {
        self.end(CloseFrame::new(close_code::ABNORMAL, reason));
        self.phase = Phase::Done;
        self.io = None;
        self.outbox.clear();
    }

    /// Writes as far as it goes; then, at the end, closes the transport.
    pub(super) fn write(&mut self) {
        let Some(io) = &mut self.io else { return };
        let mut cx = Context::from_waker(&self.waker);
        let written = self.outbox.poll_write(io, &mut cx);
        let full = self.outbox.bytes() > self.max_waiting / 2;
        if !full {
            if let Some(payload) = self.unanswered.take()
                && !self.close_sent
            {
                self.push_control(OpCode::Pong, &payload);
                return self.write();
            }
            self.wake_senders();
        }
        match written {
            Poll::Ready(Ok(())) if self.phase == Phase::Ending => self.shut(),
            Poll::Ready(Ok(())) | Poll::Pending => {}
            Poll::Ready(Err(_)) => self.lose("the connection broke"),
        }
    }

    /// Closes our half, and waits for the other to do the same. A transport that is dropped with bytes unread is reset, and takes our
    /// last words with it.
    fn shut(&mut self) {
        let Some(io) = &mut self.io else { return };
        let mut cx = Context::from_waker(&self.waker);
        if !self.shut {
            match pinned(io).poll_shutdown(&mut cx) {
                Poll::Pending => return,
                Poll::Ready(Ok(())) => self.shut = true,
                Poll::Ready(Err(_)) => return self.lose("the connection broke"),
            }
        }
        let mut sink = [0; 1024];
        // What is thrown away in one turn is bounded, so that a flood can't hold up the thread.
        for _ in 0..64 {
            match pin!(io.read(&mut sink)).poll(&mut cx) {
                Poll::Pending => return,
                Poll::Ready(Ok(1..)) => {}
                Poll::Ready(Ok(0) | Err(_)) => return self.lose(""),
            }
        }
        self.waker.wake_by_ref();
    }

    fn wake_senders(&mut self) {
        for waker in mem::take(&mut self.senders) {
            waker.wake();
        }
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State")
            .field("phase", &self.phase)
            .finish_non_exhaustive()
    }
}
