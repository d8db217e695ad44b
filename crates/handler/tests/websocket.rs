//! WebSocket views: routing, middleware, origins, both kinds of code.
#![cfg(feature = "websocket")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use http::{HeaderValue, header};
use nuages_handler::{
    App, Client, Error, FromRequest, Handler, IntoView as _, Next, Path, Query, Request, Response, Result,
    State, Urls, WebSocket, websocket,
};
use nuages_protocol::WebSocketScope;
use nuages_protocol::websocket::{Message, WebSocketError, connect};

async fn chat(mut socket: WebSocket, Path(room): Path<String>) -> Result<()> {
    while let Some(message) = socket.recv().await? {
        let text = message.into_text().unwrap_or_default();
        socket.send(format!("{room}: {text}")).await?;
    }
    Ok(())
}

fn sync_chat(Path(room): Path<String>, mut socket: WebSocket) -> Result<()> {
    while let Some(message) = socket.recv().wait()? {
        let text = message.into_text().unwrap_or_default();
        socket.send(format!("{room}: {text}")).wait()?;
    }
    Ok(())
}

fn app() -> Handler {
    let urls = Urls::new()
        .path("page/", || "a page")
        .websocket("ws/async/<str:room>/", chat)
        .name("chat")
        .websocket("ws/sync/<str:room>/", sync_chat);
    App::new().urls(urls).build().unwrap()
}

fn scope(path: &str) -> WebSocketScope {
    let mut scope = WebSocketScope::new(path.parse().unwrap());
    scope
        .headers
        .insert(header::HOST, HeaderValue::from_static("shop.example"));
    scope
}

async fn open(app: Handler, scope: WebSocketScope) -> Result<WebSocket, WebSocketError> {
    connect(app, scope).await
}

fn status(result: Result<WebSocket, WebSocketError>) -> u16 {
    result.unwrap_err().status().unwrap().as_u16()
}

#[tokio::test]
async fn views_of_both_kinds_talk_with_what_the_path_says() {
    for kind in ["async", "sync"] {
        let mut socket = open(app(), scope(&format!("/ws/{kind}/jazz/"))).await.unwrap();
        for text in ["one", "two"] {
            socket.send(text).await.unwrap();
            assert_eq!(
                socket.recv().await.unwrap(),
                Some(Message::from(format!("jazz: {text}")))
            );
        }
        socket.close(1000, "").await.unwrap();
        assert_eq!(socket.recv().await.unwrap(), None);
        assert_eq!(socket.closed().unwrap().code, 1000);
    }
}

#[test]
fn the_test_client_opens_them_in_sync_code() {
    let client = Client::new(app());
    let mut socket = client.websocket("/ws/sync/jazz/").wait().unwrap();
    socket.send("one").wait().unwrap();
    assert_eq!(socket.recv().wait().unwrap(), Some("jazz: one".into()));
    assert_eq!(
        app().reverse("chat", [("room", "jazz")]).unwrap(),
        "/ws/async/jazz/"
    );
}

#[tokio::test]
async fn what_is_no_route_of_a_websocket_is_not_found() {
    assert_eq!(status(open(app(), scope("/nothing/")).await), 404);
    assert_eq!(status(open(app(), scope("/page/")).await), 404);
}

#[tokio::test]
async fn a_plain_request_to_a_websocket_is_told_to_upgrade() {
    let response = Client::new(app()).get("/ws/async/jazz/").await.unwrap();
    assert_eq!(response.status(), 426);
    assert_eq!(response.header("upgrade"), Some("websocket"));
}

#[tokio::test]
async fn pages_of_another_origin_are_refused_unless_they_are_allowed() {
    let urls = Urls::new()
        .websocket("own/<str:room>/", chat)
        .path(
            "other/<str:room>/",
            websocket(chat).allow_origin("https://app.example"),
        )
        .path("all/<str:room>/", websocket(chat).any_origin());
    let app = App::new().urls(urls).build().unwrap();
    for (path, origin, allowed) in [
        ("/own/a/", "https://shop.example", true),
        ("/own/a/", "https://evil.example", false),
        ("/own/a/", "null", false),
        ("/other/a/", "https://app.example", true),
        ("/other/a/", "https://shop.example", true),
        ("/other/a/", "https://evil.example", false),
        ("/all/a/", "https://evil.example", true),
    ] {
        let mut scope = scope(path);
        scope
            .headers
            .insert(header::ORIGIN, HeaderValue::from_static(origin));
        let result = open(app.clone(), scope).await;
        if allowed {
            result.unwrap();
        } else {
            assert_eq!(status(result), 403, "{path} {origin}");
        }
    }
}

