//! SIGTERM with requests in flight: they finish inside the grace time, then comes the lifespan's shutdown and exit 0; what takes longer is named in the log.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Command, Stdio};

use breakage::{answer, ask};

struct Program {
    child: Child,
    out: BufReader<ChildStdout>,
    address: String,
}

impl Program {
    fn start() -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_breakage"))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on ").unwrap().to_owned();
        Self { child, out, address }
    }

    fn request(&mut self, path: &str, running: &str) -> TcpStream {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        ask(&mut stream, path);
        assert_eq!(self.line(), running);
        stream
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.out.read_line(&mut line).unwrap();
        line.trim().to_owned()
    }

    fn terminate(&self) {
        let status = Command::new("kill")
            .arg(self.child.id().to_string())
            .status()
            .unwrap();
        assert!(status.success());
    }

    /// Whether it ended well, and its log.
    fn end(mut self) -> (bool, String) {
        let mut log = String::new();
        self.child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut log)
            .unwrap();
        (self.child.wait().unwrap().success(), log)
    }
}

#[test]
fn shutdown() {
    let mut program = Program::start();
    let mut sync_view = program.request("/sync/", "in the sync view");
    let mut async_view = program.request("/async/", "in the async view");
    program.terminate();
    assert_eq!(answer(&mut sync_view).1, "the sync view has finished");
    assert_eq!(answer(&mut async_view).1, "the async view has finished");
    assert_eq!(program.line(), "lifespan shutdown");
    assert_eq!(program.line(), "goodbye");
    let (well, log) = program.end();
    assert!(well, "{log}");
}

#[test]
fn what_takes_longer_than_the_grace_time_is_cut_and_named() {
    let mut program = Program::start();
    let _endless = program.request("/endless/", "in the endless view");
    program.terminate();
    assert_eq!(program.line(), "lifespan shutdown");
    assert_eq!(program.line(), "goodbye");
    let (well, log) = program.end();
    assert!(well, "{log}");
    assert!(log.contains("the grace time is over"), "{log}");
    assert!(log.contains("/endless/"), "{log}");
}
