//! HTTPS: what is agreed on, certificates of clients, and files that can't be used.

use std::{path::PathBuf, sync::Arc, time::Duration};

use nuages_protocol::{
    Application, Response, app_fn,
    server::{ClientAuth, Server, ServerConfig},
};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{
        ClientConfig, RootCertStore,
        crypto::ring,
        pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName},
    },
};

use crate::support::{Client, Log, Running};

/// An authority, and the files of a server whose certificate it has signed.
struct Files {
    folder: TempDir,
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Files {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params
            .distinguished_name
            .push(DnType::CommonName, "the authority");
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let files = Self {
            folder: tempfile::tempdir().unwrap(),
            issuer,
        };
        files.write("ca.pem", &files.issuer.pem());
        files.renew();
        files
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    /// Gives the server a new key and a new certificate.
    fn renew(&self) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(["shop.example".to_owned()]).unwrap();
        let cert = params.signed_by(&key, &self.issuer).unwrap();
        self.write("cert.pem", &cert.pem());
        self.write("key.pem", &key.serialize_pem());
    }

    fn config(&self) -> ServerConfig {
        ServerConfig::default()
            .bind(vec!["127.0.0.1:0".into()])
            .tls_cert(Some(self.path("cert.pem")))
            .tls_key(Some(self.path("key.pem")))
    }

    /// A client that offers these protocols, with a certificate of that name from that authority.
    fn client(&self, protocols: &[&str], certificate: Option<(&str, &Self)>) -> TlsConnector {
        let mut roots = RootCertStore::empty();
        roots.add(self.issuer.der().clone()).unwrap();
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        let mut config = match certificate {
            None => builder.with_no_client_auth(),
            Some((name, signer)) => {
                let key = KeyPair::generate().unwrap();
                let mut params = CertificateParams::default();
                params.distinguished_name.push(DnType::CommonName, name);
                let cert: CertificateDer<'static> =
                    params.signed_by(&key, &signer.issuer).unwrap().der().clone();
                let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
                builder.with_client_auth_cert(vec![cert], key).unwrap()
            }
        };
        config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        TlsConnector::from(Arc::new(config))
    }
}

async fn connect(server: &Running, client: &TlsConnector) -> std::io::Result<Client<TlsStream<TcpStream>>> {
    let stream = TcpStream::connect(server.address).await?;
    let name = ServerName::try_from("shop.example").unwrap();
    Ok(Client::of(client.connect(name, stream).await?))
}

const GET: &str = "GET / HTTP/1.1\r\nhost: x\r\n\r\n";

/// Answers with what is known of the encryption.
fn agreed() -> impl Application {
    app_fn(|scope, _| async move {
        let tls = scope.tls.as_deref().ok_or("not encrypted")?;
        let text = format!(
            "{} {:#06x} {} {} server={} chain={} name={}",
            scope.scheme,
            tls.version.unwrap_or_default(),
            tls.cipher_suite.is_some_and(|suite| suite > 0x1300),
            tls.server_name.as_deref().unwrap_or("-"),
            tls.server_cert
                .as_deref()
                .unwrap_or("-")
                .starts_with("-----BEGIN CERTIFICATE-----"),
            tls.client_cert_chain.len(),
            tls.client_cert_name.as_deref().unwrap_or("-"),
        );
        Ok(Response::new(text.into()))
    })
}

#[tokio::test]
async fn the_scope_tells_what_was_agreed_on() {
    let files = Files::new();
    let server = Running::start_config(agreed(), files.config()).await;
    let mut client = connect(&server, &files.client(&["http/1.1"], None))
        .await
        .unwrap();
    for _ in 0..2 {
        client.send(GET).await;
        let answer = client.answer().await;
        assert_eq!(
            answer.body,
            "https 0x0304 true shop.example server=true chain=0 name=-"
        );
    }
    server.stop().await.unwrap();
}