#[tokio::test]
async fn middleware_sees_the_handshake_and_may_deny_it() {
    async fn members(request: Request, next: Next) -> Result<Response> {
        if request.header("x-member").is_none() {
            return Err(Error::unauthorized());
        }
        request.insert(7_u8);
        let response = next.run(request).await?;
        assert_eq!(response.status(), 101);
        Ok(response.header("x-seen", "yes"))
    }
    async fn seen(request: Request, socket: WebSocket) -> Result<()> {
        socket.send(request.get::<u8>().unwrap().to_string()).await?;
        Ok(())
    }
    let app = App::new()
        .middleware(members)
        .urls(Urls::new().websocket("ws/", seen))
        .build()
        .unwrap();
    assert_eq!(status(open(app.clone(), scope("/ws/")).await), 401);
    let mut member = scope("/ws/");
    member.headers.insert("x-member", HeaderValue::from_static("1"));
    let mut socket = open(app, member).await.unwrap();
    assert_eq!(socket.recv().await.unwrap(), Some("7".into()));
    assert_eq!(socket.recv().await.unwrap(), None);
}

#[tokio::test]
async fn the_first_subprotocol_of_the_view_that_is_offered_is_agreed_on() {
    async fn tell(socket: WebSocket) -> Result<()> {
        socket.send(socket.subprotocol().unwrap_or("none")).await?;
        Ok(())
    }
    let view = websocket(tell)
        .subprotocol("v3")
        .subprotocol("v2")
        .subprotocol("v1");
    let app = App::new().urls(Urls::new().path("ws/", view)).build().unwrap();
    for (offered, agreed) in [(&["v1", "v2"][..], "v2"), (&["v9"], "none"), (&[], "none")] {
        let mut scope = scope("/ws/");
        scope.subprotocols = offered.iter().map(|&name| name.to_owned()).collect();
        let mut socket = open(app.clone(), scope).await.unwrap();
        assert_eq!(socket.recv().await.unwrap(), Some(agreed.into()));
    }
}

#[tokio::test]
async fn failures_close_with_1011_and_refusals_with_1008() {
    async fn fails(_socket: WebSocket) -> Result<()> {
        Err(std::io::Error::other("a fault").into())
    }
    async fn panics(_socket: WebSocket) {
        panic!("as asked");
    }
    async fn refuses(_socket: WebSocket) -> Result<()> {
        Err(Error::forbidden())
    }
    let urls = Urls::new()
        .websocket("fails/", fails)
        .websocket("panics/", panics)
        .websocket("refuses/", refuses);
    let app = App::new().urls(urls).build().unwrap();
    for (path, code) in [("/fails/", 1011), ("/panics/", 1011), ("/refuses/", 1008)] {
        let mut socket = open(app.clone(), scope(path)).await.unwrap();
        assert_eq!(socket.recv().await.unwrap(), None);
        assert_eq!(socket.closed().unwrap().code, code, "{path}");
    }
}

#[tokio::test]
async fn arguments_that_cannot_be_made_deny_the_handshake() {
    #[derive(serde::Deserialize)]
    struct Page {
        since: u32,
    }
    /// An extractor of one's own around the socket.
    struct Chat(WebSocket);
    impl FromRequest for Chat {
        type Rejection = Error;
        fn from_request(request: &Request) -> Result<Self> {
            WebSocket::from_request(request).map(Self)
        }
    }
    async fn rooms(socket: WebSocket, Path(room): Path<u8>, Query(page): Query<Page>) -> Result<()> {
        socket.send(format!("{room} {}", page.since)).await?;
        Ok(())
    }
    fn sync_rooms(Chat(socket): Chat, Query(page): Query<Page>, Path(room): Path<u8>) -> Result<()> {
        socket.send(format!("{room} {}", page.since)).wait()?;
        Ok(())
    }
    async fn lenient(
        socket: WebSocket,
        page: Option<Query<Page>>,
        State(name): State<&'static str>,
    ) -> Result<()> {
        socket.send(format!("{name} {}", page.is_some())).await?;
        Ok(())
    }
    async fn around(request: Request, next: Next) -> Result<Response> {
        next.run(request).await
    }
    let urls = || {
        Urls::new()
            .websocket("async/<str:room>/", rooms)
            .websocket("sync/<str:room>/", sync_rooms)
            .websocket("layered/<str:room>/", rooms.into_view().layer(around))
            .websocket("lenient/", lenient)
    };
    let app = App::new().state("shop").urls(urls()).build().unwrap();
    for kind in ["async", "sync", "layered"] {
        let path = |rest: &str| format!("/{kind}/{rest}");
        assert_eq!(
            status(open(app.clone(), scope(&path("900/?since=1"))).await),
            404,
            "{kind}"
        );
        assert_eq!(
            status(open(app.clone(), scope(&path("9/?since=x"))).await),
            400,
            "{kind}"
        );
        assert_eq!(status(open(app.clone(), scope(&path("9/"))).await), 400, "{kind}");
        let mut socket = open(app.clone(), scope(&path("9/?since=1"))).await.unwrap();
        assert_eq!(socket.recv().await.unwrap(), Some("9 1".into()), "{kind}");
    }
    let mut socket = open(app, scope("/lenient/")).await.unwrap();
    assert_eq!(socket.recv().await.unwrap(), Some("shop false".into()));
    let stateless = App::new().urls(urls()).build().unwrap();
    assert_eq!(status(open(stateless, scope("/lenient/")).await), 500);
}
