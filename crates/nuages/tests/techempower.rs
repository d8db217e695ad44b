//! The example `techempower` as a process of its own, held to the rules of those benchmarks: the plaintext and the JSON test, "General
//! Test Requirements" and "Test Requirements" of the [project's wiki](https://github.com/TechEmpower/FrameworkBenchmarks/wiki).
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, Command},
    time::{Duration, Instant},
};

/// The example, ended with this value.
struct Example {
    child: Child,
    address: SocketAddr,
}

impl Example {
    fn start() -> Self {
        // The port may be taken by somebody else in between; then another one is tried.
        for _ in 0..10 {
            let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
            let child = Command::new(program()).arg(address.to_string()).spawn().unwrap();
            let mut example = Self { child, address };
            let late = Instant::now() + Duration::from_secs(20);
            while example.child.try_wait().unwrap().is_none() && Instant::now() < late {
                if TcpStream::connect(address).is_ok() {
                    return example;
                }
                std::thread::yield_now();
            }
        }
        panic!("the example does not answer");
    }

    /// Sends requests at once, and reads as many answers.
    fn ask(&self, path: &str, times: usize) -> Vec<Answer> {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n");
        stream.write_all(request.repeat(times).as_bytes()).unwrap();
        let mut read = Vec::new();
        (0..times).map(|_| Answer::read(&mut stream, &mut read)).collect()
    }
}

impl Drop for Example {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Beside this test, where cargo puts the examples; built, if this test alone was.
fn program() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let program = test.ancestors().nth(2).unwrap().join("examples/techempower");
    if !program.exists() {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args([
            "build",
            "--quiet",
            "--package",
            "nuages",
            "--example",
            "techempower",
        ]);
        assert!(cargo.status().unwrap().success());
    }
    program
}

struct Answer {
    head: String,
    body: String,
}

impl Answer {
    fn read(stream: &mut TcpStream, read: &mut Vec<u8>) -> Self {
        let mut part = [0; 4096];
        loop {
            let text = String::from_utf8(read.clone()).unwrap();
            if let Some((head, rest)) = text.split_once("\r\n\r\n") {
                let head = head.to_owned();
                let length: usize = header(&head, "content-length").unwrap().parse().unwrap();
                if rest.len() >= length {
                    let body = rest[..length].to_owned();
                    read.drain(..head.len() + 4 + length);
                    return Self { head, body };
                }
            }
            let some = stream.read(&mut part).unwrap();
            assert!(some > 0, "the connection ended: {text:?}");
            read.extend_from_slice(&part[..some]);
        }
    }
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().skip(1).find_map(|line| {
        let (found, value) = line.split_once(':')?;
        found.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

#[test]
fn plaintext_and_json_keep_the_rules_of_the_benchmarks() {
    let example = Example::start();
    let plain = ("text/plain", "Hello, World!");
    let json = ("application/json", r#"{"message":"Hello, World!"}"#);
    let tests = [
        ("/plaintext", plain),
        ("/sync/plaintext", plain),
        ("/json", json),
        ("/sync/json", json),
    ];
    for (path, (kind, body)) in tests {
        // Sixteen requests at once, as the plaintext test has it, are answered in order over one connection.
        for answer in example.ask(path, 16) {
            let head = &answer.head;
            assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{path}: {head}");
            assert_eq!(answer.body, body, "{path}");
            assert_eq!(header(head, "content-type"), Some(kind), "{path}");
            assert_eq!(header(head, "server"), Some("nuages"), "{path}");
            let date = header(head, "date").unwrap_or_default();
            assert!(
                date.len() == "Fri, 20 Nov 2026 19:38:13 GMT".len() && date.ends_with(" GMT"),
                "{path}: {date:?}"
            );
            assert_eq!(header(head, "content-encoding"), None, "{path}");
            // What is allowed beside them costs bytes.
            assert_eq!(head.lines().count(), 5, "{path}: {head}");
        }
    }
}
