//! Views without a function of one's own, views with methods, lists in pages, and what is said of a single view.
#![cfg(all(feature = "forms", feature = "templates"))]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use nuages_handler::{
    App, Client, CsrfExempt, Error, IntoView as _, Op, Path, Request, Response, Result, StatusCode, Urls,
    get, neutral,
};
use nuages_views::askama::Template;
use nuages_views::methods::{GET, HEAD, POST};
use nuages_views::{
    BoundForm, CacheControl, Decorate as _, ETag, Form, OutOfRange, PageLink, Paginate, Paginator, form_view,
    methods, redirect, redirect_to, redirect_to_route, render, template_view,
};

fn client(urls: Urls) -> Client {
    Client::new(App::new().urls(urls)).raise_exceptions(false)
}

#[derive(Template)]
#[template(source = "<h1>About</h1>", ext = "html", askama = nuages_views::askama)]
struct About;

#[test]
fn a_template_view_takes_no_thread() {
    let client = client(Urls::new().path("about/", template_view(About)).name("about"));
    assert_eq!(client.handler().plan().route("about").hops(), 0);
    let response = client.get("/about/").wait().unwrap();
    assert_eq!(
        (response.text(), response.header("content-type")),
        ("<h1>About</h1>", Some("text/html; charset=utf-8"))
    );
    assert_eq!(client.head("/about/").wait().unwrap().text(), "");
    assert_eq!(
        client.delete("/about/").wait().unwrap().header("allow"),
        Some("GET, HEAD, OPTIONS")
    );
}

#[test]
fn a_redirect_leads_by_every_method_and_never_into_another_header() {
    async fn book(Path((id, slug)): Path<(i64, String)>) -> String {
        format!("{id} {slug}")
    }
    let client = client(
        Urls::new()
            .path("plain/", redirect_to("/new/"))
            .path("query/", redirect_to("/new/?a=1#part").with_query().permanent())
            .path("books/<int:id>/<slug:slug>/", book)
            .name("book")
            .path("old/<int:id>/<slug:slug>/", redirect_to_route("book").permanent())
            .path("wrong/<int:id>/", redirect_to_route("book")),
    );
    let at = |path: &str| {
        let response = client.get(path).wait().unwrap();
        (
            response.status().as_u16(),
            response.header("location").map(str::to_owned),
        )
    };
    assert_eq!(at("/plain/?q=1"), (302, Some("/new/".to_owned())));
    assert_eq!(at("/query/?b=2"), (301, Some("/new/?a=1&b=2#part".to_owned())));
    assert_eq!(
        at("/old/3/minor-swing/"),
        (301, Some("/books/3/minor-swing/".to_owned()))
    );
    assert_eq!(
        at("/wrong/3/").0,
        500,
        "a route that needs more values is the program's mistake"
    );
    assert_eq!(client.post("/plain/").wait().unwrap().status(), 302);
    assert_eq!(client.options("/plain/").wait().unwrap().status(), 302);
    assert_eq!(
        at("/query/?b=%0D%0Aset-cookie:x").1.unwrap(),
        "/new/?a=1&b=%0D%0Aset-cookie:x#part"
    );
}

#[derive(Debug, Form)]
struct Wish {
    title: String,
}

#[derive(Template)]
#[template(source = "{{ form }}", ext = "html", askama = nuages_views::askama)]
struct WishPage {
    form: BoundForm<Wish>,
}

fn show(request: Request, form: BoundForm<Wish>) -> Result<Response> {
    render(&request, WishPage { form })
}

async fn show_async(request: Request, form: BoundForm<Wish>) -> Result<Response> {
    show(request, form)
}

fn keep(_: Request, wish: Wish) -> Result<Response> {
    if wish.title == "no" {
        return Err(Error::bad_request("no such song"));
    }
    // What a sync step may do, in a thread of its own.
    let title = Op::<_>::new("keep", async move { Ok(wish.title) }).wait()?;
    Ok(redirect(format!("/{title}/")))
}

async fn keep_async(_: Request, wish: Wish) -> Response {
    redirect(format!("/{}/", wish.title))
}

