//! The limits of WebSockets, and their defaults.

use std::time::Duration;

/// What a server or a client allows on a WebSocket, and how it keeps one alive.
///
/// Every value has a safe default and a method that changes it.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use nuages_protocol::websocket::{Compression, WebSocketConfig};
///
/// let config = WebSocketConfig::new()
///     .max_message_size(64 * 1024)
///     .ping_interval(Duration::from_secs(5))
///     .compression(Compression::disabled());
/// # let _ = config;
/// ```
#[derive(Clone, Debug)]
pub struct WebSocketConfig {
    pub(crate) max_message_size: usize,
    pub(crate) max_frame_size: usize,
    pub(crate) send_buffer: usize,
    pub(crate) receive_buffer: usize,
    pub(crate) ping_interval: Option<Duration>,
    pub(crate) ping_timeout: Duration,
    pub(crate) close_timeout: Duration,
    pub(crate) handshake_timeout: Duration,
    pub(crate) disconnect_timeout: Duration,
    pub(crate) compression: Compression,
}

impl Default for WebSocketConfig {
    fn default() -> Self {
        Self {
            max_message_size: 1024 * 1024,
            max_frame_size: 1024 * 1024,
            send_buffer: 64 * 1024,
            receive_buffer: 64 * 1024,
            ping_interval: Some(Duration::from_secs(20)),
            ping_timeout: Duration::from_secs(30),
            close_timeout: Duration::from_secs(5),
            handshake_timeout: Duration::from_secs(5),
            disconnect_timeout: Duration::from_secs(10),
            compression: Compression::default(),
        }
    }
}

impl WebSocketConfig {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// How large a message may be in bytes, all its fragments together and inflated. Default: 1 MiB.
    ///
    /// A larger one closes the WebSocket with 1009 as soon as that is clear: a compressed one while it is inflated.
    #[must_use]
    pub fn max_message_size(mut self, bytes: usize) -> Self {
        self.max_message_size = bytes;
        self
    }

    /// How large one frame may be in bytes. Default: 1 MiB. A larger one closes the WebSocket with 1009, at its header.
    #[must_use]
    pub fn max_frame_size(mut self, bytes: usize) -> Self {
        self.max_frame_size = bytes;
        self
    }

    /// How many bytes wait to be sent before `send` waits too. Default: 64 KiB. One message may go beyond it.
    #[must_use]
    pub fn send_buffer(mut self, bytes: usize) -> Self {
        self.send_buffer = bytes;
        self
    }

    /// How many bytes of messages are read ahead of the application. Default: 64 KiB, and 32 messages at most.
    ///
    /// Beyond it nothing is read until the application receives, and the client is held back. Pings are not answered
    /// then either, since they stand in the same queue.
    #[must_use]
    pub fn receive_buffer(mut self, bytes: usize) -> Self {
        self.receive_buffer = bytes;
        self
    }

    /// After how long a silence of the other side a ping is sent. Default: 20 seconds.
    #[must_use]
    pub fn ping_interval(mut self, time: Duration) -> Self {
        self.ping_interval = Some(time);
        self
    }

    /// Sends no pings. A connection that broke without a word is then noticed at the next write, if ever.
    #[must_use]
    pub fn without_pings(mut self) -> Self {
        self.ping_interval = None;
        self
    }

    /// How long after a ping anything has to come, before the connection is given up. Default: 30 seconds.
    #[must_use]
    pub fn ping_timeout(mut self, time: Duration) -> Self {
        self.ping_timeout = time;
        self
    }

    /// How long the other side may take to answer a close. Default: 5 seconds.
    #[must_use]
    pub fn close_timeout(mut self, time: Duration) -> Self {
        self.close_timeout = time;
        self
    }

    /// How long an application may take to accept or deny. Default: 5 seconds. Then the client gets 503, and the
    /// application is cancelled.
    #[must_use]
    pub fn handshake_timeout(mut self, time: Duration) -> Self {
        self.handshake_timeout = time;
        self
    }

    /// How long an application may go on after its WebSocket has ended. Default: 10 seconds. Then it is cancelled: its
    /// future is dropped.
    #[must_use]
    pub fn disconnect_timeout(mut self, time: Duration) -> Self {
        self.disconnect_timeout = time;
        self
    }

    /// Which compression is agreed on. Default: see [`Compression`].
    #[must_use]
    pub fn compression(mut self, compression: Compression) -> Self {
        self.compression = compression;
        self
    }
}

/// How messages are compressed: `permessage-deflate` (RFC 7692), where the other side offers it.
///
/// By default each message is compressed for itself ("no context takeover", both ways), so that an idle connection
/// keeps no compressor, and one compressed message can go to any number of clients. With takeover, messages that
/// resemble each other become smaller, for up to 300 KiB of memory a connection.
///
/// # Examples
///
/// ```
/// use nuages_protocol::websocket::Compression;
///
/// let compression = Compression::new().context_takeover().window_bits(12).threshold(256);
/// # let _ = compression;
/// ```
#[derive(Clone, Debug)]
pub struct Compression {
    pub(crate) enabled: bool,
    pub(crate) takeover: bool,
    pub(crate) window_bits: u8,
    pub(crate) threshold: usize,
    pub(crate) level: u32,
}

impl Default for Compression {
    fn default() -> Self {
        Self {
            enabled: true,
            takeover: false,
            window_bits: 15,
            threshold: 1024,
            level: 3,
        }
    }
}

impl Compression {
    /// The defaults: offered clients get it, without takeover.
    pub fn new() -> Self {
        Self::default()
    }

    /// No compression.
    pub fn disabled() -> Self {
        Self {
            enabled: false,
            ..Self::default()
        }
    }

    /// Keeps the compressors' windows from one message to the next, in both directions.
    #[must_use]
    pub fn context_takeover(mut self) -> Self {
        self.takeover = true;
        self
    }

    /// The base-two logarithm of the largest window, in both directions where the other side agrees. Default: 15, which is 32 KiB.
    ///
    /// # Panics
    ///
    /// If it isn't from 9 to 15. (The RFC knows 8 too, the library below doesn't; a client that insists on it is not compressed for.)
    #[must_use]
    #[track_caller]
    pub fn window_bits(mut self, bits: u8) -> Self {
        assert!((9..=15).contains(&bits), "window bits go from 9 to 15");
        self.window_bits = bits;
        self
    }

    /// From how many bytes on a message is worth compressing. Default: 1024.
    #[must_use]
    pub fn threshold(mut self, bytes: usize) -> Self {
        self.threshold = bytes;
        self
    }

    /// How hard to try, from 1 (fast) to 9. Default: 3, since it happens on the event loop.
    ///
    /// # Panics
    ///
    /// If it isn't from 1 to 9.
    #[must_use]
    #[track_caller]
    pub fn level(mut self, level: u32) -> Self {
        assert!((1..=9).contains(&level), "levels of compression go from 1 to 9");
        self.level = level;
        self
    }
}
