//! The settings as hyper takes them.

use hyper::server::conn::http1;
use hyper_util::rt::TokioTimer;

use super::ServerConfig;
#[cfg(feature = "http2")]
use crate::server::connection::Streams;

/// hyper's default number. It is left to hyper unless changed, since a set one costs an allocation a request.
pub(super) const MAX_HEADERS: usize = 100;
/// The smallest buffer that hyper takes.
const MIN_BUFFER_SIZE: usize = 8 * 1024;

impl ServerConfig {
    /// hyper's settings for a connection that speaks HTTP/1.
    ///
    /// Without its timer, which would read the clock and allocate for each request: the connection's own does its work. Without
    /// `pipeline_flush`, which lifts the limit of the write buffer: the connection's wire does its work.
    pub(in crate::server) fn http1_builder(&self) -> http1::Builder {
        let mut http1 = http1::Builder::new();
        http1
            .timer(TokioTimer::new())
            .header_read_timeout(None)
            // Small answers are copied into one buffer, which costs less than a list of them. Large ones come in parts (`Outgoing`).
            .writev(false)
            .max_header_size(self.max_header_size)
            .max_buf_size(self.max_buffer_size.max(MIN_BUFFER_SIZE));
        if self.max_headers != MAX_HEADERS {
            http1.max_headers(self.max_headers);
        }
        http1
    }

    /// hyper's settings for a connection that speaks HTTP/2, if any may.
    #[cfg(feature = "http2")]
    pub(in crate::server) fn http2_builder(&self) -> Option<hyper::server::conn::http2::Builder<Streams>> {
        if !self.http2 {
            return None;
        }
        let mut http2 = hyper::server::conn::http2::Builder::new(Streams::new(self));
        http2
            .timer(TokioTimer::new())
            .max_concurrent_streams(self.http2_max_streams)
            .max_pending_accept_reset_streams(self.http2_max_resets)
            .max_header_list_size(u32::try_from(self.max_header_size).unwrap_or(u32::MAX))
            .initial_stream_window_size(self.http2_stream_window)
            .initial_connection_window_size(self.http2_connection_window)
            .max_send_buf_size(self.http2_send_buffer)
            .keep_alive_interval((!self.http2_ping_interval.is_zero()).then_some(self.http2_ping_interval))
            .keep_alive_timeout(self.http2_ping_timeout);
        #[cfg(feature = "websocket")]
        http2.enable_connect_protocol();
        Some(http2)
    }
}
