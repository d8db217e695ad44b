//! The middleware that comes with the crate: what it answers, what it adds, and that none of it hops.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;
use std::time::Duration;

use nuages_bridge::count_hops;
use nuages_handler::{
    AllowedHosts, App, Client, ClientResponse, Common, ConcurrencyLimit, ConditionalGet, Csrf, MultipartForm,
    Request, RequestId, Response, SecurityHeaders, Settings, Timeout, Urls, csp_nonce, csrf_exempt,
    csrf_token, get, post, rotate_csrf_token,
};

fn urls() -> Urls {
    Urls::new()
        .path("sync/", || "sync")
        .name("sync")
        .path("async/", || async { "async" })
        .name("async")
}

fn site(change: impl FnOnce(&mut Settings)) -> Client {
    let mut settings = Settings {
        allowed_hosts: vec!["example.com".to_owned()],
        ..Settings::default()
    };
    change(&mut settings);
    Client::new(App::new().settings(settings).default_middleware().urls(urls()))
}

#[tokio::test]
async fn seven_default_layers_make_no_hop_around_an_async_view_and_one_around_a_sync_view() {
    for change in [(|_: &mut Settings| {}) as fn(&mut Settings), |settings| {
        settings.limits.timeout = Duration::from_secs(60);
        settings.limits.concurrency = 10;
        settings.csp.policy = "default-src 'self'".to_owned();
    }] {
        let client = site(change);
        for (name, hops) in [("async", 0), ("sync", 1)] {
            let plan = client.handler().plan().route(name);
            assert!(plan.layers().len() >= 7, "{plan}");
            assert_eq!(plan.hops(), hops, "{plan}");
            let (response, counted) = count_hops(async { client.get(format!("/{name}/")).await }).await;
            assert_eq!(response.unwrap().text(), name);
            assert_eq!(counted.to_thread, hops as u64, "{plan}");
        }
    }
}

#[test]
fn hosts_that_are_not_allowed_get_a_400() {
    let client = site(|settings| settings.allowed_hosts.push(".shop.example".to_owned()));
    for (host, status) in [
        ("example.com", 200),
        ("EXAMPLE.com:8000", 200),
        ("a.shop.example", 200),
        ("testserver", 200),
        ("evil.example", 400),
        ("example.com.evil.example", 400),
        ("example.com@evil.example", 400),
        ("", 400),
    ] {
        let response = client.get("/async/").header("host", host).wait().unwrap();
        assert_eq!(response.status(), status, "{host}");
    }
}

#[test]
fn nothing_is_allowed_where_nothing_is_set_but_this_machine_in_debug_mode() {
    let ask = |debug: bool, host: &str| {
        let app = App::new()
            .debug(debug)
            .middleware_from(AllowedHosts::from_settings)
            .urls(urls());
        Client::new(app)
            .get("/async/")
            .header("host", host)
            .wait()
            .unwrap()
            .status()
            .as_u16()
    };
    assert_eq!(ask(true, "localhost:8000"), 200);
    assert_eq!(ask(true, "shop.localhost"), 200);
    assert_eq!(ask(true, "[::1]:8000"), 200);
    assert_eq!(ask(true, "example.com"), 400);
    assert_eq!(ask(false, "localhost"), 400);
}

#[test]
fn a_proxys_host_counts_only_where_the_settings_say_so() {
    let ask = |trust: bool| {
        let client = site(|settings| settings.use_forwarded_host = trust);
        let request = client
            .get("/async/")
            .header("host", "inside")
            .header("x-forwarded-host", "example.com");
        request.wait().unwrap().status().as_u16()
    };
    assert_eq!((ask(true), ask(false)), (200, 400));
}

