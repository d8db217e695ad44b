//! What a blocking application answers.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use nuages_protocol::sync::{Chunks, SyncResponse};
use tokio::sync::mpsc;

use crate::{
    app, response,
    support::{Log, Running},
};

const GET: &str = "GET / HTTP/1.1\r\nhost: x\r\n\r\n";

fn with_length(length: &str, chunks: Chunks) -> SyncResponse {
    let mut response = SyncResponse::new(chunks);
    response
        .headers_mut()
        .insert("content-length", length.parse().unwrap());
    response
}

#[tokio::test]
async fn a_response_of_one_piece_has_a_length_and_keeps_the_connection() {
    let server = Running::start(app(|request| {
        Ok(response(format!("bonsoir, {}", request.path_info())))
    }))
    .await;
    let mut client = server.connect().await;
    for _ in 0..2 {
        client.send("GET /caf%C3%A9 HTTP/1.1\r\nhost: x\r\n\r\n").await;
        let answer = client.answer().await;
        assert_eq!(answer.body, "bonsoir, /café");
        assert_eq!(answer.header("content-length"), Some("15"));
    }
}

#[tokio::test]
async fn each_chunk_is_sent_by_itself_and_empty_ones_are_not() {
    let server = Running::start(app(|_| Ok(response(Chunks::new(["bon", "", "soir"]))))).await;
    let mut client = server.connect().await;
    client.send(GET).await;
    client.head().await;
    assert_eq!(
        client.read_until("0\r\n\r\n").await,
        "3\r\nbon\r\n4\r\nsoir\r\n0\r\n\r\n"
    );
    client.send(GET).await;
    assert_eq!(client.answer().await.body, "bonsoir");
}

#[tokio::test]
async fn a_response_without_a_chunk_is_sent_all_the_same() {
    let server = Running::start(app(|_| Ok(response(Chunks::new(Vec::<String>::new()))))).await;
    let mut client = server.connect().await;
    for _ in 0..2 {
        client.send(GET).await;
        let answer = client.answer().await;
        assert_eq!((answer.status, answer.body.as_str()), (200, ""));
    }
}

