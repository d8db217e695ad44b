//! The guest book at its socket: inside the test, and as the program that it is.
#![expect(clippy::unwrap_used, reason = "the helpers of tests fail as tests do")]

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    process::{Child, Command, Stdio},
    thread::{self, JoinHandle},
};

use nuages_bridge::async_to_sync;
use nuages_protocol::server::{Error, Server};
use phase1::{GuestBook, is_alive};
use tempfile::TempDir;
use tokio::sync::oneshot;

/// The server in a plain thread of the test.
struct Running {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    thread: JoinHandle<Result<(), Error>>,
    _directory: TempDir,
}

impl Running {
    fn start() -> Self {
        let directory = TempDir::new().unwrap();
        let app = GuestBook::new(directory.path().join("guests.txt"));
        let (stop, stopped) = oneshot::channel();
        let server = async_to_sync(Server::bind("127.0.0.1:0")).unwrap().unwrap();
        let address = server.local_addr();
        let server = server
            .without_signals()
            .with_graceful_shutdown(async { stopped.await.unwrap_or_default() });
        let thread = thread::spawn(move || async_to_sync(server.serve(app)).unwrap());
        Self {
            address,
            stop,
            thread,
            _directory: directory,
        }
    }

    fn stop(self) -> Result<(), Error> {
        self.stop.send(()).unwrap();
        self.thread.join().unwrap()
    }
}

fn exchange(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn post(address: SocketAddr, guest: &str) -> String {
    let length = guest.len();
    let head = format!("POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n");
    exchange(address, &(head + guest))
}

const GET: &str = "GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";

#[test]
fn guests_sign_and_are_shown() {
    let server = Running::start();
    let address = server.address;
    let answer = post(address, "Django Reinhardt");
    assert!(answer.starts_with("HTTP/1.1 201 Created\r\n"), "{answer}");
    assert!(answer.ends_with("you are guest number 1\n"), "{answer}");
    assert!(post(address, "Stéphane\r\nGrappelli").ends_with("you are guest number 2\n"));
    let book = exchange(address, GET);
    assert!(
        book.ends_with("\r\n\r\nDjango Reinhardt\nStéphane  Grappelli\n"),
        "{book}"
    );
    server.stop().unwrap();
}

#[test]
fn what_is_no_entry_is_refused() {
    let server = Running::start();
    let address = server.address;
    assert!(post(address, &"a".repeat(281)).starts_with("HTTP/1.1 413 "));
    assert!(exchange(address, &GET.replace("GET /", "GET /x")).starts_with("HTTP/1.1 404 "));
    assert!(exchange(address, &GET.replace("GET", "PUT")).starts_with("HTTP/1.1 405 "));
    assert!(
        exchange(address, GET).ends_with("\r\n\r\n"),
        "the book is still empty"
    );
    server.stop().unwrap();
}

#[test]
fn a_plain_thread_watches_it() {
    let server = Running::start();
    let address = server.address;
    assert!(thread::spawn(move || is_alive(address)).join().unwrap().unwrap());
    server.stop().unwrap();
    assert!(is_alive(address).is_err());
}

/// Ends the program also when an assertion fails.
struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[cfg(unix)]
#[test]
fn the_program_serves_until_a_signal_comes() {
    let directory = TempDir::new().unwrap();
    let mut program = Program(
        Command::new(env!("CARGO_BIN_EXE_phase1"))
            .env("BIND", "127.0.0.1:0")
            .env("GUESTS", directory.path().join("guests.txt"))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap(),
    );
    let mut lines = BufReader::new(program.0.stdout.take().unwrap())
        .lines()
        .map(Result::unwrap);
    let address = lines
        .next()
        .unwrap()
        .strip_prefix("listening on http://")
        .unwrap()
        .parse()
        .unwrap();
    assert_eq!(lines.next().unwrap(), "alive: true");
    assert!(post(address, "Django").ends_with("you are guest number 1\n"));
    let sent = Command::new("kill")
        .args(["-TERM", &program.0.id().to_string()])
        .status()
        .unwrap();
    assert!(sent.success());
    assert_eq!(lines.next().unwrap(), "goodbye");
    assert!(program.0.wait().unwrap().success());
}

#[test]
fn a_start_that_fails_says_why() {
    let directory = TempDir::new().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_phase1"))
        .env("BIND", "127.0.0.1:0")
        .env("GUESTS", directory.path())
        .output()
        .unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("Startup"), "{said}");
}