#[cfg(feature = "http2")]
#[tokio::test]
async fn http_2_is_agreed_on_by_alpn() {
    let files = Files::new();
    let server = Running::start_config(agreed(), files.config()).await;
    let client = connect(&server, &files.client(&["h2", "http/1.1"], None))
        .await
        .unwrap();
    let (mut requests, connection) = h2::client::handshake(client.stream).await.unwrap();
    let connection = tokio::spawn(connection);
    let request = http::Request::get("https://shop.example/").body(()).unwrap();
    let response = requests.send_request(request, true).unwrap().0.await.unwrap();
    let body = response.into_body().data().await.unwrap().unwrap();
    assert!(body.starts_with(b"https 0x0304"));
    drop(requests);
    connection.await.unwrap().unwrap();

    // Without it in the settings, it isn't offered.
    let server = Running::start_config(agreed(), files.config().http2(false)).await;
    let mut client = connect(&server, &files.client(&["h2", "http/1.1"], None))
        .await
        .unwrap();
    assert_eq!(
        client.stream.get_ref().1.alpn_protocol(),
        Some(b"http/1.1".as_slice())
    );
    client.send(GET).await;
    assert_eq!(client.answer().await.status, 200);
}

#[tokio::test]
async fn a_large_body_goes_both_ways_encrypted() {
    let files = Files::new();
    let app = app_fn(|_, body| async move { Ok(Response::new(body)) });
    let server = Running::start_config(app, files.config()).await;
    let mut client = connect(&server, &files.client(&[], None)).await.unwrap();
    let body = "bonsoir ".repeat(4_000);
    client
        .send(&format!(
            "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        ))
        .await;
    assert_eq!(client.answer().await.body, body);
}

#[tokio::test]
async fn a_client_certificate_says_who_the_client_is() {
    let (files, stranger) = (Files::new(), Files::new());
    for auth in [ClientAuth::Optional, ClientAuth::Required] {
        let config = files
            .config()
            .tls_client_ca(Some(files.path("ca.pem")))
            .tls_client_auth(auth);
        let server = Running::start_config(agreed(), config).await;
        let ask = async |client: TlsConnector| {
            let mut client = connect(&server, &client).await.ok()?;
            // In TLS 1.3 a client hears of a refusal only when it reads.
            tokio::io::AsyncWriteExt::write_all(&mut client.stream, GET.as_bytes())
                .await
                .ok()?;
            let all = client.rest_within(Duration::from_millis(500)).await;
            all.split("\r\n\r\n").nth(1).map(str::to_owned)
        };
        let known = ask(files.client(&[], Some(("ann", &files)))).await.unwrap();
        assert!(known.ends_with("chain=1 name=CN=ann"), "{known}");
        assert_eq!(ask(files.client(&[], Some(("eve", &stranger)))).await, None);
        let nobody = ask(files.client(&[], None)).await;
        assert_eq!(
            nobody.is_some(),
            auth == ClientAuth::Optional,
            "{auth:?}: {nobody:?}"
        );
    }
}

#[tokio::test]
async fn a_handshake_that_does_not_come_ends_the_connection() {
    let (log, _guard) = Log::collect();
    let files = Files::new();
    let config = files.config().handshake_timeout(Duration::from_millis(20));
    let server = Running::start_config(agreed(), config).await;
    assert_eq!(server.connect().await.rest().await, "");
    // Nor is one that is no handshake a fault.
    let mut client = server.connect().await;
    client.send(GET).await;
    let mut bytes = Vec::new();
    let _ = tokio::io::AsyncReadExt::read_to_end(&mut client.stream, &mut bytes).await;
    server.stop().await.unwrap();
    assert_eq!(log.faults(), Vec::<String>::new());
}

#[tokio::test]
async fn files_that_cannot_be_used_are_named_with_what_helps() {
    let files = Files::new();
    let fails = async |config: ServerConfig| {
        let server = Server::from_config(config).await.unwrap().without_signals();
        let error = server.serve(agreed()).await.unwrap_err();
        assert!(error.is_tls(), "{error}");
        error.to_string()
    };
    files.write(
        "encrypted.pem",
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----\n",
    );
    let text = fails(files.config().tls_key(Some(files.path("encrypted.pem")))).await;
    assert!(
        text.contains("encrypted.pem") && text.contains("openssl pkey -in"),
        "{text}"
    );
    let text = fails(files.config().tls_key(Some(files.path("cert.pem")))).await;
    assert!(text.contains("no private key"), "{text}");
    let text = fails(files.config().tls_cert(Some(files.path("key.pem")))).await;
    assert!(text.contains("no certificate"), "{text}");
    let text = fails(files.config().tls_cert(Some(files.path("nowhere.pem")))).await;
    assert!(text.contains("nowhere.pem"), "{text}");
    let other = Files::new();
    let text = fails(files.config().tls_key(Some(other.path("key.pem")))).await;
    assert!(text.contains("key.pem"), "{text}");
}
