//! The access log.

use nuages_protocol::{Response, app_fn, server::AccessLog};

use crate::support::{Log, Running};

#[tokio::test]
async fn each_request_is_a_line_once_it_is_answered() {
    let (log, _guard) = Log::collect();
    let app = app_fn(|scope, _| async move {
        if scope.uri.path() == "/error" {
            return Err("the shop burnt down".into());
        }
        Ok(Response::new("bonsoir".into()))
    });
    let server = Running::start_with(app, |server| server.access_log(Some(AccessLog::Combined))).await;
    let get =
        |path: &str, agent: &str| format!("GET {path} HTTP/1.1\r\nhost: x\r\nuser-agent: {agent}\r\n\r\n");
    server.exchange(&get("/books/?q=1", "curl\" 500 \u{e9}")).await;
    server.exchange(&get("/error", "x")).await;
    server.exchange("nonsense\r\n\r\n").await;
    server.stop().await.unwrap();
    let lines: Vec<_> = log
        .lines()
        .iter()
        .filter(|line| line.starts_with("INFO message=127.0.0.1"))
        .cloned()
        .collect();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(
        lines[0].ends_with(r#"] "GET /books/?q=1 HTTP/1.1" 200 7 "-" "curl\" 500 \xc3\xa9""#),
        "{}",
        lines[0]
    );
    assert!(
        lines[1].contains(r#""GET /error HTTP/1.1" 500 21 "#),
        "{}",
        lines[1]
    );
}

#[tokio::test]
async fn there_is_none_unless_it_is_asked_for() {
    let (log, _guard) = Log::collect();
    let server = Running::start(app_fn(|_, _| async { Ok(Response::default()) })).await;
    server.exchange("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
    server.stop().await.unwrap();
    assert_eq!(*log.lines(), Vec::<String>::new());
}
