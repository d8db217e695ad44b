//! The settings of WebSockets, as one value.

use std::time::Duration;

use crate::{
    server::{Server, ServerConfig},
    websocket::{Compression, WebSocketConfig},
};

impl ServerConfig {
    /// All settings of WebSockets at once, in place of those whose names begin with `websocket_`.
    pub fn websocket(mut self, config: &WebSocketConfig) -> Self {
        self.websocket_max_message_size = config.max_message_size;
        self.websocket_max_frame_size = config.max_frame_size;
        self.websocket_send_buffer = config.send_buffer;
        self.websocket_receive_buffer = config.receive_buffer;
        self.websocket_ping_interval = config.ping_interval.unwrap_or(Duration::ZERO);
        self.websocket_ping_timeout = config.ping_timeout;
        self.websocket_close_timeout = config.close_timeout;
        self.websocket_handshake_timeout = config.handshake_timeout;
        self.websocket_disconnect_timeout = config.disconnect_timeout;
        self.websocket_compression = config.compression.enabled;
        self.websocket_compression_takeover = config.compression.takeover;
        self.websocket_compression_window_bits = config.compression.window_bits.into();
        self.websocket_compression_threshold = config.compression.threshold;
        self.websocket_compression_level = config.compression.level;
        self
    }

    /// What the connections are given.
    pub(in crate::server) fn for_websockets(&self) -> WebSocketConfig {
        let ping = self.websocket_ping_interval;
        WebSocketConfig {
            max_message_size: self.websocket_max_message_size,
            max_frame_size: self.websocket_max_frame_size,
            send_buffer: self.websocket_send_buffer,
            receive_buffer: self.websocket_receive_buffer,
            ping_interval: (!ping.is_zero()).then_some(ping),
            ping_timeout: self.websocket_ping_timeout,
            close_timeout: self.websocket_close_timeout,
            handshake_timeout: self.websocket_handshake_timeout,
            disconnect_timeout: self.websocket_disconnect_timeout,
            compression: Compression {
                enabled: self.websocket_compression,
                takeover: self.websocket_compression_takeover,
                // `check` has seen to both.
                window_bits: self.websocket_compression_window_bits.clamp(9, 15) as u8,
                threshold: self.websocket_compression_threshold,
                level: self.websocket_compression_level.clamp(1, 9),
            },
        }
    }
}

impl Server {
    /// All settings of WebSockets at once, in place of those whose names begin with `websocket_`.
    pub fn websocket(mut self, config: &WebSocketConfig) -> Self {
        self.config = self.config.websocket(config);
        self
    }
}