#[test]
fn a_form_view_shows_takes_and_shows_again_in_every_mix_of_kinds() {
    let client = client(
        Urls::new()
            .path("sync/", form_view(show, keep))
            .name("sync")
            .path("async/", form_view(show_async, keep_async))
            .name("async")
            .path("mixed/", form_view(show_async, keep))
            .name("mixed")
            .path("other/", form_view(show, keep_async))
            .name("other"),
    );
    for (name, hops) in [("sync", 1), ("async", 0), ("mixed", 0), ("other", 0)] {
        let path = format!("/{name}/");
        assert_eq!(client.handler().plan().route(name).hops(), hops, "{name}");
        let first = client.get(&path).wait().unwrap();
        assert_eq!(first.status(), 200);
        assert!(!first.text().contains("error-summary"));
        let wrong = client.post(&path).form([("title", " ")]).wait().unwrap();
        assert_eq!(wrong.status(), 422, "{name}");
        assert!(wrong.text().contains("This field is required."));
        let right = client.post(&path).form([("title", "nuages")]).wait().unwrap();
        assert_eq!(
            (right.status().as_u16(), right.header("location")),
            (302, Some("/nuages/")),
            "{name}"
        );
        assert_eq!(
            client.put(&path).wait().unwrap().header("allow"),
            Some("GET, HEAD, POST, OPTIONS")
        );
    }
    assert_eq!(
        client
            .post("/mixed/")
            .form([("title", "no")])
            .wait()
            .unwrap()
            .status(),
        400
    );
}

struct Counter {
    count: AtomicUsize,
}

#[methods]
impl Counter {
    fn get(&self) -> String {
        self.shown()
    }

    fn post(&self, request: Request) -> Result<String> {
        let by: usize = request.query().get("by").unwrap_or("1").parse()?;
        self.count.fetch_add(by, Ordering::SeqCst);
        Ok(self.shown())
    }

    fn shown(&self) -> String {
        self.count.load(Ordering::SeqCst).to_string()
    }
}

struct Shelf(Arc<Vec<&'static str>>);

#[methods]
impl Shelf {
    async fn get(&self, Path(id): Path<usize>) -> Result<&'static str> {
        self.0.get(id).copied().ok_or_else(Error::not_found)
    }

    async fn delete(&self, _: Request, Path(id): Path<usize>) -> (StatusCode, String) {
        (StatusCode::ACCEPTED, format!("{id} is gone"))
    }
}

#[test]
fn a_value_with_methods_is_a_view_of_its_kind() {
    let client = client(
        Urls::new()
            .path(
                "count/",
                Counter {
                    count: AtomicUsize::new(0),
                },
            )
            .name("count")
            .path("shelf/<int:id>/", Shelf(Arc::new(vec!["Nuages"])))
            .name("shelf"),
    );
    let plan = client.handler().plan().clone();
    assert_eq!((plan.route("count").hops(), plan.route("shelf").hops()), (1, 0));
    let names: Vec<&str> = plan.route("count").views().map(|(_, step)| step.name()).collect();
    assert_eq!(names, ["Counter::get", "Counter::post"]);
    assert_eq!(client.post("/count/?by=3").wait().unwrap().text(), "3");
    assert_eq!(
        client.get("/count/").wait().unwrap().text(),
        "3",
        "one value answers all requests"
    );
    assert_eq!(client.post("/count/?by=x").wait().unwrap().status(), 500);
    assert_eq!(client.head("/count/").wait().unwrap().status(), 200);
    let options = client.options("/count/").wait().unwrap();
    assert_eq!(
        (options.status().as_u16(), options.header("allow")),
        (204, Some("GET, HEAD, POST, OPTIONS"))
    );
    assert_eq!(client.put("/count/").wait().unwrap().status(), 405);
    assert_eq!(client.get("/shelf/0/").wait().unwrap().text(), "Nuages");
    assert_eq!(client.get("/shelf/1/").wait().unwrap().status(), 404);
    let gone = client.delete("/shelf/7/").wait().unwrap();
    assert_eq!((gone.status().as_u16(), gone.text()), (202, "7 is gone"));
}

#[test]
fn a_list_is_cut_into_pages() {
    let list: Vec<u32> = (1..=23).collect();
    let rows = |paginator: Paginator, asked: Option<&str>| {
        let pages = paginator.pages(asked, 23)?;
        Result::<_>::Ok((pages.number(), pages.pages(), list.rows(pages.range()).wait()?))
    };
    let tens = || Paginator::new(10);
    assert_eq!(rows(tens(), None).unwrap(), (1, 3, (1..=10).collect()));
    assert_eq!(rows(tens(), Some("3")).unwrap(), (3, 3, vec![21, 22, 23]));
    assert_eq!(rows(tens(), Some("last")).unwrap().0, 3);
    assert_eq!(
        rows(tens().orphans(3), Some("2")).unwrap(),
        (2, 2, (11..=23).collect())
    );
    for wrong in ["0", "4", "-1", "x", "", "1.5", "99999999999999999999999"] {
        assert!(rows(tens(), Some(wrong)).unwrap_err().is_not_found(), "{wrong}");
    }
    let nearest = || tens().out_of_range(OutOfRange::Nearest);
    for (asked, number) in [
        ("0", 1),
        ("4", 3),
        ("-1", 1),
        ("x", 1),
        ("", 1),
        ("99999999999999999999999", 3),
    ] {
        assert_eq!(rows(nearest(), Some(asked)).unwrap().0, number, "{asked}");
    }
    let empty = tens().pages(None, 0).unwrap();
    assert_eq!(
        (
            empty.pages(),
            empty.range(),
            empty.start_index(),
            empty.end_index()
        ),
        (1, 0..0, 0, 0)
    );
    let second = tens().pages(Some("2"), 23).unwrap();
    assert_eq!(
        (
            second.previous(),
            second.next(),
            second.start_index(),
            second.end_index()
        ),
        (Some(1), Some(3), 11, 20)
    );
    assert_eq!(
        Paginator::new(0).pages(None, 3).unwrap().pages(),
        3,
        "a page holds something"
    );
}

