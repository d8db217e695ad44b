//! HTTPS by rustls: certificates from PEM files, read again at SIGHUP.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};

use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        RootCertStore, ServerConfig as RustlsConfig,
        crypto::ring,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
        server::WebPkiClientVerifier,
    },
};
use x509_cert::der::{
    Decode as _,
    pem::{LineEnding, encode_string},
};

use super::{
    ServerConfig,
    error::{Error, Kind},
    listen::Stream,
};
use crate::TlsInfo;

/// An encrypted connection.
pub(super) type TlsStream = tokio_rustls::server::TlsStream<Stream>;

/// Whether a client is asked for a certificate, and let in without one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ClientAuth {
    /// It isn't asked.
    #[default]
    Off,
    /// It is asked, and let in without one.
    Optional,
    /// It isn't let in without one.
    Required,
}

/// How to encrypt, now and after the next SIGHUP.
#[derive(Debug)]
pub(super) struct Tls {
    files: Files,
    current: RwLock<Arc<Current>>,
}

#[derive(Debug)]
struct Files {
    cert: PathBuf,
    key: PathBuf,
    client_ca: Option<PathBuf>,
    client_auth: ClientAuth,
    http2: bool,
}

struct Current {
    acceptor: TlsAcceptor,
    /// The server's certificate in PEM.
    cert: Option<Arc<str>>,
}

impl std::fmt::Debug for Current {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Current").finish_non_exhaustive()
    }
}

impl Tls {
    /// Reads the files that the settings name, if they name any.
    pub(super) fn load(config: &ServerConfig) -> Result<Option<Self>, Error> {
        let (Some(cert), Some(key)) = (&config.tls_cert, &config.tls_key) else {
            return Ok(None);
        };
        let files = Files {
            cert: cert.clone(),
            key: key.clone(),
            client_ca: config.tls_client_ca.clone(),
            client_auth: config.tls_client_auth,
            http2: config.http2,
        };
        Ok(Some(Self {
            current: RwLock::new(Arc::new(files.read()?)),
            files,
        }))
    }

    /// Reads the files again. Where they can't be used, all stays as it is.
    fn reload(&self) {
        match self.files.read() {
            Ok(read) => {
                *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(read);
                tracing::info!(cert = %self.files.cert.display(), "the certificate was read again");
            }
            Err(error) => {
                tracing::error!(%error, "the certificate could not be read again; the old one stays")
            }
        }
    }

    /// Shakes hands with a client.
    pub(super) async fn accept(&self, stream: Stream) -> io::Result<(TlsStream, TlsInfo)> {
        let current = Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner));
        let stream = current.acceptor.accept(stream).await?;
        let connection = stream.get_ref().1;
        let chain = connection.peer_certificates().unwrap_or_default();
        let info = TlsInfo {
            version: connection.protocol_version().map(u16::from),
            cipher_suite: connection
                .negotiated_cipher_suite()
                .map(|suite| u16::from(suite.suite())),
            server_name: connection.server_name().map(Into::into),
            server_cert: current.cert.clone(),
            client_cert_chain: chain.iter().filter_map(pem).collect(),
            client_cert_name: chain.first().and_then(subject),
            client_cert_error: None,
        };
        Ok((stream, info))
    }
}

impl Files {
    fn read(&self) -> Result<Current, Error> {
        let certs = certificates(&self.cert)?;
        let key = private_key(&self.key)?;
        let provider = Arc::new(ring::default_provider());
        let builder = RustlsConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| failure(&self.cert, &error))?;
        let builder = match (self.client_auth, &self.client_ca) {
            (ClientAuth::Off, _) | (_, None) => builder.with_no_client_auth(),
            (auth, Some(path)) => {
                let mut roots = RootCertStore::empty();
                for cert in certificates(path)? {
                    roots.add(cert).map_err(|error| failure(path, &error))?;
                }
                let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
                let verifier = match auth {
                    ClientAuth::Optional => verifier.allow_unauthenticated(),
                    ClientAuth::Off | ClientAuth::Required => verifier,
                };
                builder.with_client_cert_verifier(verifier.build().map_err(|error| failure(path, &error))?)
            }
        };
        let cert = certs.first().and_then(pem).map(Arc::from);
        let mut config = builder
            .with_single_cert(certs, key)
            .map_err(|error| failure(&self.key, &error))?;
        if self.http2 {
            config.alpn_protocols.push(b"h2".to_vec());
        }
        config.alpn_protocols.push(b"http/1.1".to_vec());
        Ok(Current {
            acceptor: TlsAcceptor::from(Arc::new(config)),
            cert,
        })
    }
}

fn failure(path: &Path, problem: &dyn std::fmt::Display) -> Error {
    Kind::Tls {
        path: path.display().to_string(),
        problem: problem.to_string(),
    }
    .into()
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let certs: Result<Vec<_>, _> = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect)
        .map_err(|error| failure(path, &error));
    let certs = certs?;
    if certs.is_empty() {
        return Err(failure(
            path,
            &"it holds no certificate (`-----BEGIN CERTIFICATE-----`)",
        ));
    }
    Ok(certs)
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, Error> {
    let text = fs::read(path).map_err(|error| failure(path, &error))?;
    let says = |words: &str| memchr::memmem::find(&text, words.as_bytes()).is_some();
    if says("BEGIN ENCRYPTED PRIVATE KEY") || says("Proc-Type: 4,ENCRYPTED") {
        let fix = "the key is encrypted; decrypt it by `openssl pkey -in encrypted.pem -out key.pem`, and protect the file by its mode";
        return Err(failure(path, &fix));
    }
    PrivateKeyDer::from_pem_slice(&text)
        .map_err(|_none| failure(path, &"it holds no private key (`-----BEGIN PRIVATE KEY-----`)"))
}

fn pem(cert: &CertificateDer<'_>) -> Option<String> {
    encode_string("CERTIFICATE", LineEnding::LF, cert).ok()
}

/// Whom a certificate is for, as RFC 4514 writes it.
fn subject(cert: &CertificateDer<'_>) -> Option<String> {
    let cert = x509_cert::Certificate::from_der(cert).ok()?;
    Some(cert.tbs_certificate.subject.to_string())
}

/// Reads the files again at each SIGHUP, as long as what is given is held.
pub(super) fn reload_on_sighup(tls: Option<&Arc<Tls>>, signals: bool) -> Result<Option<Reload>, Error> {
    let Some(tls) = tls.filter(|_| signals) else {
        return Ok(None);
    };
    let kind = tokio::signal::unix::SignalKind::hangup();
    let mut hangups = tokio::signal::unix::signal(kind).map_err(Kind::Signals)?;
    let tls = Arc::clone(tls);
    let task = tokio::spawn(async move {
        while hangups.recv().await.is_some() {
            tls.reload();
        }
    });
    Ok(Some(Reload(task.abort_handle())))
}

pub(super) struct Reload(tokio::task::AbortHandle);

impl Drop for Reload {
    fn drop(&mut self) {
        self.0.abort();
    }
}
