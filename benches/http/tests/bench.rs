//! The bench in small: every server answers every load as the others do.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::process::Command;

#[test]
fn all_servers_answer_all_loads_and_are_compared_with_the_goals() {
    let output = Command::new(env!("CARGO_BIN_EXE_bench_http"))
        .args(["compare", "1", "20"])
        .output()
        .unwrap();
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{out}\n{err}");
    for server in [
        "raw hyper",
        "axum",
        "Application",
        "App, sync views",
        "SyncApplication",
    ] {
        assert!(out.contains(server), "{server} is missing:\n{out}");
    }
}
