//! Startup and shutdown by events: what an application may do, in each mode.

use nuages_protocol::{
    Application as _, BoxError, Response, State, app_fn,
    event::{
        EventApplication, Lifespan, ReceiveEvent, Receiver, Scope, SendEvent, Sender, ToEvents, event_fn,
    },
};
use tokio::sync::mpsc;

use crate::{body, start, support::Running};

/// What an application does at one end of its life.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Does {
    Complete,
    Fail,
    Error,
    Panic,
    Return,
}

async fn act(does: Does, complete: SendEvent, failed: SendEvent, send: &Sender) -> Result<bool, BoxError> {
    match does {
        Does::Complete => send.send(complete).await?,
        Does::Fail => send.send(failed).await?,
        Does::Error => return Err("the amplifier burned".into()),
        Does::Panic => panic!("the amplifier burned"),
        Does::Return => return Ok(false),
    }
    Ok(true)
}

fn living(startup: Does, shutdown: Does) -> impl EventApplication {
    event_fn(
        move |scope: Scope, mut receive: Receiver, send: Sender| async move {
            let Scope::Lifespan(_) = scope else {
                send.send(start(200)).await?;
                return Ok(send.send(body("bonsoir")).await?);
            };
            assert_eq!(receive.next().await, ReceiveEvent::LifespanStartup);
            let failed = SendEvent::LifespanStartupFailed("no amplifier".into());
            if !act(startup, SendEvent::LifespanStartupComplete, failed, &send).await? {
                return Ok(());
            }
            assert_eq!(receive.next().await, ReceiveEvent::LifespanShutdown);
            let failed = SendEvent::LifespanShutdownFailed("no amplifier".into());
            act(shutdown, SendEvent::LifespanShutdownComplete, failed, &send).await?;
            Ok(())
        },
    )
}

#[tokio::test]
async fn startup_in_each_mode() {
    use Does::{Complete, Error, Fail, Panic, Return};
    use Lifespan::{Auto, Off, On};
    for (mode, startup, served) in [
        (Auto, Complete, true),
        (Auto, Fail, false),
        (Auto, Error, true),
        (Auto, Panic, true),
        (Auto, Return, true),
        (On, Complete, true),
        (On, Fail, false),
        (On, Error, false),
        (On, Panic, false),
        (On, Return, false),
        (Off, Complete, true),
        (Off, Fail, true),
        (Off, Error, true),
        (Off, Panic, true),
    ] {
        let app = living(startup, Complete).into_application().lifespan(mode);
        match app.startup().await {
            Ok(_) => assert!(served, "{mode:?} {startup:?}"),
            Err(error) => {
                assert!(!served, "{mode:?} {startup:?}: {error}");
                assert!(
                    error.to_string().contains("amplifier") || startup == Return,
                    "{error}"
                );
            }
        }
    }
}

#[tokio::test]
async fn a_failed_startup_ends_the_server_with_its_message() {
    let app = living(Does::Fail, Does::Complete).into_application();
    let server = nuages_protocol::server::Server::bind("127.0.0.1:0")
        .await
        .unwrap();
    let error = server.without_signals().serve(app).await.unwrap_err();
    assert!(error.is_startup());
    assert_eq!(
        std::error::Error::source(&error).unwrap().to_string(),
        "no amplifier"
    );
}

#[tokio::test]
async fn shutdown_in_each_mode() {
    use Does::{Complete, Error, Fail, Panic, Return};
    for mode in [Lifespan::Auto, Lifespan::On] {
        for (shutdown, well) in [
            (Complete, true),
            (Return, true),
            (Fail, false),
            (Error, false),
            (Panic, false),
        ] {
            let app = living(Complete, shutdown).into_application().lifespan(mode);
            app.startup().await.unwrap();
            let ended = app.shutdown().await;
            assert_eq!(ended.is_ok(), well, "{mode:?} {shutdown:?}");
        }
    }
    let app = living(Complete, Error).into_application().lifespan(Lifespan::Off);
    app.startup().await.unwrap();
    app.shutdown().await.unwrap();
}