#[test]
fn security_headers_are_sent_unless_the_view_has_its_own() {
    let mut settings = Settings::default();
    settings.security.hsts = Duration::from_secs(3600);
    settings.security.hsts_include_subdomains = true;
    settings.security.hsts_preload = true;
    let framed = || Response::new(200).header("x-frame-options", "SAMEORIGIN");
    let app = App::new()
        .settings(settings)
        .middleware_from(SecurityHeaders::from_settings)
        .urls(urls().path("framed/", framed));
    let client = Client::new(app);
    let plain = client.get("/async/").wait().unwrap();
    plain
        .assert_header("x-content-type-options", "nosniff")
        .assert_header("referrer-policy", "same-origin")
        .assert_header("cross-origin-opener-policy", "same-origin")
        .assert_header("x-frame-options", "DENY");
    assert_eq!(
        plain.header("strict-transport-security"),
        None,
        "by http it means nothing"
    );
    let secure = client.get("/async/").secure().wait().unwrap();
    secure.assert_header(
        "strict-transport-security",
        "max-age=3600; includeSubDomains; preload",
    );
    client
        .get("/framed/")
        .wait()
        .unwrap()
        .assert_header("x-frame-options", "SAMEORIGIN");
    client
        .get("/nowhere/")
        .wait()
        .unwrap()
        .assert_header("x-frame-options", "DENY");
}

#[test]
fn http_is_redirected_to_https_but_for_what_is_exempt() {
    let client = site(|settings| {
        settings.security.ssl_redirect = true;
        settings.security.redirect_exempt = vec!["^sync/".to_owned()];
    });
    let ask = |path: &str| client.get(path).header("host", "example.com").wait().unwrap();
    ask("/async/?a=1")
        .assert_status(301)
        .assert_redirects("https://example.com/async/?a=1");
    ask("/sync/").assert_status(200);
    client
        .get("/async/")
        .header("host", "example.com")
        .secure()
        .wait()
        .unwrap()
        .assert_status(200);
}

#[test]
fn each_request_has_a_nonce_of_its_own() {
    let mut settings = Settings::default();
    settings.csp.policy = "script-src 'nonce-{nonce}'".to_owned();
    settings.csp.report_only = "default-src 'none'".to_owned();
    let twice = |request: Request| format!("{} {}", csp_nonce(&request), csp_nonce(&request));
    let app = App::new()
        .settings(settings)
        .middleware_from(nuages_handler::ContentSecurityPolicy::from_settings)
        .urls(Urls::new().path("", twice));
    let client = Client::new(app);
    let nonce = |response: &ClientResponse| {
        let (one, other) = response.text().split_once(' ').unwrap();
        assert_eq!(one, other);
        response.assert_header("content-security-policy", &format!("script-src 'nonce-{one}'"));
        one.to_owned()
    };
    let (one, other) = (client.get("/").wait().unwrap(), client.get("/").wait().unwrap());
    one.assert_header("content-security-policy-report-only", "default-src 'none'");
    assert_ne!(nonce(&one), nonce(&other));
}

fn protected() -> Client {
    let form = |request: Request| csrf_token(&request);
    let login = |request: Request| {
        rotate_csrf_token(&request);
        "logged in"
    };
    let urls = Urls::new()
        .path("", get(form).post(|| "saved"))
        .path("async/", post(|| async { "saved" }))
        .path("login/", login)
        .path("hook/", csrf_exempt(|| "noted"));
    Client::new(App::new().middleware(Csrf::new()).debug(true).urls(urls)).enforce_csrf()
}

