//! The pages through the test client, in both call styles.

use nuages_bridge::count_hops;
use nuages_handler::{Client, Method};

fn client() -> Client {
    Client::new(phase2::app(Default::default()))
}

const WISH: [(&str, &str); 3] = [("title", "Minor <Swing>"), ("guest", "Naguine"), ("times", "2")];

#[nuages_macros::test]
fn a_wish_is_on_the_programme() {
    let client = client();
    assert!(client.get("/").wait().unwrap().text().contains("Nothing yet."));
    let answer = client.post("/wish/").form(WISH).wait().unwrap();
    assert_eq!(answer.status(), 302);
    assert_eq!(answer.header("location"), Some("/"));
    let home = client.get("/").wait().unwrap();
    let line = "<li><a href=\"/api/songs/1/\">Minor &#60;Swing&#62;</a> for Naguine, 2 times</li>";
    assert!(home.text().contains(line), "{}", home.text());
    assert_eq!(home.header("x-content-type-options"), Some("nosniff"));
    assert!(home.header("server-timing").is_some());
}

#[nuages_macros::test]
async fn programs_read_it_as_json() {
    let client = client();
    client.post("/wish/").form(WISH).await.unwrap();
    let song = serde_json::json!({"title": "Minor <Swing>", "guest": "Naguine", "times": 2});
    let one: serde_json::Value = client.get("/api/songs/1/").await.unwrap().json().unwrap();
    assert_eq!(one, song);
    let all: Vec<serde_json::Value> = client.get("/api/songs/").await.unwrap().json().unwrap();
    assert_eq!(all, [song]);
    for path in ["/api/songs/0/", "/api/songs/2/", "/api/songs/x/", "/nothing/"] {
        assert_eq!(client.get(path).await.unwrap().status(), 404, "{path}");
    }
}

#[nuages_macros::test]
fn a_bad_wish_comes_back_with_what_was_typed() {
    let answer = client()
        .post("/wish/")
        .form([("title", "<b>"), ("times", "9")])
        .wait()
        .unwrap();
    assert_eq!(answer.status(), 422);
    let text = answer.text();
    assert!(text.contains("value=\"&#60;b&#62;\""), "{text}");
    assert!(
        text.contains("<li>Ensure this value is less than or equal to 3.</li>"),
        "{text}"
    );
    assert!(text.contains("<li>This field is required.</li>"), "{text}");
    assert!(
        text.contains("aria-describedby=\"id_guest-help id_guest-error\""),
        "{text}"
    );
}

#[nuages_macros::test]
async fn methods_robots_and_slashes() {
    let client = client();
    let refused = client.delete("/wish/").await.unwrap();
    assert_eq!(
        (refused.status().as_u16(), refused.header("allow")),
        (405, Some("GET, HEAD, POST, OPTIONS"))
    );
    let robot = client
        .get("/wish/")
        .header("user-agent", "a robot")
        .await
        .unwrap();
    assert_eq!(robot.status(), 403);
    assert!(
        robot.header("server-timing").is_some(),
        "the middleware around sees the answer"
    );
    assert_eq!(
        client.get("/wish?a=b").await.unwrap().header("location"),
        Some("/wish/?a=b")
    );
}

#[nuages_macros::test]
async fn a_request_hops_where_the_plan_says() {
    let client = client();
    let plan = client.handler().plan();
    for (name, path, method, hops) in [
        ("home", "/", Method::GET, 1),
        ("songs", "/api/songs/", Method::GET, 0),
        ("wish", "/wish/", Method::GET, 1),
        ("wish", "/wish/", Method::POST, 1),
    ] {
        assert_eq!(plan.route(name).hops_of(&method), hops, "{name} {method}");
        let request = client.request(method.clone(), path).form(WISH);
        let (answer, real) = count_hops(request.send().into_future()).await;
        assert!(answer.unwrap().status().as_u16() < 400, "{name} {method}");
        assert_eq!(real.to_thread, hops as u64, "{name} {method}");
    }
}
