//! What is known of an encrypted connection: ASGI's `tls` extension.

use std::sync::Arc;

/// What client and server agreed on when the connection was encrypted.
///
/// It is ASGI's `tls` extension, typed. Certificates are PEM texts.
///
/// # Examples
///
/// ```
/// use nuages_protocol::{HttpScope, TlsInfo};
///
/// /// The subject of the client's certificate, such as `CN=ann,O=Books`.
/// fn user(scope: &HttpScope) -> Option<&str> {
///     scope.tls.as_deref()?.client_cert_name.as_deref()
/// }
///
/// let mut scope = HttpScope::default();
/// assert_eq!(user(&scope), None);
/// let mut tls = TlsInfo::default();
/// tls.client_cert_name = Some("CN=ann".into());
/// scope.tls = Some(tls.into());
/// assert_eq!(user(&scope), Some("CN=ann"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TlsInfo {
    /// The version as it is on the wire: `0x0303` is TLS 1.2, `0x0304` is TLS 1.3.
    pub version: Option<u16>,
    /// The number of the cipher suite in
    /// [IANA's list](https://www.iana.org/assignments/tls-parameters/tls-parameters.xhtml#tls-parameters-4).
    pub cipher_suite: Option<u16>,
    /// The name that the client asked for (server name indication).
    pub server_name: Option<Arc<str>>,
    /// The server's own certificate.
    pub server_cert: Option<Arc<str>>,
    /// The client's certificate, and those that lead from it to an authority. Empty if it sent none.
    pub client_cert_chain: Vec<String>,
    /// The subject of the client's certificate, written as RFC 4514 does.
    pub client_cert_name: Option<String>,
    /// Why the client's certificate could not be verified, on a server that lets such clients in. Ours doesn't: the
    /// handshake fails.
    pub client_cert_error: Option<String>,
}
