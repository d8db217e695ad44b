//! Where a server listens: unix sockets, inherited ones, several at once, a thread a core.

use std::{
    collections::HashSet,
    io::Read as _,
    os::{
        fd::{AsRawFd as _, IntoRawFd as _, OwnedFd},
        unix::fs::PermissionsExt as _,
    },
    path::Path,
    process::{Command, Stdio},
};

use nuages_protocol::{
    Address, Application, Response, app_fn,
    server::{BindAddress, Mode, Server, ServerConfig},
};
use tokio::net::{TcpStream, UnixStream};

use crate::support::{Client, Running};

/// Answers with both ends of the connection.
fn ends() -> impl Application {
    app_fn(|scope, _| async move {
        let end = |end: Option<Address>| end.map_or("none".to_owned(), |end| end.to_string());
        Ok(Response::new(
            format!("{} {}", end(scope.client), end(scope.server)).into(),
        ))
    })
}

const GET: &str = "GET / HTTP/1.1\r\nhost: x\r\n\r\n";

fn unix(path: &Path) -> ServerConfig {
    ServerConfig::default().bind(vec![path.to_owned().into()])
}

#[tokio::test]
async fn a_unix_socket_has_its_mode_and_goes_with_the_server() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shop.sock");
    let server = Running::start_config(ends(), unix(&path).unix_mode(Mode(0o600))).await;
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let mut client = Client::of(UnixStream::connect(&path).await.unwrap());
    client.send(GET).await;
    assert_eq!(
        client.answer().await.body,
        format!("unix: unix:{}", path.display())
    );
    server.stop().await.unwrap();
    assert!(!path.exists());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn what_a_dead_server_left_is_replaced_and_anything_else_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shop.sock");
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    assert!(path.exists());
    let server = Server::from_config(unix(&path)).await.unwrap();

    let error = Server::from_config(unix(&path)).await.unwrap_err();
    assert!(
        error.is_bind() && error.to_string().contains("shop.sock"),
        "{error}"
    );
    assert!(
        UnixStream::connect(&path).await.is_ok(),
        "the first one still listens"
    );

    // The file is another's by now, so it stays.
    std::fs::remove_file(&path).unwrap();
    std::fs::write(&path, "precious").unwrap();
    drop(server);
    assert!(Server::from_config(unix(&path)).await.unwrap_err().is_bind());
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "precious");
}

#[tokio::test]
async fn several_addresses_are_served_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shop.sock");
    let server = Server::bind("127.0.0.1:0").await.unwrap();
    let server = server
        .and_bind(path.clone())
        .await
        .unwrap()
        .and_bind("localhost:0")
        .await
        .unwrap();
    let addresses: Vec<_> = server.local_addrs().cloned().collect();
    assert_eq!(addresses.len(), 3);
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = server
        .without_signals()
        .with_graceful_shutdown(async { drop(stopped.await) });
    let server = tokio::spawn(server.serve(ends()));
    for address in addresses {
        let body = match address.socket_addr() {
            Some(address) => {
                let mut client = Client::of(TcpStream::connect(address).await.unwrap());
                client.send(GET).await;
                client.answer().await.body
            }
            None => {
                let mut client = Client::of(UnixStream::connect(&path).await.unwrap());
                client.send(GET).await;
                client.answer().await.body
            }
        };
        assert!(body.ends_with(&address.to_string()), "{body}");
    }
    drop(stop);
    server.await.unwrap().unwrap();
}

#[tokio::test]
async fn the_unspecified_address_of_ipv6_takes_ipv4_too() {
    let Ok(server) = Server::bind("[::]:0").await else {
        eprintln!("skipped: there is no IPv6 here");
        return;
    };
    let port = server.local_addr().port();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = server
        .without_signals()
        .with_graceful_shutdown(async { drop(stopped.await) });
    let server = tokio::spawn(server.serve(ends()));
    let mut client = Client::of(TcpStream::connect(("127.0.0.1", port)).await.unwrap());
    client.send(GET).await;
    let body = client.answer().await.body;
    assert!(
        body.starts_with("127.0.0.1:") && body.ends_with(&format!(" 127.0.0.1:{port}")),
        "{body}"
    );
    drop(stop);
    server.await.unwrap().unwrap();
}

#[tokio::test]
async fn an_inherited_socket_is_served() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let name = format!("fd:{}", listener.as_raw_fd());
    let server = Server::bind(name.as_str()).await.unwrap();
    assert_eq!(server.local_addr(), address);

    let closed = listener.into_raw_fd() + 1000;
    for wrong in [
        format!("fd:{closed}"),
        "fd:0".to_owned(),
        "fd:1".to_owned(),
        "fd:x".to_owned(),
        "nowhere".to_owned(),
    ] {
        let error = Server::bind(wrong.as_str()).await.unwrap_err();
        assert!(error.is_bind() && error.to_string().contains(&wrong), "{error}");
    }
    assert!(Server::bind("systemd").await.unwrap_err().is_bind());
}

/// Not a test of its own: the next one starts it as systemd would.
#[tokio::test]
#[ignore = "started by `sockets_that_systemd_passes_are_served`"]
async fn serves_what_systemd_passes() {
    let server = Server::bind("systemd").await.unwrap();
    server.serve(ends()).await.unwrap();
}

#[tokio::test]
async fn sockets_that_systemd_passes_are_served() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let program = std::env::current_exe().unwrap();
    let mut child = Command::new("sh")
        .args(["-c", "exec 3<&0; LISTEN_PID=$$ LISTEN_FDS=1 exec \"$0\" \"$@\""])
        .arg(program)
        .args(["--ignored", "--exact", "listen::serves_what_systemd_passes"])
        .stdin(Stdio::from(OwnedFd::from(listener)))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut client = Client::of(TcpStream::connect(address).await.unwrap());
    client.send(GET).await;
    assert!(client.answer().await.body.ends_with(&address.to_string()));
    let stopped = Command::new("kill")
        .args(["-TERM", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(stopped.success());
    assert!(child.wait().unwrap().success());
    let mut output = String::new();
    child.stdout.take().unwrap().read_to_string(&mut output).unwrap();
    assert!(output.contains("1 passed"), "{output}");
}

#[tokio::test]
async fn workers_share_an_address() {
    let app = app_fn(|_, _| async {
        let name = std::thread::current().name().unwrap_or_default().to_owned();
        Ok(Response::new(name.into()))
    });
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shop.sock");
    let config = ServerConfig::default()
        .bind(vec![BindAddress::from("127.0.0.1:0"), path.clone().into()])
        .workers(2);
    let server = Running::start_config(app, config).await;
    let mut names = HashSet::new();
    // The system spreads connections by a hash of their ports.
    for _ in 0..200 {
        names.insert(server.exchange(GET).await.body);
    }
    assert_eq!(
        names,
        ["nuages-server-0", "nuages-server-1"].map(str::to_owned).into()
    );
    let mut client = Client::of(UnixStream::connect(&path).await.unwrap());
    client.send(GET).await;
    assert!(client.answer().await.body.starts_with("nuages-server-"));
    let address = server.address;
    server.stop().await.unwrap();
    assert_eq!(client.rest().await, "");
    assert!(TcpStream::connect(address).await.is_err());
    assert!(!path.exists());
}