#[tokio::test]
async fn no_more_than_the_declared_length_is_sent_and_the_iterator_is_asked_no_further() {
    let pulled = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&pulled);
    let server = Running::start(app(move |request| {
        if request.path_info() == "/whole" {
            return Ok(with_length("4", "bonsoir".into()));
        }
        let counter = Arc::clone(&counter);
        let chunks = ["bon", "soir", "!"].into_iter().inspect(move |_| {
            counter.fetch_add(1, Ordering::Relaxed);
        });
        Ok(with_length("4", Chunks::new(chunks)))
    }))
    .await;
    let mut client = server.connect().await;
    for path in ["/whole", "/chunks"] {
        client
            .send(&format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n"))
            .await;
        assert_eq!(client.answer().await.body, "bons", "{path}");
    }
    assert_eq!(pulled.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn less_than_the_declared_length_is_a_fault() {
    let (log, _guard) = Log::collect();
    let server = Running::start(app(|request| {
        let chunks = match &*request.path_info() {
            "/whole" => "bon".into(),
            _ => Chunks::new(["bon"]),
        };
        Ok(with_length("4", chunks))
    }))
    .await;
    assert_eq!(
        server
            .exchange("GET /whole HTTP/1.1\r\nhost: x\r\n\r\n")
            .await
            .status,
        500
    );
    let mut client = server.connect().await;
    client.send("GET /chunks HTTP/1.1\r\nhost: x\r\n\r\n").await;
    let rest = client.rest().await;
    assert!(
        !rest.contains(" 500 ") && rest.split_once("\r\n\r\n").is_none_or(|(_, body)| body.len() < 4),
        "{rest}"
    );
    server.stop().await.unwrap();
    assert_eq!(log.faults().len(), 2, "{:?}", log.faults());
}

#[tokio::test]
async fn head_asks_the_iterator_for_nothing() {
    let server = Running::start(app(|_| {
        Ok(with_length(
            "7",
            Chunks::new(std::iter::from_fn(|| -> Option<String> {
                panic!("it was asked")
            })),
        ))
    }))
    .await;
    let mut client = server.connect().await;
    for _ in 0..2 {
        client.send("HEAD / HTTP/1.1\r\nhost: x\r\n\r\n").await;
        assert_eq!(client.head().await.header("content-length"), Some("7"));
    }
}

#[tokio::test]
async fn errors_and_panics_are_500_before_the_response_and_cut_the_connection_after() {
    let (log, _guard) = Log::collect();
    let server = Running::start(app(|request| match &*request.path_info() {
        "/error" => Err("the string broke".into()),
        "/panic" => panic!("the neck broke"),
        "/error-later" => Ok(response(Chunks::try_new([Ok("bon"), Err("the string broke")]))),
        _ => Ok(response(Chunks::new(
            (0..2).map(|n| if n == 0 { "bon" } else { panic!("the neck broke") }),
        ))),
    }))
    .await;
    for path in ["/error", "/panic"] {
        let answer = server
            .exchange(&format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n"))
            .await;
        assert_eq!(answer.status, 500, "{path}");
    }
    for path in ["/error-later", "/panic-later"] {
        let mut client = server.connect().await;
        client
            .send(&format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n"))
            .await;
        let rest = client.rest().await;
        assert!(
            !rest.contains(" 500 ") && !rest.contains("0\r\n\r\n"),
            "{path}: {rest}"
        );
    }
    server.stop().await.unwrap();
    let faults = log.faults();
    assert_eq!(faults.len(), 4, "{faults:?}");
    assert!(faults.iter().all(|fault| fault.contains("broke")), "{faults:?}");
}

#[tokio::test]
async fn a_client_that_does_not_read_holds_the_iterator_back_and_one_that_goes_drops_it() {
    struct Endless {
        pulled: Arc<AtomicUsize>,
        dropped: mpsc::UnboundedSender<()>,
    }
    impl Iterator for Endless {
        type Item = Vec<u8>;
        fn next(&mut self) -> Option<Vec<u8>> {
            self.pulled.fetch_add(1, Ordering::Relaxed);
            Some(vec![b'x'; 64 * 1024])
        }
    }
    impl Drop for Endless {
        fn drop(&mut self) {
            self.dropped.send(()).unwrap();
        }
    }
    let pulled = Arc::new(AtomicUsize::new(0));
    let (tell, mut told) = mpsc::unbounded_channel();
    let counter = Arc::clone(&pulled);
    let server = Running::start(app(move |_| {
        Ok(response(Chunks::new(Endless {
            pulled: Arc::clone(&counter),
            dropped: tell.clone(),
        })))
    }))
    .await;
    let mut client = server.connect().await;
    client.send(GET).await;
    client.head().await;
    let mut before = usize::MAX;
    loop {
        for _ in 0..1000 {
            tokio::task::yield_now().await;
        }
        let now = pulled.load(Ordering::Relaxed);
        if now == before {
            break;
        }
        before = now;
    }
    assert!(before < 1024, "{before} chunks of 64 KiB were pulled");
    drop(client);
    told.recv().await.unwrap();
}

#[tokio::test]
async fn an_application_goes_to_blocking_code_and_back() {
    use nuages_protocol::{
        Response, app_fn,
        sync::{SyncApplication as _, ToSync},
    };
    let inner = app_fn(|scope, body| async move {
        let sent = body.collect(1024).await?;
        Ok(Response::new(format!("{} {}", scope.uri, sent.len()).into()))
    });
    let server = Running::start(ToSync::new(inner).into_application()).await;
    let request = "POST /a?b HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\nabc";
    assert_eq!(server.exchange(request).await.body, "/a?b 3");
}
