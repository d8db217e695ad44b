//! What stands on a page for an error, in debug mode and in production, and what an application says of itself.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use nuages_handler::{App, Client, ClientResponse, Secret, Settings, SuspiciousOperation, Urls};

#[derive(Debug, thiserror::Error)]
#[error("the order was not placed")]
struct Order(#[source] std::num::ParseIntError);

fn failing() -> nuages_handler::Result<&'static str> {
    Err(Order("many".parse::<i64>().unwrap_err()))?
}

fn panicking() -> &'static str {
    panic!("swordfish <b>")
}

fn settings(debug: bool) -> Settings {
    Settings {
        debug,
        secret_key: Secret::from("the key that nobody sees"),
        ..Settings::default()
    }
}

fn ask(debug: bool, path: &str) -> ClientResponse {
    let urls = Urls::new()
        .path("orders/<int:id>/", failing)
        .name("order")
        .path("panics/", panicking)
        .path("panics-async/", || async { panicking() })
        .path("odd/", || {
            Err::<(), _>(SuspiciousOperation::new("Odd", "No honest client does this."))
        });
    let app = App::new().settings(settings(debug)).urls(urls);
    let client = Client::new(app).raise_exceptions(false);
    client.set_cookie("session", "of-django");
    client
        .get(path)
        .header("authorization", "Basic c2VjcmV0")
        .header("accept-language", "fr")
        .wait()
        .unwrap()
}

#[test]
fn the_debug_page_shows_the_chain_the_request_the_plan_and_settings_without_secrets() {
    let page = ask(true, "/orders/3/?q=minor");
    page.assert_status(500)
        .assert_contains("the order was not placed")
        .assert_contains("<li>invalid digit found in string</li>")
        .assert_contains("/orders/&lt;int:id&gt;/")
        .assert_contains("failing (sync)")
        .assert_contains("q=minor")
        .assert_contains("accept-language")
        .assert_contains("limits.body")
        .assert_contains("pages::failing")
        .assert_not_contains("c2VjcmV0")
        .assert_not_contains("of-django")
        .assert_not_contains("the key that nobody sees");
}

#[test]
fn the_debug_page_of_a_panic_tells_where_it_was() {
    for path in ["/panics/", "/panics-async/"] {
        ask(true, path)
            .assert_status(500)
            .assert_contains("swordfish &lt;b&gt;")
            .assert_not_contains("<b>")
            .assert_contains("tests/pages.rs:");
    }
}

#[test]
fn the_debug_page_of_a_404_lists_the_routes() {
    ask(true, "/nowhere/")
        .assert_status(404)
        .assert_contains("/orders/&lt;int:id&gt;/")
        .assert_contains("order");
}

#[test]
fn production_says_nothing() {
    for path in ["/orders/3/", "/panics/", "/panics-async/", "/nowhere/"] {
        let page = ask(false, path);
        for part in [
            "placed",
            "digit",
            "swordfish",
            "pages.rs",
            "orders",
            "limits",
            "accept",
        ] {
            page.assert_not_contains(part);
        }
    }
    ask(false, "/odd/")
        .assert_status(400)
        .assert_contains("No honest client does this.");
}

#[test]
fn a_check_before_production_names_what_is_not_fit_for_it() {
    let ids = |app: &App| {
        let mut ids: Vec<&str> = app.check_deploy().iter().map(|message| message.id).collect();
        ids.sort_unstable();
        ids.dedup();
        ids.join(" ")
    };
    assert_eq!(
        ids(&App::new().debug(true)),
        "security.W001 security.W002 security.W003 security.W009 security.W018 security.W020 security.W028"
    );
    assert_eq!(
        ids(&App::new().default_middleware()),
        "security.W004 security.W008 security.W009 security.W016 security.W020"
    );
    let mut good = Settings {
        secret_key: Secret::from("k8Zq0vT3mJw5Xy7Rb1Ln9Pc2Hd4Fs6Ga8Ke0Uo3Ti5Wq7Zx9Vb1N"),
        allowed_hosts: vec!["example.com".to_owned()],
        ..Settings::default()
    };
    good.security.hsts = std::time::Duration::from_secs(31_536_000);
    good.security.hsts_include_subdomains = true;
    good.security.hsts_preload = true;
    good.security.ssl_redirect = true;
    good.csrf.cookie_secure = true;
    assert_eq!(ids(&App::new().settings(good).default_middleware()), "");
}

#[test]
fn a_check_finds_all_mistakes_of_urls_and_settings_at_once() {
    let mut settings = Settings::default();
    settings.csrf.trusted_origins = vec!["shop.example".to_owned()];
    settings.security.redirect_exempt = vec!["(".to_owned()];
    let urls = Urls::new().path("/a", || "").path("b/", || "").path("b/", || "");
    let found = App::new().settings(settings).urls(urls).check();
    assert!(found.has_errors());
    assert_eq!(found.tagged("urls").count(), 2, "{found}");
    assert_eq!(found.tagged("settings").count(), 2, "{found}");
    assert!(found.to_string().contains("`shop.example`"), "{found}");
    assert!(App::new().check().is_empty());
}

#[test]
fn every_problem_of_urls_is_told_when_the_application_is_built() {
    let polls = || Urls::new().app_name("polls").path("", || "").name("index");
    let urls = Urls::new()
        .path("a/", || "")
        .name("a")
        .path("a/", || "")
        .path("b/", || "")
        .name("a")
        .path("../c/", || "")
        .path("d/", || "")
        .name("d:e")
        .re_path("(", || "")
        .re_path("x+", || "")
        .re_path("x+", || "")
        .include("polls/", polls())
        .include("more-polls/", polls())
        .mount("shop", App::new().build().unwrap());
    let error = App::new().urls(urls).build().unwrap_err().to_string();
    for part in [
        "route `a/` takes the same paths as route `a/`",
        "the name `a` is given to two routes, `a/` and `b/`",
        "route `../c/`: no request reaches it",
        "the name `d:e` holds a colon",
        "route `(`: it is no regular expression",
        "route `x+` takes the same paths as route `x+`",
        "the namespace `polls` is given to two groups",
        "its prefix `shop` has to end with a slash",
    ] {
        assert!(error.contains(part), "{part}\n{error}");
    }
}

#[test]
fn a_missing_slash_is_a_500_in_debug_mode_where_a_redirect_would_lose_a_body() {
    let app = |debug| App::new().debug(debug).urls(Urls::new().path("a/", || "fine"));
    let post = |debug| {
        Client::new(app(debug))
            .raise_exceptions(false)
            .post("/a")
            .body("x")
            .wait()
            .unwrap()
    };
    post(true).assert_status(500).assert_contains("append_slash");
    post(false).assert_status(404);
    let settings = Settings {
        append_slash: false,
        ..Settings::default()
    };
    let off = Client::new(app(false).settings(settings));
    off.get("/a").wait().unwrap().assert_status(404);
    Client::new(app(false))
        .get("/a")
        .wait()
        .unwrap()
        .assert_redirects("/a/");
}
