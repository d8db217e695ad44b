//! The limits of a server, and their defaults.

use std::time::Duration;

use hyper::server::conn::http1;
use hyper_util::rt::TokioTimer;

/// hyper's default number. It is left to hyper unless changed, since a set one costs an allocation a request.
pub(super) const MAX_HEADERS: usize = 100;
/// The smallest buffer that hyper takes.
pub(super) const MIN_BUFFER_SIZE: usize = 8 * 1024;

#[derive(Clone, Debug)]
pub(super) struct Config {
    pub(super) grace: Duration,
    pub(super) header_read_timeout: Duration,
    pub(super) max_headers: usize,
    pub(super) max_header_size: usize,
    pub(super) max_buffer_size: usize,
    pub(super) max_connections: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            grace: Duration::from_secs(30),
            header_read_timeout: Duration::from_secs(30),
            max_headers: MAX_HEADERS,
            max_header_size: 64 * 1024,
            max_buffer_size: 128 * 1024,
            max_connections: 16 * 1024,
        }
    }
}

impl Config {
    /// hyper's settings for a connection that speaks HTTP/1.
    ///
    /// Without `pipeline_flush`, which lifts the limit of the write buffer: `cork` does its work.
    pub(super) fn http1(&self) -> http1::Builder {
        let mut http1 = http1::Builder::new();
        http1
            .timer(TokioTimer::new())
            .header_read_timeout(self.header_read_timeout)
            .max_header_size(self.max_header_size)
            .max_buf_size(self.max_buffer_size);
        if self.max_headers != MAX_HEADERS {
            http1.max_headers(self.max_headers);
        }
        http1
    }
}
