//! A view that panics is a page with status 500 and a number that is also in the log; its thread and its connection serve on.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use breakage::{Log, Program, Running, answer, ask};
use nuages_bridge::{Config, async_to_sync, sync_to_async};
use nuages_handler::{App, Result, Urls};

fn sync_view() -> &'static str {
    panic!("swordfish in sync code")
}

async fn async_view() -> &'static str {
    panic!("swordfish in async code")
}

/// The panic has to cross two hops.
async fn far_below() -> Result<&'static str> {
    let below = || async_to_sync(async { panic!("swordfish far below") });
    Ok(sync_to_async(below).await??)
}

/// The thread that it runs on.
fn fine() -> String {
    format!("fine on {:?}", std::thread::current().id())
}

#[test]
fn panic_in_view() {
    // One thread for sync code: the same has to serve on.
    Config::new()
        .max_threads(1)
        .reserved_threads(0)
        .install()
        .unwrap();
    let log = Log::start();
    let urls = Urls::new()
        .path("sync/", sync_view)
        .path("async/", async_view)
        .path("far/", far_below)
        .path("fine/", fine);
    let server = Running::start(App::new().urls(urls));
    // One connection for all.
    let mut connection = server.connect();
    ask(&mut connection, "/fine/");
    let before = answer(&mut connection).1;
    assert!(before.starts_with("fine on "), "{before}");
    for (path, message) in [
        ("/sync/", "swordfish in sync code"),
        ("/async/", "swordfish in async code"),
        ("/far/", "swordfish far below"),
    ] {
        ask(&mut connection, path);
        let (head, page) = answer(&mut connection);
        assert!(head.starts_with("HTTP/1.1 500 "), "{head}");
        assert!(!page.contains("swordfish"), "{page}");
        let mut lines = log.take();
        // With RUST_BACKTRACE on, a panic that crossed a hop has a second line: where it was waited for.
        lines.retain(|line| line.contains_key("path"));
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(lines[0]["panic"].contains(message), "{lines:?}");
        assert_eq!(lines[0]["path"], path);
        assert!(page.contains(&lines[0]["id"]), "{lines:?}: {page}");

        ask(&mut connection, "/fine/");
        let (head, page) = answer(&mut connection);
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
        assert_eq!(page, before, "the thread has survived");
    }
    server.stop();
}

#[test]
fn both_backtraces_are_in_the_log() {
    let program = Program::start(env!("CARGO_BIN_EXE_breakage"), &[("RUST_BACKTRACE", "1")]);
    let mut connection = program.connect();
    let mut ids = Vec::new();
    for path in ["/panic/sync/", "/panic/async/", "/panic/far/"] {
        ask(&mut connection, path);
        let (head, page) = answer(&mut connection);
        assert!(head.starts_with("HTTP/1.1 500 "), "{head}");
        assert!(!page.contains("swordfish"), "{page}");
        ids.push(page);
    }
    drop(connection);
    program.terminate();
    let (well, log) = program.end();
    assert!(well, "{log}");
    // Where it panicked, from the panic hook.
    for name in [
        "library_that_panics",
        "sync_view_that_panics",
        "async_view_that_panics",
    ] {
        assert!(log.contains(name), "{name}: {log}");
    }
    // Where it was awaited, on another thread.
    let (_, awaited) = log.rsplit_once("this is that code's backtrace").unwrap();
    assert!(awaited.contains("view_that_awaits_it"), "{awaited}");
}
