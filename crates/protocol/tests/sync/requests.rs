//! What a blocking application reads.

use std::{
    collections::HashSet,
    io::{BufRead as _, Read as _},
    sync::{Arc, Mutex, mpsc},
    thread,
};

use nuages_protocol::{
    BodyError, State,
    sync::{Chunks, SyncApplication, SyncRequest, SyncResponse},
};

use crate::{
    app, response,
    support::{Log, Running},
};

#[tokio::test]
async fn an_empty_body_ends_at_once() {
    let server = Running::start(app(|mut request| {
        let mut text = String::new();
        request.body.read_to_string(&mut text)?;
        Ok(response(format!("[{text}]")))
    }))
    .await;
    assert_eq!(
        server.exchange("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.body,
        "[]"
    );
}

#[tokio::test]
async fn a_body_is_read_as_it_comes() {
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let server = Running::start(app(move |mut request| {
        let mut line = String::new();
        request.body.read_line(&mut line)?;
        tell.send(line.clone())?;
        request.body.read_to_string(&mut line)?;
        Ok(response(line))
    }))
    .await;
    let mut client = server.connect().await;
    client
        .send("POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n4\r\nbon\n\r\n")
        .await;
    let first = told.recv().await.unwrap();
    assert_eq!(first, "bon\n");
    client.send("4\r\nsoir\r\n0\r\nx-sum: 8\r\n\r\n").await;
    assert_eq!(client.answer().await.body, "bon\nsoir");
}

#[tokio::test]
async fn trailers_of_a_request_are_there_after_its_body() {
    let server = Running::start(app(|mut request| {
        let before = request.body.trailers().len();
        std::io::copy(&mut request.body, &mut std::io::sink())?;
        let sum = request.body.trailers()["x-sum"].to_str()?;
        Ok(response(format!("{before} {sum}")))
    }))
    .await;
    let request =
        "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n3\r\nbon\r\n0\r\nx-sum: 3\r\n\r\n";
    assert_eq!(server.exchange(request).await.body, "0 3");
}

#[tokio::test]
async fn a_malformed_body_is_the_clients_fault() {
    let (log, _guard) = Log::collect();
    let server = Running::start(app(|mut request| {
        let error = request.body.read_to_end(&mut Vec::new()).unwrap_err();
        assert_eq!(
            BodyError::status_of(&error).map(|status| status.as_u16()),
            Some(400)
        );
        Err(error.into())
    }))
    .await;
    let answer = server
        .exchange("POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n")
        .await;
    assert_eq!(answer.status, 400);
    server.stop().await.unwrap();
    assert_eq!(log.faults(), Vec::<String>::new());
}

#[tokio::test]
async fn a_body_is_collected_up_to_a_limit() {
    let server = Running::start(app(|request| Ok(response(request.body.collect(4)?)))).await;
    for (body, status) in [("abcd", 200), ("abcde", 413)] {
        let request = format!(
            "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        assert_eq!(server.exchange(&request).await.status, status);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_block_beside_each_other_each_on_a_thread_of_its_own() {
    let barrier = Arc::new(std::sync::Barrier::new(4));
    let threads = Arc::new(Mutex::new(HashSet::new()));
    let (meet, seen) = (Arc::clone(&barrier), Arc::clone(&threads));
    let server = Running::start(app(move |_| {
        seen.lock().unwrap().insert(thread::current().id());
        meet.wait();
        let called_on = thread::current().id();
        let chunks = std::iter::once_with(move || format!("{}", thread::current().id() == called_on));
        Ok(response(Chunks::new(chunks)))
    }))
    .await;
    let server = Arc::new(server);
    let requests: Vec<_> = (0..4)
        .map(|_| {
            let server = Arc::clone(&server);
            tokio::spawn(async move { server.exchange("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.body })
        })
        .collect();
    for request in requests {
        assert_eq!(request.await.unwrap(), "true");
    }
    assert_eq!(threads.lock().unwrap().len(), 4);
}

#[tokio::test]
async fn a_client_that_goes_is_seen_by_what_is_read() {
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let (called, mut calls) = tokio::sync::mpsc::unbounded_channel();
    let server = Running::start(app(move |mut request| {
        called.send(())?;
        let read = request.body.read_to_end(&mut Vec::new());
        tell.send(read.is_err())?;
        read?;
        Ok(response(""))
    }))
    .await;
    let mut client = server.connect().await;
    client
        .send("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nabc")
        .await;
    calls.recv().await.unwrap();
    drop(client);
    assert!(told.recv().await.unwrap(), "it read on");
}

#[tokio::test]
async fn a_client_that_goes_is_seen_by_code_that_asks() {
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let server = Running::start(app(move |_| {
        tell.send("called")?;
        while !nuages_bridge::cancelled() {
            thread::yield_now();
        }
        tell.send("cancelled")?;
        Ok(response(""))
    }))
    .await;
    let mut client = server.connect().await;
    client.send("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert_eq!(told.recv().await, Some("called"));
    drop(client);
    assert_eq!(told.recv().await, Some("cancelled"));
}

#[tokio::test]
async fn a_header_may_come_a_hundred_times_and_no_more() {
    let many = |times: usize| {
        format!(
            "GET / HTTP/1.1\r\nhost: x\r\n{}\r\n",
            "x-many: 1\r\n".repeat(times)
        )
    };
    let server = Running::start_with(app(|_| Ok(response("ok"))), |server| server.max_headers(1000)).await;
    assert_eq!(server.exchange(&many(100)).await.status, 200);
    let refused = server.exchange(&many(101)).await;
    assert_eq!(refused.status, 400);
    assert_eq!(refused.header("content-type"), Some("text/plain; charset=utf-8"));
    let unlimited = app(|_| Ok(response("ok"))).max_same_header(None);
    let server = Running::start_with(unlimited, |server| server.max_headers(1000)).await;
    assert_eq!(server.exchange(&many(500)).await.status, 200);
}

#[tokio::test]
async fn startup_and_shutdown_are_plain_functions_and_leave_a_state() {
    struct Shop(mpsc::Sender<&'static str>);
    impl SyncApplication for Shop {
        fn call(&self, request: SyncRequest) -> Result<SyncResponse, nuages_protocol::BoxError> {
            Ok(response(request.scope.state.get::<String>().unwrap().clone()))
        }
        fn startup(&self) -> Result<State, nuages_protocol::BoxError> {
            Ok(State::new().with("open".to_owned()))
        }
        fn shutdown(&self) -> Result<(), nuages_protocol::BoxError> {
            Ok(self.0.send("closed")?)
        }
    }
    let (tell, told) = mpsc::channel();
    let server = Running::start(Shop(tell).into_application()).await;
    assert_eq!(
        server.exchange("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.body,
        "open"
    );
    server.stop().await.unwrap();
    assert_eq!(told.recv(), Ok("closed"));
}