#[tokio::test]
async fn an_application_without_lifespan_is_served() {
    let app = event_fn(|scope: Scope, _, send| async move {
        let Scope::Http(_) = scope else {
            return Err(scope.unsupported());
        };
        send.send(start(200)).await?;
        Ok(send.send(body("bonsoir")).await?)
    });
    let server = Running::start(app.into_application()).await;
    assert_eq!(
        server.exchange("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.body,
        "bonsoir"
    );
    server.stop().await.unwrap();
}

#[tokio::test]
async fn what_the_startup_leaves_is_in_every_scope_as_a_copy_of_its_own() {
    struct Count(usize);
    let app = event_fn(|scope: Scope, mut receive: Receiver, send: Sender| async move {
        match scope {
            Scope::Lifespan(scope) => {
                receive.next().await;
                scope.state.insert("guitar".to_owned());
                send.send(SendEvent::LifespanStartupComplete).await?;
                receive.next().await;
                Ok(send.send(SendEvent::LifespanShutdownComplete).await?)
            }
            Scope::Http(mut scope) => {
                let before = scope.state.get::<Count>().map_or(0, |count| count.0);
                scope.state.insert(Count(before + 1));
                let name = scope.state.get::<String>().cloned().unwrap_or_default();
                let text = format!("{name} {}", scope.state.get::<Count>().unwrap().0);
                send.send(start(200)).await?;
                Ok(send
                    .send(nuages_protocol::event::HttpResponseBody::new(text))
                    .await?)
            }
            scope => Err(scope.unsupported()),
        }
    });
    let server = Running::start(app.into_application()).await;
    for _ in 0..2 {
        let answer = server.exchange("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
        assert_eq!(answer.body, "guitar 1");
    }
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_typed_application_has_the_same_life_behind_events() {
    struct Typed(mpsc::UnboundedSender<&'static str>);
    impl nuages_protocol::Application for Typed {
        async fn http(
            &self,
            scope: nuages_protocol::HttpScope,
            _body: nuages_protocol::Body,
        ) -> Result<Response, BoxError> {
            Ok(Response::new(scope.state.get::<String>().unwrap().clone().into()))
        }
        async fn startup(&self) -> Result<State, BoxError> {
            self.0.send("startup")?;
            Ok(State::new().with("guitar".to_owned()))
        }
        async fn shutdown(&self) -> Result<(), BoxError> {
            self.0.send("shutdown")?;
            Err("the string broke".into())
        }
    }
    let (tell, mut told) = mpsc::unbounded_channel();
    let app = ToEvents::new(Typed(tell))
        .into_application()
        .lifespan(Lifespan::On);
    let server = Running::start(app).await;
    assert_eq!(
        server.exchange("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.body,
        "guitar"
    );
    let error = server.stop().await.unwrap_err();
    assert_eq!(
        std::error::Error::source(&error).unwrap().to_string(),
        "the string broke"
    );
    assert_eq!(
        (told.recv().await, told.recv().await),
        (Some("startup"), Some("shutdown"))
    );
}

#[tokio::test]
async fn a_typed_application_that_fails_to_start_says_why_through_events() {
    struct Broken;
    impl nuages_protocol::Application for Broken {
        async fn http(
            &self,
            _scope: nuages_protocol::HttpScope,
            _body: nuages_protocol::Body,
        ) -> Result<Response, BoxError> {
            Ok(Response::default())
        }
        async fn startup(&self) -> Result<State, BoxError> {
            Err("no guitar".into())
        }
    }
    let error = ToEvents::new(Broken)
        .into_application()
        .startup()
        .await
        .unwrap_err();
    assert_eq!(error.to_string(), "no guitar");
}

#[tokio::test]
async fn a_typed_application_answers_the_same_behind_events() {
    let app = app_fn(|scope, body| async move {
        let sent = body.collect(1 << 20).await?;
        let mut response = Response::new(format!("{} {} {}", scope.method, scope.uri, sent.len()).into());
        response.headers_mut().insert("x-guitar", "gypsy".parse()?);
        Ok(response)
    });
    let server = Running::start(ToEvents::new(app).into_application()).await;
    let mut client = server.connect().await;
    client
        .send("POST /a?b HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\nabc")
        .await;
    let answer = client.answer().await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "POST /a?b 3"));
    assert_eq!(answer.header("x-guitar"), Some("gypsy"));
    assert_eq!(answer.header("content-length"), Some("11"));
    client.send("HEAD / HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert_eq!(client.head().await.header("content-length"), Some("8"));
}
