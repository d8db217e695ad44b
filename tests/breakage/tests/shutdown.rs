//! SIGTERM with requests in flight: they finish inside the grace time, then comes the lifespan's shutdown and exit 0; what takes longer is named in the log.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use breakage::{Program, answer};

const EXECUTABLE: &str = env!("CARGO_BIN_EXE_breakage");

#[test]
fn shutdown() {
    let mut program = Program::start(EXECUTABLE, &[]);
    let mut sync_view = program.request("/sync/", "in the sync view");
    let mut async_view = program.request("/async/", "in the async view");
    // Its answer is there, the work that it has started is not.
    let mut later = program.request("/later/", "in the job for later");
    assert_eq!(answer(&mut later).1, "it is being done");
    program.terminate();
    assert_eq!(answer(&mut sync_view).1, "the sync view has finished");
    assert_eq!(answer(&mut async_view).1, "the async view has finished");
    assert_eq!(program.line(), "the job for later has finished");
    assert_eq!(program.line(), "lifespan shutdown, with sync code of its own");
    assert_eq!(program.line(), "goodbye");
    let (well, log) = program.end();
    assert!(well, "{log}");
    assert!(!log.contains("grace"), "nothing was cut: {log}");
}

#[test]
fn what_takes_longer_than_the_grace_time_is_cut_and_named() {
    let mut program = Program::start(EXECUTABLE, &[]);
    let _endless = program.request("/endless/", "in the endless view");
    let _stuck = program.request("/stuck/", "in the stuck view");
    program.terminate();
    assert_eq!(program.line(), "lifespan shutdown, with sync code of its own");
    assert_eq!(program.line(), "goodbye");
    let (well, log) = program.end();
    assert!(well, "{log}");
    assert!(log.contains("the grace time is over"), "{log}");
    assert!(log.contains("/endless/"), "{log}");
    assert!(log.contains("/stuck/"), "{log}");
    // Sync code can't be cut: it is named, and ends with the process.
    assert!(log.contains("sync code is left behind"), "{log}");
}
