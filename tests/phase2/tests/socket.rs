//! The application over a real socket, through the server of phase 1.

use nuages_protocol::server::Server;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// One request on a connection of its own; the whole answer.
async fn ask(address: std::net::SocketAddr, request: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wish_over_a_socket() {
    let server = Server::bind("127.0.0.1:0").await.unwrap();
    let address = server.local_addr();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let app = phase2::app(Default::default()).build().unwrap();
    let server = server
        .without_signals()
        .with_graceful_shutdown(async { drop(stopped.await) });
    let serving = tokio::spawn(server.serve(app));

    let body = "title=Nuages&guest=Django&times=1";
    let post = format!(
        "POST /wish/ HTTP/1.1\r\nhost: club\r\nconnection: close\r\ncontent-type: application/x-www-form-urlencoded\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    let answer = ask(address, &post).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 302 "), "{answer}");
    assert!(answer.contains("\r\nlocation: /\r\n"), "{answer}");

    let answer = ask(
        address,
        "GET / HTTP/1.1\r\nhost: club\r\nconnection: close\r\n\r\n",
    )
    .await
    .unwrap();
    assert!(answer.contains(">Nuages</a> for Django</li>"), "{answer}");
    let answer = ask(
        address,
        "HEAD /api/songs/ HTTP/1.1\r\nhost: club\r\nconnection: close\r\n\r\n",
    )
    .await
    .unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("\r\n\r\n"),
        "{answer}"
    );
    assert!(answer.contains("\r\ncontent-length: 47\r\n"), "{answer}");

    stop.send(()).unwrap();
    serving.await.unwrap().unwrap();
}