#[test]
fn the_row_of_links_has_gaps_where_they_are_worth_it() {
    let links = |number: &str, pages: u64| -> String {
        let pages = Paginator::new(1).pages(Some(number), pages).unwrap();
        let links = pages.elided(1, 1);
        let shown = links
            .iter()
            .map(|link| link.number().map_or_else(|| "…".to_owned(), |n| n.to_string()));
        shown.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(links("1", 1), "1");
    assert_eq!(links("1", 4), "1 2 3 4", "a gap of one page is that page");
    assert_eq!(links("1", 9), "1 2 … 9");
    assert_eq!(links("3", 9), "1 2 3 4 … 9");
    assert_eq!(links("4", 9), "1 2 3 4 5 … 9");
    assert_eq!(links("5", 9), "1 … 4 5 6 … 9");
    assert_eq!(links("6", 9), "1 … 5 6 7 8 9");
    assert_eq!(links("9", 9), "1 … 8 9");
    let none = Paginator::new(1).pages(Some("5"), 9).unwrap().elided(0, 0);
    assert_eq!(none, [PageLink::Gap, PageLink::Page(5), PageLink::Gap]);
    for pages in 1..=30 {
        for number in 1..=pages {
            let page = Paginator::new(1).pages(Some(&number.to_string()), pages).unwrap();
            let numbers: Vec<u64> = page.links().iter().filter_map(|link| link.number()).collect();
            assert!(
                numbers.windows(2).all(|two| two[0] < two[1]),
                "{number} of {pages}: {numbers:?}"
            );
            assert!(numbers.contains(&number) && numbers.contains(&1) && numbers.contains(&pages));
        }
    }
}

#[test]
fn a_page_is_asked_for_in_both_call_styles() {
    fn list() -> Vec<u32> {
        (1..=23).collect()
    }
    fn sync(request: Request) -> Result<String> {
        let page = Paginator::new(10).page(&request, &list()).wait()?.map(|n| n * 2);
        Ok(format!("{:?}", page.items))
    }
    async fn not_sync(request: Request) -> Result<String> {
        let page = Paginator::new(10).parameter("p").page(&request, &list()).await?;
        Ok(format!("{}", (&page).into_iter().sum::<u32>()))
    }
    let client = client(Urls::new().path("sync/", sync).path("async/", not_sync));
    assert_eq!(client.get("/sync/?page=3").wait().unwrap().text(), "[42, 44, 46]");
    assert_eq!(client.get("/async/?p=3&page=1").wait().unwrap().text(), "66");
    assert_eq!(client.get("/async/?p=4").wait().unwrap().status(), 404);
}

fn plain() -> &'static str {
    "plain"
}

async fn plain_async() -> Response {
    Response::new(200)
        .header("vary", "Cookie")
        .header("cache-control", "no-store")
        .body("plain")
}

fn gone() -> Response {
    Response::new(410)
}

fn missing() -> Result<&'static str> {
    Err(Error::not_found())
}

#[test]
fn required_methods_are_the_only_ones() {
    let client = client(
        Urls::new()
            .path("one/", plain.require(GET))
            .path("two/", plain_async.require(GET | POST))
            .path("three/", get(plain).require(POST | HEAD)),
    );
    assert_eq!(
        client.post("/one/").wait().unwrap().header("allow"),
        Some("GET, HEAD, OPTIONS")
    );
    assert_eq!(client.head("/one/").wait().unwrap().status(), 200);
    assert_eq!(client.post("/two/").wait().unwrap().status(), 200);
    assert_eq!(
        client.options("/two/").wait().unwrap().header("allow"),
        Some("GET, HEAD, POST, OPTIONS")
    );
    assert_eq!(client.get("/three/").wait().unwrap().status(), 405);
}