#[test]
fn a_post_needs_the_token_in_the_form_or_in_the_header() {
    let client = protected();
    client
        .post("/")
        .wait()
        .unwrap()
        .assert_status(403)
        .assert_contains("The CSRF cookie is not set.");
    let page = client.get("/").wait().unwrap();
    page.assert_header("vary", "Cookie");
    let token = page.text().to_owned();
    assert_eq!(token.len(), 64);
    client
        .post("/")
        .wait()
        .unwrap()
        .assert_status(403)
        .assert_contains("The CSRF token is missing.");
    let wrong = "x".repeat(64);
    let response = client
        .post("/")
        .form([("csrfmiddlewaretoken", &wrong)])
        .wait()
        .unwrap();
    response
        .assert_status(403)
        .assert_contains("The CSRF token of the form is incorrect.");
    for path in ["/", "/async/"] {
        client
            .post(path)
            .form([("csrfmiddlewaretoken", &token)])
            .wait()
            .unwrap()
            .assert_status(200);
        client
            .post(path)
            .header("x-csrftoken", token.as_str())
            .wait()
            .unwrap()
            .assert_status(200);
        let form =
            MultipartForm::new()
                .field("csrfmiddlewaretoken", &token)
                .file("f", "f.txt", "text/plain", "x");
        client
            .post(path)
            .multipart(form)
            .wait()
            .unwrap()
            .assert_status(200);
    }
    let cookie = client.cookie("csrftoken").unwrap();
    assert_eq!(cookie.len(), 32);
    client
        .post("/")
        .header("x-csrftoken", cookie)
        .wait()
        .unwrap()
        .assert_status(200);
}

#[test]
fn a_browser_that_says_where_a_request_comes_from_is_believed() {
    let client = protected();
    for (site, status) in [
        ("same-origin", 200),
        ("none", 200),
        ("cross-site", 403),
        ("same-site", 403),
    ] {
        let response = client.post("/").header("sec-fetch-site", site).wait().unwrap();
        assert_eq!(response.status(), status, "{site}");
    }
}

#[test]
fn a_browser_is_believed_once_and_by_its_exact_words() {
    let client = protected();
    for sites in [
        &["same-origin", "cross-site"][..],
        &["same-origin", "same-origin"],
        &["Same-Origin"],
        &["same-origin, none"],
        &[""],
    ] {
        let request = sites.iter().fold(client.post("/"), |request, site| {
            request.header("sec-fetch-site", *site)
        });
        assert_eq!(request.wait().unwrap().status(), 403, "{sites:?}");
    }
    // What the browser says goes before an `Origin`, which a proxy that changes the host makes look foreign.
    let behind_a_proxy = client
        .post("/")
        .header("sec-fetch-site", "same-origin")
        .header("origin", "https://shop.example");
    assert_eq!(behind_a_proxy.wait().unwrap().status(), 200);
    let foreign = client
        .post("/")
        .header("sec-fetch-site", "cross-site")
        .header("origin", "http://testserver");
    assert_eq!(
        foreign.wait().unwrap().status(),
        403,
        "the origin is fine, and the token is missing"
    );
}

#[test]
fn where_the_settings_want_it_a_browser_needs_the_token_as_well() {
    let mut settings = Settings::default();
    settings.csrf.require_token = true;
    let form = |request: Request| csrf_token(&request);
    let urls = Urls::new().path("", get(form).post(|| "saved"));
    let client = Client::new(App::new().settings(settings).middleware(Csrf::new()).urls(urls)).enforce_csrf();
    let token = client.get("/").wait().unwrap().text().to_owned();
    for site in ["same-origin", "none"] {
        let post = || client.post("/").secure().header("sec-fetch-site", site);
        let without = post().wait().unwrap();
        assert_eq!(without.status(), 403, "{site}");
        let with = post().header("x-csrftoken", token.as_str()).wait().unwrap();
        assert_eq!(with.status(), 200, "{site}: it needs no Referer beside it");
    }
}

#[test]
fn an_origin_has_to_be_this_site_or_a_trusted_one() {
    let mut settings = Settings::default();
    settings.csrf.trusted_origins = vec![
        "https://shop.example".to_owned(),
        "https://*.partner.example".to_owned(),
    ];
    let form = |request: Request| csrf_token(&request);
    let urls = Urls::new().path("", get(form).post(|| "saved"));
    let client = Client::new(App::new().settings(settings).middleware(Csrf::new()).urls(urls)).enforce_csrf();
    let token = client.get("/").wait().unwrap().text().to_owned();
    for (origin, status) in [
        ("http://testserver", 200),
        ("https://shop.example", 200),
        ("https://a.partner.example", 200),
        ("https://testserver", 403),
        ("http://shop.example", 403),
        ("https://evil.example", 403),
        ("https://evilpartner.example", 403),
        ("null", 403),
    ] {
        let request = client
            .post("/")
            .header("origin", origin)
            .header("x-csrftoken", token.as_str());
        let response = request.wait().unwrap();
        assert_eq!(response.status(), status, "{origin}");
        if status == 403 {
            response.assert_not_contains("trusted");
        }
    }
    let trusted = client
        .post("/")
        .header("origin", "https://shop.example")
        .wait()
        .unwrap();
    assert_eq!(
        trusted.status(),
        403,
        "a trusted origin needs the token all the same"
    );
}

