//! Two applications as one.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::{Arc, Mutex};

use nuages_protocol::{Application, Body, BoxError, HttpScope, Response, State, mount, testing};

#[derive(Clone)]
struct Living {
    name: &'static str,
    events: Arc<Mutex<Vec<String>>>,
    starts: bool,
}

impl Application for Living {
    async fn http(&self, scope: HttpScope, _body: Body) -> Result<Response, BoxError> {
        let states = (scope.state.get::<u8>(), scope.state.get::<u16>());
        Ok(Response::new(
            format!("{} {} {:?} {states:?}", self.name, scope.uri, scope.root_path).into(),
        ))
    }

    async fn startup(&self) -> Result<State, BoxError> {
        self.events.lock().unwrap().push(format!("{} startup", self.name));
        if !self.starts {
            return Err("no guitar".into());
        }
        Ok(if self.name == "inner" {
            State::new().with(1_u8)
        } else {
            State::new().with(2_u16)
        })
    }

    async fn shutdown(&self) -> Result<(), BoxError> {
        self.events
            .lock()
            .unwrap()
            .push(format!("{} shutdown", self.name));
        Ok(())
    }
}

fn living(name: &'static str, events: &Arc<Mutex<Vec<String>>>, starts: bool) -> Living {
    Living {
        name,
        events: Arc::clone(events),
        starts,
    }
}

#[tokio::test]
async fn paths_part_between_segments_and_root_paths_add_up() {
    let events = Arc::default();
    let site = mount(
        "/shop/",
        living("inner", &events, true),
        living("outer", &events, true),
    );
    for (path, root_path, answer) in [
        ("/shop/a", "", "inner /shop/a \"/shop\" (None, None)"),
        ("/shop", "", "inner /shop \"/shop\" (None, None)"),
        ("/shopping", "", "outer /shopping \"\" (None, None)"),
        ("/x/shop/a", "/x", "inner /x/shop/a \"/x/shop\" (None, None)"),
        ("/shop/a", "/x", "outer /shop/a \"/x\" (None, None)"),
    ] {
        let mut scope = HttpScope::from(http::Request::get(path).body(()).unwrap().into_parts().0);
        scope.root_path = root_path.into();
        let response = site.http(scope, Body::empty()).await.unwrap();
        assert_eq!(response.into_body().collect(1024).await.unwrap(), answer);
    }
}

#[tokio::test]
async fn both_are_started_and_shut_down_and_share_their_states() {
    let events: Arc<Mutex<Vec<String>>> = Arc::default();
    let site = mount(
        "/shop",
        living("inner", &events, true),
        living("outer", &events, true),
    );
    let state = site.startup().await.unwrap();
    assert_eq!((state.get::<u8>(), state.get::<u16>()), (Some(&1), Some(&2)));
    site.shutdown().await.unwrap();
    let expected = [
        "outer startup",
        "inner startup",
        "inner shutdown",
        "outer shutdown",
    ];
    assert_eq!(*events.lock().unwrap(), expected);
}

#[tokio::test]
async fn what_was_started_is_shut_down_where_the_other_fails_to_start() {
    let events: Arc<Mutex<Vec<String>>> = Arc::default();
    let site = mount(
        "/shop",
        living("inner", &events, false),
        living("outer", &events, true),
    );
    assert_eq!(site.startup().await.unwrap_err().to_string(), "no guitar");
    assert_eq!(
        *events.lock().unwrap(),
        ["outer startup", "inner startup", "outer shutdown"]
    );
    let request = http::Request::get("/").body("").unwrap();
    assert_eq!(testing::http(&site, request).await.unwrap().status(), 200);
}
