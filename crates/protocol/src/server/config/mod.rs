//! The settings of a server: from code, from the environment and from a file, with a safe default for each.

mod error;
mod protocols;
mod sources;
mod value;
#[cfg(feature = "websocket")]
mod websocket;

use std::{path::PathBuf, time::Duration};

pub use self::error::ConfigError;
use self::value::Setting;
use super::{AccessLog, BindAddress, ForwardedHeaders, TrustedPeers};

/// What the parts of the server read of the settings.
pub(super) type Limits = ServerConfig;

/// Makes a field, a method of [`ServerConfig`], the same method of [`Server`](super::Server), and a key, of each setting.
macro_rules! settings {
    (
        // Needed before there is a server.
        $($(#[doc = $doc1:literal])+ $name1:ident: $type1:ty = $default1:expr;)+
        ---
        $($(#[doc = $doc:literal])+ $name:ident: $type:ty = $default:expr;)+
    ) => {
        /// The settings of a server. Every limit has a safe default.
        ///
        /// Each setting is a method here and at [`Server`](super::Server), a variable of the environment (`grace` is
        /// `NUAGES_SERVER_GRACE`) and, with the feature `toml`, a key of the table `[server]` in a TOML file.
        ///
        /// In the environment and in a file, a time is a number of seconds or has a unit (`"500ms"`, `30`, `"2min"`), a size is a
        /// number of bytes or has a unit (`"64KiB"`, `"128MiB"`), and a list is separated by commas, or a list of TOML. All that can't be
        /// used is reported at once, by its key.
        ///
        /// # Examples
        ///
        /// ```
        /// use std::time::Duration;
        /// use nuages_protocol::server::{Server, ServerConfig};
        ///
        /// # #[tokio::main(flavor = "current_thread")]
        /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
        /// let config = ServerConfig::default()
        ///     .bind(["127.0.0.1:0", "[::1]:0"].map(Into::into).into())
        ///     .grace(Duration::from_secs(10))
        ///     .with_environment([("NUAGES_SERVER_MAX_BODY_SIZE".into(), "16MiB".into())])?;
        /// let server = Server::from_config(config).await?;
        /// # drop(server);
        ///
        /// let wrong = [("NUAGES_SERVER_GRACE", "long"), ("NUAGES_SERVER_GRASE", "5")];
        /// let wrong = wrong.map(|(key, value)| (key.into(), value.into()));
        /// let error = ServerConfig::default().with_environment(wrong).unwrap_err();
        /// assert_eq!(error.keys().collect::<Vec<_>>(), ["NUAGES_SERVER_GRACE", "NUAGES_SERVER_GRASE"]);
        /// # Ok(())
        /// # }
        /// ```
        #[derive(Clone, Debug)]
        #[must_use = "settings do nothing until a server has them"]
        pub struct ServerConfig {
            $(pub(super) $name1: $type1,)+
            $(pub(super) $name: $type,)+
        }

        impl Default for ServerConfig {
            fn default() -> Self {
                Self { $($name1: $default1,)+ $($name: $default,)+ }
            }
        }

        impl ServerConfig {
            $(
                $(#[doc = $doc1])+
                pub fn $name1(mut self, value: $type1) -> Self {
                    self.$name1 = value;
                    self
                }
            )+
            $(
                $(#[doc = $doc])+
                pub fn $name(mut self, value: $type) -> Self {
                    self.$name = value;
                    self
                }
            )+

            /// The keys of all settings.
            pub fn keys() -> impl Iterator<Item = &'static str> {
                [$(stringify!($name1),)+ $(stringify!($name)),+].into_iter()
            }

            /// Sets one by its key; `None` if there is none of that name.
            fn set(&mut self, key: &str, values: &[String]) -> Option<Result<(), String>> {
                Some(match key {
                    $(stringify!($name1) => Setting::read(values).map(|value| self.$name1 = value),)+
                    $(stringify!($name) => Setting::read(values).map(|value| self.$name = value),)+
                    _ => return None,
                })
            }

            /// Each key with its value as it would be written in the environment.
            pub fn values(&self) -> Vec<(&'static str, String)> {
                vec![$((stringify!($name1), Setting::show(&self.$name1)),)+ $((stringify!($name), Setting::show(&self.$name))),+]
            }
        }

        impl super::Server {
            $(
                $(#[doc = $doc])+
                pub fn $name(mut self, value: $type) -> Self {
                    self.config = self.config.$name(value);
                    self
                }
            )+
        }
    };
}

settings! {
    /// Where to listen. Default: `127.0.0.1:8000`. [`Server::bind`](super::Server::bind) takes one.
    ///
    /// An address is `127.0.0.1:8000`, `[::]:80` (which takes IPv4 too, where the system does), `localhost:8000`, `unix:/run/shop.sock`, or
    /// `fd:3` for a socket that was inherited; `systemd` takes all those that systemd passes.
    bind: Vec<BindAddress> = vec![BindAddress::from(std::net::SocketAddr::from(([127, 0, 0, 1], 8000)))];
    /// Who may connect to a unix socket, as the mode of its file. Default: `660`.
    unix_mode: Mode = Mode(0o660);
    /// How many connections the system queues until they are accepted. Default: 1024.
    backlog: u32 = 1024;
    ---
    /// How many threads serve, each with a runtime and a listening socket (`SO_REUSEPORT`) of its own. Default: 0, which
    /// serves on the runtime that called [`serve`](super::Server::serve).
    ///
    /// A thread a core spares the hand-over of work between threads. In exchange a connection stays where it was accepted, even
    /// if its thread is busy.
    workers: usize = 0;
    /// Whether to speak HTTP/2 beside HTTP/1.1: by ALPN over TLS, and with clients that begin so ("prior knowledge") without. Default: `true`,
    /// with the feature `http2`.
    http2: bool = cfg!(feature = "http2");
    /// The server's certificate and those that lead from it to an authority, as a PEM file. With it and [`tls_key`](Self::tls_key), every TCP
    /// address is HTTPS. Default: none. SIGHUP reads both files again.
    tls_cert: Option<PathBuf> = None;
    /// The private key of the server's certificate, as a PEM file that is not encrypted. Default: none.
    tls_key: Option<PathBuf> = None;
    /// The authorities that sign the certificates of clients, as a PEM file. Default: none.
    tls_client_ca: Option<PathBuf> = None;
    /// Whether clients are asked for a certificate, and let in without one. Default: `off`.
    ///
    /// A certificate that [`tls_client_ca`](Self::tls_client_ca) doesn't vouch for ends the handshake, asked for or required.
    tls_client_auth: ClientAuth = ClientAuth::Off;
    /// How long a client may take for what comes before HTTP: a TLS handshake, a PROXY header. Default: 10 seconds.
    handshake_timeout: Duration = Duration::from_secs(10);
    /// Which peers are proxies that tell the truth about their clients: addresses, networks, `unix` or `*`. Default: none.
    ///
    /// What a proxy says replaces the scope's `client` and `scheme`. The chain is read from its end: the first address
    /// that is no trusted proxy is the client.
    trusted_proxies: TrustedPeers = TrustedPeers::default();
    /// Which headers a trusted proxy sets: `X-Forwarded-For` and `X-Forwarded-Proto` (`x-forwarded`), or `Forwarded` of
    /// [RFC 7239](https://www.rfc-editor.org/rfc/rfc7239) (`forwarded`). Default: `x-forwarded`.
    ///
    /// Only one kind is read: a proxy overwrites its own kind, and passes on what the client wrote into the other.
    forwarded_headers: ForwardedHeaders = ForwardedHeaders::XForwarded;
    /// Whether each connection begins with a header of the
    /// [PROXY protocol](https://www.haproxy.org/download/2.9/doc/proxy-protocol.txt), version 1 or 2. Default: `false`.
    ///
    /// A connection without it is closed. With [`trusted_proxies`](Self::trusted_proxies), so is one of another peer; without,
    /// make sure that nobody but the proxy reaches the port.
    proxy_protocol: bool = false;
    /// The path below which the application is mounted, such as `/shop`: the scope's `root_path`. Default: none.
    root_path: String = String::new();
    /// How long a client may take to send the head of a request. Default: 10 seconds. The connection is closed after it.
    header_read_timeout: Duration = Duration::from_secs(10);
    /// How long a connection is kept without a request; up to a quarter longer. Default: 75 seconds.
    keep_alive_timeout: Duration = Duration::from_secs(75);
    /// How long the application may have to wait for a request's body in all, besides what
    /// [`min_body_rate`](Self::min_body_rate) allows. Default: 10 seconds. After it the body is an error that is answered with 408.
    body_read_timeout: Duration = Duration::from_secs(10);
    /// How many bytes a second a request's body has to bring, while it is waited for. Default: 240.
    min_body_rate: u32 = 240;
    /// How long a client may take for what was written, if it takes less than [`min_write_rate`](Self::min_write_rate). Default: 30 seconds. The
    /// connection is closed after it, or after twice that where some of it was taken meanwhile.
    write_timeout: Duration = Duration::from_secs(30);
    /// How many bytes a second a client has to take, while there are more to come. Default: 240.
    ///
    /// On HTTP/2 each stream by itself has [`write_timeout`](Self::write_timeout) for a part of its response, and as long again as the part
    /// takes at this rate; a stream that is too slow is reset.
    min_write_rate: u32 = 240;
    /// How many headers a request may have. Default: 100. One with more is answered with 431.
    ///
    /// On HTTP/1 any other number than the default costs an allocation a request.
    max_headers: usize = protocols::MAX_HEADERS;
    /// How large the head of a request may be in bytes, its first line included. Default: 64 KiB. A larger one is answered
    /// with 431.
    max_header_size: usize = 64 * 1024;
    /// How long the target of a request may be in bytes: path and query. Default: 16 KiB. A longer one is answered with 414.
    max_target_size: usize = 16 * 1024;
    /// How large the body of a request may be in bytes. Default: 1 GiB, which is as much as the handler of nuages takes of an upload: an
    /// application's own limits are lower or the same, one by one where they have to be, and whoever raises one above this raises both.
    ///
    /// A request that declares more is answered with 413 without a call of the application. For one that
    /// just sends more, reading the body is an error, answered with 413 too.
    max_body_size: u64 = 1024 * 1024 * 1024;
    /// How many bytes a connection may buffer in each direction. Default: 128 KiB; the least is 8 KiB.
    ///
    /// A head that doesn't fit is too large too, whatever [`max_header_size`](Self::max_header_size) says. Bodies may be
    /// larger: they stream.
    max_buffer_size: usize = 128 * 1024;
    /// How many connections may be open at once. Default: 16,384. Further clients wait in the system's queue until one ends.
    max_connections: usize = 16 * 1024;
    /// After how many requests a connection is closed in order, so that its client spreads its load anew. Default: 100,000; 0 is never.
    max_requests_per_connection: u32 = 100_000;
    /// How many requests may be worked on at once. Default: 16,384; 0 is no limit but those of connections and streams.
    ///
    /// One more is answered with 503 and `Retry-After`. Where there may be no more connections than this, a request of HTTP/1 always has its
    /// place, since its connection has no other, and those of HTTP/2 are counted.
    max_concurrent_requests: usize = 16 * 1024;
    /// How many requests an HTTP/2 connection may have in flight. Default: 128.
    http2_max_streams: u32 = 128;
    /// How many requests that were reset before they were begun an HTTP/2 connection may hold. Default: 20. One that sends more
    /// ([rapid reset](https://nvd.nist.gov/vuln/detail/CVE-2023-44487)) is closed.
    http2_max_resets: usize = 20;
    /// How many bytes an HTTP/2 client may send of a request's body before they are read. Default: 256 KiB.
    http2_stream_window: u32 = 256 * 1024;
    /// How many bytes an HTTP/2 client may send of all bodies before they are read. Default: 1 MiB.
    http2_connection_window: u32 = 1024 * 1024;
    /// How many bytes of a response are kept for an HTTP/2 client that doesn't take them. Default: 128 KiB.
    http2_send_buffer: usize = 128 * 1024;
    /// How often an HTTP/2 client is asked whether it is still there. Default: every 20 seconds; 0 is never.
    http2_ping_interval: Duration = Duration::from_secs(20);
    /// How long an HTTP/2 client may take to say so. Default: 20 seconds. The connection is closed after it.
    http2_ping_timeout: Duration = Duration::from_secs(20);
    /// How long requests in flight may take to finish once the server was asked to stop. Default: 30 seconds.
    ///
    /// What takes longer is dropped, and named in the log.
    grace: Duration = Duration::from_secs(30);
    /// How large a WebSocket's message may be in bytes, all its fragments together and inflated. Default: 1 MiB. A larger one closes it
    /// with 1009.
    websocket_max_message_size: usize = 1024 * 1024;
    /// How large one frame may be in bytes. Default: 1 MiB. A larger one closes the WebSocket with 1009.
    websocket_max_frame_size: usize = 1024 * 1024;
    /// How many bytes wait to be sent on a WebSocket before `send` waits too. Default: 64 KiB.
    websocket_send_buffer: usize = 64 * 1024;
    /// How many bytes of messages are read ahead of the application. Default: 64 KiB.
    websocket_receive_buffer: usize = 64 * 1024;
    /// After how long a silence of the client a ping is sent. Default: 20 seconds; 0 is never.
    websocket_ping_interval: Duration = Duration::from_secs(20);
    /// How long after a ping anything has to come, before a WebSocket is given up. Default: 30 seconds.
    websocket_ping_timeout: Duration = Duration::from_secs(30);
    /// How long a client may take to answer a close. Default: 5 seconds.
    websocket_close_timeout: Duration = Duration::from_secs(5);
    /// How long the application may take to accept or deny a WebSocket. Default: 5 seconds. Then the client gets 503, and the
    /// application is cancelled.
    websocket_handshake_timeout: Duration = Duration::from_secs(5);
    /// How long the application may go on after its WebSocket has ended, before it is cancelled. Default: 10 seconds.
    websocket_disconnect_timeout: Duration = Duration::from_secs(10);
    /// Whether messages are compressed for clients that offer it (`permessage-deflate`,
    /// [RFC 7692](https://www.rfc-editor.org/rfc/rfc7692)). Default: `true`.
    websocket_compression: bool = true;
    /// Whether compressors keep their windows from one message to the next, for up to 300 KiB a connection. Default: `false`.
    websocket_compression_takeover: bool = false;
    /// The base-two logarithm of the largest window, from 9 to 15. Default: 15.
    websocket_compression_window_bits: u32 = 15;
    /// From how many bytes on a message is worth compressing. Default: 1 KiB.
    websocket_compression_threshold: usize = 1024;
    /// How hard to try, from 1 (fast) to 9. Default: 3, since it happens on the event loop.
    websocket_compression_level: u32 = 3;
    /// Whether to call the application's startup and shutdown. Default: `true`.
    lifespan: bool = true;
    /// Whether to write an access log, and how: `common`, `combined` or `json`. Default: `off`. It goes to `tracing` under the target
    /// `nuages::access`.
    access_log: Option<AccessLog> = None;
}

pub use self::value::Mode;
#[cfg(not(feature = "tls"))]
use self::value::NoTls as ClientAuth;
#[cfg(feature = "tls")]
use super::ClientAuth;

impl ServerConfig {
    /// Whether a connection ends with this request.
    pub(super) fn is_last(&self, requests: u32) -> bool {
        self.max_requests_per_connection > 0 && requests >= self.max_requests_per_connection
    }

    /// What no single value shows to be wrong.
    fn problems(&self) -> Vec<(&'static str, String)> {
        let mut problems = Vec::new();
        let mut problem = |wrong: bool, key, text: &str| {
            if wrong {
                problems.push((key, text.to_owned()));
            }
        };
        problem(self.bind.is_empty(), "bind", "needs at least one address");
        problem(
            self.max_connections == 0,
            "max_connections",
            "is at least one connection",
        );
        for (key, time) in [
            ("handshake_timeout", self.handshake_timeout),
            ("header_read_timeout", self.header_read_timeout),
            ("keep_alive_timeout", self.keep_alive_timeout),
            ("write_timeout", self.write_timeout),
        ] {
            problem(time.is_zero(), key, "is longer than no time");
        }
        problem(
            !(9..=15).contains(&self.websocket_compression_window_bits),
            "websocket_compression_window_bits",
            "goes from 9 to 15",
        );
        problem(
            !(1..=9).contains(&self.websocket_compression_level),
            "websocket_compression_level",
            "goes from 1 to 9",
        );
        let root = &self.root_path;
        let is_path = root.is_empty() || (root.starts_with('/') && !root.ends_with('/'));
        problem(
            !is_path,
            "root_path",
            "begins with a slash and doesn't end with one",
        );
        let tls = "needs the feature `tls` of nuages-protocol";
        problem(!cfg!(feature = "tls") && self.tls_cert.is_some(), "tls_cert", tls);
        problem(
            !cfg!(feature = "http2") && self.http2,
            "http2",
            "needs the feature `http2` of nuages-protocol",
        );
        problem(
            self.tls_cert.is_some() && self.tls_key.is_none(),
            "tls_key",
            "is missing: `tls_cert` needs its key",
        );
        problem(
            self.tls_key.is_some() && self.tls_cert.is_none(),
            "tls_cert",
            "is missing: `tls_key` needs its certificate",
        );
        problem(
            self.tls_client_auth != ClientAuth::Off && self.tls_client_ca.is_none(),
            "tls_client_ca",
            "is missing: `tls_client_auth` needs the authorities that sign the clients' certificates",
        );
        problems
    }

    /// Whether the settings can be used together.
    ///
    /// # Errors
    ///
    /// Names all that can't.
    pub fn check(&self) -> Result<(), ConfigError> {
        let mut error = ConfigError::default();
        for (key, text) in self.problems() {
            error.add(key, &text);
        }
        error.or(())
    }
}

#[cfg(test)]
mod tests;
