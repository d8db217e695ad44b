//! Where a panic came from, and where it went.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod shapes;

use std::process::Command;

use nuages_bridge::{spawn, sync_to_async};

/// The name is looked for in a backtrace.
fn library_that_panics() {
    panic!("swordfish");
}

async fn view_that_awaits_it() {
    sync_to_async(library_that_panics).await.unwrap();
}

/// Run by the test below, in a process of its own: whether there are backtraces is decided once a process.
#[test]
fn the_panicking_program() {
    if std::env::var_os("PANICKING_PROGRAM").is_none() {
        return;
    }
    tracing_subscriber::fmt()
        .with_ansi(false)
        .with_writer(std::io::stderr)
        .init();
    let joined = shapes::multi_thread().block_on(async { spawn(view_that_awaits_it()).await });
    let payload = joined.unwrap_err().into_panic();
    assert_eq!(*payload.downcast::<&str>().unwrap(), "swordfish");
}

#[test]
fn both_sides_of_the_hop_tell_their_backtrace() {
    let run = |backtrace: &str| {
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "the_panicking_program", "--nocapture"])
            .env("PANICKING_PROGRAM", "1")
            .env("RUST_BACKTRACE", backtrace)
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{text}");
        text
    };
    let text = run("1");
    let (hook, ours) = text.split_once("this is that code's backtrace").unwrap();
    assert!(
        hook.contains("swordfish") && hook.contains("library_that_panics"),
        "{text}"
    );
    assert!(ours.contains("view_that_awaits_it"), "{text}");
    assert!(
        ours.contains("awaited_at=") && ours.contains("panics.rs:"),
        "{text}"
    );
    // Nobody has asked for any.
    assert!(!run("0").contains("that code's backtrace"), "silent by default");
}
