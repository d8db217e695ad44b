//! The development server, with a program that has no dependencies.
#![cfg(feature = "reload")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use nuages_commands::Reload;

/// Answers what it was built with, on the socket that it finds as its standard input; ends itself when it is asked for `/end`.
const PROGRAM: &str = r#"
use std::io::{Read, Write};
use std::os::fd::AsFd;

fn main() {
    assert_eq!(std::env::args().skip(1).collect::<Vec<_>>(), ["run", "--no-reload", "fd:0"]);
    let socket = std::io::stdin().as_fd().try_clone_to_owned().unwrap();
    let listener = std::net::TcpListener::from(socket);
    listener.set_nonblocking(false).unwrap();
    for stream in listener.incoming() {
        let mut stream = stream.unwrap();
        let mut request = [0; 1024];
        let read = stream.read(&mut request).unwrap();
        if request[..read].starts_with(b"GET /end") { std::process::exit(3) }
        let answer = ANSWER;
        write!(stream, "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{answer}", answer.len()).unwrap();
    }
}
"#;

fn write_program(project: &Path, answer: &str) {
    fs::write(project.join("src/main.rs"), PROGRAM.replace("ANSWER", answer)).unwrap();
}

fn get(address: &str, path: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n"
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

/// Asks until the answer has these words: the change is noticed some time after it was made.
fn await_answer(address: &str, words: &str) -> String {
    let deadline = Instant::now() + Duration::from_secs(120);
    loop {
        let answer = get(address, "/").unwrap_or_default();
        if answer.contains(words) {
            return answer;
        }
        assert!(Instant::now() < deadline, "`{words}` is not in: {answer}");
        std::thread::yield_now();
    }
}

/// Passes each write on.
struct Lines(mpsc::Sender<String>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let _ = self.0.send(String::from_utf8_lossy(bytes).into_owned());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_served_and_a_mistake_is_a_page_that_goes_away() {
    let folder = tempfile::tempdir().unwrap();
    let project = folder.path();
    fs::create_dir(project.join("src")).unwrap();
    let manifest = "[package]\nname = \"shop\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[workspace]\n";
    fs::write(project.join("Cargo.toml"), manifest).unwrap();
    write_program(project, "\"first\"");

    let (lines, said) = mpsc::channel();
    let reload = Reload::new("127.0.0.1:0").project(project);
    let serving = tokio::spawn(async move { reload.run(&mut Lines(lines)).await });

    let own = project.to_owned();
    let client = std::thread::spawn(move || {
        let mut line = String::new();
        let address = loop {
            line.push_str(&said.recv_timeout(Duration::from_secs(30)).unwrap());
            if let Some((address, _)) = line.strip_prefix("http://").and_then(|rest| rest.split_once(' ')) {
                break address.to_owned();
            }
        };
        // The first request may come before the program is built: it waits.
        assert!(get(&address, "/").unwrap().ends_with("first"));
        write_program(&own, "\"second\"");
        await_answer(&address, "second");

        write_program(&own, "\"third\" + 1");
        let page = await_answer(&address, "does not build");
        assert!(page.starts_with("HTTP/1.1 500"), "{page}");
        assert!(
            page.contains("cannot add") && page.contains("src/main.rs"),
            "{page}"
        );

        write_program(&own, "\"fourth\"");
        await_answer(&address, "fourth");

        assert_eq!(get(&address, "/end").unwrap_or_default(), "");
        let page = await_answer(&address, "has ended");
        assert!(page.contains("exit status: 3"), "{page}");
        write_program(&own, "\"fifth\"");
        await_answer(&address, "fifth");
    });
    while !client.is_finished() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    client.join().unwrap();
    serving.abort();
    assert!(serving.await.unwrap_err().is_cancelled());
}

#[tokio::test]
async fn an_address_in_use_is_an_error_that_says_what_to_do() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let error = Reload::new(address.as_str())
        .run(&mut io::sink())
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.contains(&address) && error.contains("another address"),
        "{error}"
    );
}