#[test]
fn by_https_a_referer_stands_for_a_missing_origin() {
    let client = protected();
    let token = client.get("/").wait().unwrap().text().to_owned();
    let ask = |referer: Option<&str>| {
        let mut request = client.post("/").secure().header("x-csrftoken", token.as_str());
        if let Some(referer) = referer {
            request = request.header("referer", referer);
        }
        request.wait().unwrap().status().as_u16()
    };
    assert_eq!(ask(Some("https://testserver/form/")), 200);
    for refused in [
        None,
        Some("https://evil.example/"),
        Some("http://testserver/"),
        Some("testserver"),
        Some("https://"),
    ] {
        assert_eq!(ask(refused), 403, "{refused:?}");
    }
}

#[test]
fn a_login_gives_the_visitor_another_secret() {
    let client = protected();
    let token = client.get("/").wait().unwrap().text().to_owned();
    client.get("/login/").wait().unwrap().assert_status(200);
    client
        .post("/")
        .header("x-csrftoken", token)
        .wait()
        .unwrap()
        .assert_status(403);
    let token = client.get("/").wait().unwrap().text().to_owned();
    client
        .post("/")
        .header("x-csrftoken", token)
        .wait()
        .unwrap()
        .assert_status(200);
}

#[test]
fn what_changes_nothing_and_what_is_exempt_needs_no_token_and_no_test_does() {
    let client = protected();
    client.post("/hook/").wait().unwrap().assert_status(200);
    client.head("/").wait().unwrap().assert_status(200);
    client.put("/").wait().unwrap().assert_status(403);
    let lenient = Client::new(client.handler());
    lenient.post("/").wait().unwrap().assert_status(200);
}

#[test]
fn production_does_not_say_why_a_token_was_refused() {
    let urls = Urls::new().path("", post(|| "saved"));
    let client = Client::new(App::new().middleware(Csrf::new()).urls(urls)).enforce_csrf();
    client
        .post("/")
        .wait()
        .unwrap()
        .assert_status(403)
        .assert_not_contains("cookie");
}

#[test]
fn a_response_that_the_client_has_is_not_sent_again() {
    let urls = urls()
        .path("dated/", || {
            Response::new(200)
                .header("last-modified", "Sat, 23 Jan 2010 10:00:00 GMT")
                .body("x")
        })
        .path("secret/", || {
            Response::new(200).header("cache-control", "no-store").body("x")
        })
        .path("gone/", || Response::new(404).body("x"));
    let client = Client::new(App::new().middleware(ConditionalGet::new()).urls(urls));
    let first = client.get("/async/").wait().unwrap();
    let tag = first.header("etag").unwrap().to_owned();
    let again = client
        .get("/async/")
        .header("if-none-match", format!("\"x\", {tag}"))
        .wait()
        .unwrap();
    again.assert_status(304).assert_header("etag", &tag);
    assert_eq!((again.text(), again.header("content-type")), ("", None));
    client
        .get("/sync/")
        .header("if-none-match", tag.as_str())
        .wait()
        .unwrap()
        .assert_status(200);
    client
        .post("/async/")
        .header("if-none-match", tag.as_str())
        .wait()
        .unwrap()
        .assert_status(200);
    for (since, status) in [
        ("Sat, 23 Jan 2010 10:00:00 GMT", 304),
        ("Sun, 24 Jan 2010 10:00:00 GMT", 304),
        ("Fri, 22 Jan 2010 10:00:00 GMT", 200),
        ("yesterday", 200),
    ] {
        let response = client
            .get("/dated/")
            .header("if-modified-since", since)
            .wait()
            .unwrap();
        assert_eq!(response.status(), status, "{since}");
    }
    assert_eq!(client.get("/secret/").wait().unwrap().header("etag"), None);
    assert_eq!(client.get("/gone/").wait().unwrap().header("etag"), None);
}