#[test]
fn caches_are_told_what_to_keep() {
    let rules = || CacheControl::public().max_age(Duration::from_secs(60));
    let client = client(
        Urls::new()
            .path(
                "kept/",
                plain
                    .cache_control(rules())
                    .vary_on(["accept-language", "cookie"]),
            )
            .path(
                "own/",
                plain_async.cache_control(rules()).vary_on(["cookie", "accept"]),
            )
            .path("error/", missing.cache_control(rules()))
            .path("never/", gone.never_cache()),
    );
    let kept = client.get("/kept/").wait().unwrap();
    assert_eq!(
        (kept.header("cache-control"), kept.header("vary")),
        (Some("public, max-age=60"), Some("accept-language, cookie"))
    );
    let own = client.get("/own/").wait().unwrap();
    assert_eq!(
        (own.header("cache-control"), own.header("vary")),
        (Some("no-store"), Some("Cookie, accept"))
    );
    let error = client.get("/error/").wait().unwrap();
    assert_eq!(
        (error.status().as_u16(), error.header("cache-control")),
        (404, None)
    );
    assert!(
        client
            .get("/never/")
            .wait()
            .unwrap()
            .header("cache-control")
            .unwrap()
            .contains("no-store")
    );
}

#[test]
fn a_page_that_the_browser_has_is_not_made_again() {
    static MADE: AtomicUsize = AtomicUsize::new(0);
    fn page() -> &'static str {
        MADE.fetch_add(1, Ordering::SeqCst);
        "page"
    }
    async fn page_async() -> &'static str {
        page()
    }
    fn tag(request: Request) -> Option<ETag> {
        request.query().get("v").map(ETag::strong)
    }
    async fn tag_async(request: Request) -> Result<Option<ETag>> {
        if request.query().contains("fail") {
            return Err(Error::forbidden());
        }
        Ok(tag(request))
    }
    fn changed(_: Request) -> Option<SystemTime> {
        Some(SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000))
    }
    let client = client(
        Urls::new()
            .path("sync/", page.etag(tag))
            .name("sync")
            .path("async/", page_async.etag(tag_async))
            .name("async")
            .path("mixed/", page.etag(tag_async))
            .path("time/", page.last_modified(changed)),
    );
    assert_eq!(
        (
            client.handler().plan().route("sync").hops(),
            client.handler().plan().route("async").hops()
        ),
        (1, 0)
    );
    for path in ["/sync/", "/async/", "/mixed/"] {
        let first = client.get(format!("{path}?v=a")).wait().unwrap();
        assert_eq!(
            (first.text(), first.header("etag")),
            ("page", Some("\"a\"")),
            "{path}"
        );
        let before = MADE.load(Ordering::SeqCst);
        let again = client
            .get(format!("{path}?v=a"))
            .header("if-none-match", "\"a\"")
            .wait()
            .unwrap();
        assert_eq!(
            (again.status().as_u16(), again.text(), again.header("etag")),
            (304, "", Some("\"a\""))
        );
        let change = client
            .post(format!("{path}?v=b"))
            .header("if-match", "\"a\"")
            .wait()
            .unwrap();
        assert_eq!(change.status(), 412, "somebody else was faster");
        assert_eq!(MADE.load(Ordering::SeqCst), before, "the view did not run");
        assert_eq!(
            client
                .get(format!("{path}?v=b"))
                .header("if-none-match", "\"a\"")
                .wait()
                .unwrap()
                .text(),
            "page"
        );
        assert_eq!(
            client.get(path).wait().unwrap().header("etag"),
            None,
            "what has no tag gets none"
        );
    }
    assert_eq!(client.get("/async/?fail").wait().unwrap().status(), 403);
    let time = client.get("/time/").wait().unwrap();
    assert_eq!(
        time.header("last-modified"),
        Some("Sun, 09 Sep 2001 01:46:40 GMT")
    );
    let again = client
        .get("/time/")
        .header("if-modified-since", "Sun, 09 Sep 2001 01:46:40 GMT")
        .wait()
        .unwrap();
    assert_eq!(again.status(), 304);
}

#[test]
fn exemptions_and_names_stay_through_decorators() {
    let check = neutral(
        |request: &Request| {
            request
                .view_value::<CsrfExempt>()
                .is_none()
                .then(|| Response::new(403))
        },
        |_, response| response,
    );
    let urls = Urls::new()
        .path("a/", plain.named("webhook").csrf_exempt().never_cache())
        .name("a")
        .path("b/", plain.csrf_exempt().require(POST).vary_on(["cookie"]))
        .path("c/", plain.into_view());
    let client = Client::new(App::new().middleware(check).urls(urls));
    assert_eq!(client.get("/a/").wait().unwrap().status(), 200);
    assert_eq!(client.post("/b/").wait().unwrap().status(), 200);
    assert_eq!(client.get("/c/").wait().unwrap().status(), 403);
    assert!(client.handler().plan().to_string().contains("webhook"));
}