#[test]
fn robots_are_refused_and_the_host_gets_its_www() {
    let settings = Settings {
        disallowed_user_agents: vec!["BadBot".to_owned()],
        prepend_www: true,
        ..Settings::default()
    };
    let client = Client::new(
        App::new()
            .settings(settings)
            .middleware_from(Common::from_settings)
            .urls(urls()),
    );
    client
        .get("/async/")
        .header("user-agent", "Mozilla BadBot/1.0")
        .wait()
        .unwrap()
        .assert_status(403);
    let response = client
        .get("/async/?a=1")
        .header("host", "example.com:8000")
        .wait()
        .unwrap();
    response
        .assert_status(301)
        .assert_redirects("http://www.example.com:8000/async/?a=1");
    client
        .get("/async/")
        .header("host", "www.example.com")
        .wait()
        .unwrap()
        .assert_status(200);
    client
        .get("/async/")
        .header("host", "127.0.0.1")
        .wait()
        .unwrap()
        .assert_status(200);
}

#[test]
fn each_request_has_a_number_of_its_own_or_that_of_a_trusted_proxy() {
    let number = |layer: RequestId, sent: &str| {
        let client = Client::new(App::new().middleware(layer).urls(urls()));
        let response = client.get("/async/").header("x-request-id", sent).wait().unwrap();
        response.header("x-request-id").unwrap().to_owned()
    };
    assert_ne!(number(RequestId::new(), "abc"), "abc");
    assert_ne!(number(RequestId::new(), "abc"), number(RequestId::new(), "abc"));
    assert_eq!(number(RequestId::new().from_proxy(), "abc-1"), "abc-1");
    assert_ne!(number(RequestId::new().from_proxy(), "<script>"), "<script>");
}

#[tokio::test(start_paused = true)]
async fn what_takes_too_long_is_a_503() {
    let urls = urls().path("endless/", || async { std::future::pending::<&str>().await });
    let client = Client::new(
        App::new()
            .middleware(Timeout::new(Duration::from_secs(5)))
            .urls(urls),
    );
    let response = client.get("/endless/").await.unwrap();
    response.assert_status(503).assert_header("retry-after", "1");
    client.get("/async/").await.unwrap().assert_status(200);
}

#[tokio::test(start_paused = true)]
async fn more_requests_than_may_be_worked_on_wait_for_their_turn_and_then_get_a_503() {
    let (go, wait) = (
        Arc::new(tokio::sync::Notify::new()),
        Arc::new(tokio::sync::Notify::new()),
    );
    let (inside, leave) = (go.clone(), wait.clone());
    let busy = move || {
        let (inside, leave) = (inside.clone(), leave.clone());
        async move {
            inside.notify_one();
            leave.notified().await;
            "done"
        }
    };
    let limit = ConcurrencyLimit::new(1, Duration::from_secs(1));
    let client = Client::new(App::new().middleware(limit).urls(Urls::new().path("", busy)));
    let first = tokio::spawn({
        let client = client.clone();
        async move { client.get("/").await.unwrap().text().to_owned() }
    });
    go.notified().await;
    client.get("/").await.unwrap().assert_status(503);
    let third = tokio::spawn({
        let client = client.clone();
        async move { client.get("/").await.unwrap().text().to_owned() }
    });
    tokio::task::yield_now().await;
    wait.notify_one();
    assert_eq!(first.await.unwrap(), "done");
    go.notified().await;
    wait.notify_one();
    assert_eq!(third.await.unwrap(), "done");
}
