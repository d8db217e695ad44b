//! URLs: which route answers, what the converters take, the slash at the end, and names.
#![expect(clippy::unwrap_used, reason = "a test ends where its helpers fail")]

use nuages_handler::{App, Client, Path, Request, Response, Urls, get, reverse};

fn client(urls: Urls) -> Client {
    Client::new(App::new().urls(urls)).raise_exceptions(false)
}

fn answer(client: &Client, path: &str) -> (u16, String) {
    let response = client.get(path).wait().unwrap();
    (response.status().as_u16(), response.text().to_owned())
}

#[test]
fn fixed_text_goes_before_values_whatever_the_order() {
    let client = client(
        Urls::new()
            .path("books/<str:title>/", |Path(title): Path<String>| {
                format!("title {title}")
            })
            .path("books/<int:id>/", |Path(id): Path<i64>| format!("id {id}"))
            .path("books/new/", || "new"),
    );
    assert_eq!(answer(&client, "/books/new/").1, "new");
    assert_eq!(answer(&client, "/books/3/").1, "id 3");
    assert_eq!(answer(&client, "/books/nuages/").1, "title nuages");
}

#[test]
fn int_takes_digits_that_fit_and_nothing_else() {
    let client = client(Urls::new().path("books/<int:id>/", |Path(id): Path<i64>| format!("{id}")));
    assert_eq!(
        answer(&client, "/books/9223372036854775807/"),
        (200, "9223372036854775807".to_owned())
    );
    for path in [
        "/books/abc/",
        "/books/9223372036854775808/",
        "/books/-1/",
        "/books/1.5/",
        "/books//",
    ] {
        assert_eq!(answer(&client, path).0, 404, "{path}");
    }
}

#[test]
fn a_number_that_the_view_cannot_hold_is_a_404() {
    let client = client(
        Urls::new()
            .path("small/<int:id>/", |Path(id): Path<u8>| format!("{id}"))
            .path("text/<str:id>/", |Path(id): Path<i64>| format!("{id}")),
    );
    assert_eq!(answer(&client, "/small/255/").0, 200);
    assert_eq!(answer(&client, "/small/256/").0, 404);
    assert_eq!(answer(&client, "/text/abc/").0, 404);
}

#[test]
fn a_view_that_wants_other_values_than_its_route_has_is_a_500() {
    let client = client(
        Urls::new()
            .path("one/<int:id>/", |Path(ids): Path<(i64, i64)>| format!("{ids:?}"))
            .path("none/", |Path(id): Path<i64>| format!("{id}")),
    );
    assert_eq!(answer(&client, "/one/1/").0, 500);
    assert_eq!(answer(&client, "/none/").0, 500);
}

#[test]
fn paths_are_decoded_once() {
    let client = client(
        Urls::new()
            .path("t/<str:name>/", |request: Request| {
                format!("{} {}", request.path(), request.param("name").unwrap_or_default())
            })
            .path("f/<path:file>", |Path(file): Path<String>| file),
    );
    assert_eq!(answer(&client, "/t/caf%C3%A9%2520/").1, "/t/café%20/ café%20");
    assert_eq!(answer(&client, "/t/a%2Fb/").0, 404);
    assert_eq!(answer(&client, "/f/a/b%20c/d").1, "a/b c/d");
}

#[test]
fn tuples_structs_and_uuids_are_read_from_the_path() {
    #[derive(serde::Deserialize)]
    struct Page {
        slug: String,
        year: u16,
    }
    let client = client(
        Urls::new()
            .path(
                "a/<int:year>-<int:month>/",
                |Path((year, month)): Path<(u16, u8)>| format!("{month}/{year}"),
            )
            .path("b/<int:year>/<slug:slug>/", |Path(page): Path<Page>| {
                format!("{} {}", page.slug, page.year)
            })
            .path("c/<uuid:id>/", |Path(id): Path<String>| id),
    );
    assert_eq!(answer(&client, "/a/1937-05/").1, "5/1937");
    assert_eq!(answer(&client, "/b/1940/nuages/").1, "nuages 1940");
    assert_eq!(answer(&client, "/c/067e6162-3b6f-4ae2-a171-2470b63dff00/").0, 200);
    assert_eq!(answer(&client, "/c/067e6162/").0, 404);
}

#[test]
fn a_missing_slash_redirects_where_that_leads_somewhere() {
    let client = client(
        Urls::new()
            .path("books/", get(|| "books").post(|| "made"))
            .path("exact", || "exact")
            .path("<path:rest>/", || "rest"),
    );
    let response = client.get("/books?page=2&q=a%20b").wait().unwrap();
    assert_eq!(response.status(), 301);
    assert_eq!(response.header("location"), Some("/books/?page=2&q=a%20b"));
    assert_eq!(client.head("/books").wait().unwrap().status(), 301);
    assert_eq!(
        client.post("/books").wait().unwrap().status(),
        404,
        "a POST would lose its form"
    );
    assert_eq!(answer(&client, "/exact").1, "exact");
}

#[test]
fn no_redirect_to_nowhere() {
    let client = client(Urls::new().path("books/<int:id>/", || "book"));
    assert_eq!(client.get("/books/3").wait().unwrap().status(), 301);
    assert_eq!(client.get("/books/abc").wait().unwrap().status(), 404);
    assert_eq!(client.get("/nothing").wait().unwrap().status(), 404);
}

#[test]
fn a_missing_slash_never_leads_to_another_host() {
    let client = client(Urls::new().path("<path:rest>/", || "rest"));
    for target in [
        "//evil.com",
        "///evil.com",
        "//evil.com/path",
        "/%5Cevil.com",
        "//evil.com?next=/",
    ] {
        let response = client.get(target).wait().unwrap();
        assert_eq!(response.status(), 301, "{target}");
        let location = response.header("location").unwrap();
        assert!(location.starts_with('/'), "{target} leads to {location}");
        assert!(
            !location.starts_with("//") && !location.starts_with("/\\"),
            "{target} leads to {location}"
        );
        // The way it leads is the way to the same page.
        assert_eq!(client.get(location).wait().unwrap().status(), 200, "{location}");
    }
}

fn shop() -> App {
    let api = Urls::new().path("books/<int:id>/", || "api").name("api-book");
    App::new().urls(
        Urls::new()
            .path("", || "home")
            .name("home")
            .path("books/<int:id>/", || "book")
            .name("book-detail")
            .path("tags/<str:tag>/", |Path(tag): Path<String>| tag)
            .name("tag")
            .path("files/<path:file>", |Path(file): Path<String>| file)
            .name("file")
            .path("archive/<int:year>-<int:month>/<slug:slug>/", || "archive")
            .name("archive")
            .path("<path:all>/all", || "all")
            .name("all")
            .include("api/", api),
    )
}

#[test]
fn names_lead_back_to_urls() {
    let app = shop().build().unwrap();
    assert_eq!(app.reverse("home", ()).unwrap(), "/");
    assert_eq!(app.reverse("book-detail", [("id", 3)]).unwrap(), "/books/3/");
    assert_eq!(app.reverse("api-book", ("id", 3)).unwrap(), "/api/books/3/");
    let archive = app
        .reverse(
            "archive",
            (("year", 1937), ("month", "05"), ("slug", "minor-swing")),
        )
        .unwrap();
    assert_eq!(archive, "/archive/1937-05/minor-swing/");
}

#[test]
fn values_are_encoded_and_lead_to_the_same_value() {
    let app = shop().build().unwrap();
    let client = Client::new(&app);
    for tag in ["café noir", "a?b#c", "100%", "<script>", "a;b&c=d+e", "日本"] {
        let url = app.reverse("tag", [("tag", tag)]).unwrap();
        assert!(url.is_ascii() && !url.contains(['?', '#', '<', ' ']), "{url}");
        assert_eq!(answer(&client, &url), (200, tag.to_owned()), "{url}");
    }
    assert_eq!(
        app.reverse("file", [("file", "a/b c.txt")]).unwrap(),
        "/files/a/b%20c.txt"
    );
    assert_eq!(
        app.reverse("all", [("all", "/evil.com")]).unwrap(),
        "/%2Fevil.com/all"
    );
}

#[test]
fn values_that_no_converter_takes_are_errors() {
    let app = shop().build().unwrap();
    for (name, error) in [
        (app.reverse("nothing", ()), "no route is named `nothing`"),
        (
            app.reverse("book-detail", ()),
            "`book-detail` (`books/<int:id>/`) needs `id`",
        ),
        (
            app.reverse("book-detail", [("id", "abc")]),
            "`book-detail` needs a `int` for `id`, not \"abc\"",
        ),
        (
            app.reverse("book-detail", [("id", -1)]),
            "`book-detail` needs a `int` for `id`, not \"-1\"",
        ),
        (
            app.reverse("book-detail", [("id", 1), ("x", 2)]),
            "`book-detail` (`books/<int:id>/`) takes no `x`",
        ),
        (
            app.reverse("tag", [("tag", "a/b")]),
            "`tag` needs a `str` for `tag`, not \"a/b\"",
        ),
        (
            app.reverse("tag", [("tag", "..")]),
            "`tag` needs a `str` for `tag`, not \"..\"",
        ),
        (
            app.reverse("tag", [("tag", "")]),
            "`tag` needs a `str` for `tag`, not \"\"",
        ),
    ] {
        assert_eq!(name.unwrap_err().to_string(), error);
    }
}

#[test]
fn reverse_finds_the_application_of_the_request() {
    let urls = Urls::new()
        .path("sync/", || reverse("sync", ()))
        .name("sync")
        .path("async/", || async { reverse("async", ()) })
        .name("async");
    let client = client(urls);
    assert_eq!(answer(&client, "/sync/").1, "/sync/");
    assert_eq!(answer(&client, "/async/").1, "/async/");
    let error = reverse("sync", ()).unwrap_err().to_string();
    assert!(error.contains("no request is being answered here"), "{error}");
}

#[tokio::test]
async fn a_mounted_application_finds_its_routes_and_writes_its_prefix() {
    use nuages_protocol::{Application, Body, HttpScope};
    let urls = Urls::new().path("books/", |request: Request| {
        format!(
            "{} {} {}",
            request.path(),
            request.root_path(),
            reverse("books", ()).unwrap_or_default()
        )
    });
    let app = App::new().urls(urls.name("books")).build().unwrap();
    for (path, status, text) in [
        ("/shop/books/", 200, "/shop/books/ /shop /shop/books/"),
        ("/shopbooks/", 404, ""),
    ] {
        let mut scope = HttpScope::new(Default::default(), path.parse().unwrap());
        scope.root_path = "/shop".into();
        let response = app.http(scope, Body::empty()).await.unwrap();
        assert_eq!(response.status(), status);
        if status == 200 {
            assert_eq!(response.into_body().collect(1000).await.unwrap(), text);
        }
    }
}

#[test]
fn middleware_of_a_group_is_for_that_group() {
    use nuages_handler::neutral;
    let stamp = || neutral(|_| None, |_, response: Response| response.header("x-api", "yes"));
    let api = Urls::new()
        .path("books/", || "api")
        .middleware(stamp())
        .path("late/", || "late");
    let client = client(Urls::new().path("books/", || "books").include("api/", api));
    assert_eq!(client.get("/books/").wait().unwrap().header("x-api"), None);
    assert_eq!(
        client.get("/api/books/").wait().unwrap().header("x-api"),
        Some("yes")
    );
    assert_eq!(
        client.get("/api/late/").wait().unwrap().header("x-api"),
        Some("yes")
    );
    assert_eq!(client.get("/api/nothing/").wait().unwrap().header("x-api"), None);
}

#[test]
fn all_problems_are_told_at_once() {
    let other = Urls::new()
        .path("<int:number>/", || "again")
        .path("new/", || "new")
        .name("home");
    let error = App::new()
        .urls(
            Urls::new()
                .path("", || "home")
                .name("home")
                .path("books/<int:id>/", || "book")
                .include("books/", other)
                .path("/slash/", || "slash")
                .path("<number:id>/", || "unknown")
                .include("x/", Urls::new())
                .name("nobody"),
        )
        .build()
        .unwrap_err();
    let problems = error.problems();
    for part in [
        "`.name(\"nobody\")` stands after no route",
        "route `books/<int:number>/` takes the same paths as route `books/<int:id>/`",
        "the name `home` is given to two routes, `` and `books/new/`",
        "route `/slash/`: a pattern starts without a slash, write `slash/`",
        "route `<number:id>/`: unknown converter `number`",
    ] {
        assert!(
            problems.iter().any(|problem| problem.contains(part)),
            "{part} is not in {problems:#?}"
        );
    }
    assert_eq!(problems.len(), 5, "{problems:#?}");
    assert!(error.to_string().starts_with("the URLs have 5 problems\n  - "));
}

#[test]
fn middleware_and_views_know_the_route() {
    let show = |request: Request| format!("{:?} {:?}", request.route_name(), request.route_pattern());
    let client = client(Urls::new().path("books/<int:id>/", show).name("book"));
    assert_eq!(
        answer(&client, "/books/3/").1,
        "Some(\"book\") Some(\"books/<int:id>/\")"
    );
}

/// A route for each converter, alone in its segment and between other text, whose view gives its value back.
fn echo() -> Client {
    let mut urls = Urls::new()
        .converter("short", |text: &str| text.chars().count() <= 3)
        .re_path("regex/(?<v>[a-z]{1,3}[0-9]*)/", |Path(v): Path<String>| v)
        .name("regex");
    for converter in ["int", "str", "slug", "uuid", "path", "short"] {
        urls = urls
            .path(format!("{converter}/<{converter}:v>/"), |Path(v): Path<String>| v)
            .name(converter);
    }
    // Those that take a part of a segment.
    for converter in ["int", "str", "slug", "uuid", "short"] {
        urls = urls
            .path(
                format!("mixed-{converter}/a-<{converter}:v>.html"),
                |Path(v): Path<String>| v,
            )
            .name(format!("mixed-{converter}"));
    }
    Client::new(App::new().urls(urls)).raise_exceptions(false)
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config { failure_persistence: None, ..Default::default() })]

    #[test]
    fn fuzz_a_value_that_has_an_address_comes_back_from_it(
        value in r".{0,12}|[0-9]{1,20}|[a-z0-9_-]{1,12}|[a-z/.% ]{1,12}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
    ) {
        let client = echo();
        let mut addresses = 0;
        for converter in ["int", "str", "slug", "uuid", "path", "short", "regex"] {
            for name in [converter.to_owned(), format!("mixed-{converter}")] {
                let Ok(address) = client.handler().reverse(&name, [("v", &value)]) else {
                    continue;
                };
                addresses += 1;
                proptest::prop_assert!(address.bytes().all(|byte| byte.is_ascii_graphic()), "{address}");
                proptest::prop_assert!(!address.starts_with("//"), "{address}");
                let response = client.get(&address).wait().unwrap();
                proptest::prop_assert_eq!(response.status().as_u16(), 200, "{} {:?}", &address, &value);
                proptest::prop_assert_eq!(response.text(), &*value, "{}", &address);
            }
        }
        // `str`, alone and in a part of a segment, and `path`. Browsers take `.` and `..` out of an address, so they have none.
        let is_plain = !matches!(&*value, "" | "." | "..") && !value.contains('/');
        proptest::prop_assert!(addresses >= 3 || !is_plain, "{value:?} has {addresses} addresses");
    }

    #[test]
    fn fuzz_no_path_is_a_fault_of_the_program(
        path in r"/(int|str|slug|uuid|path|short|regex|mixed-str|a-)?(/|[a-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2}){0,30}",
    ) {
        let response = echo().get(&path).wait().unwrap();
        let status = response.status().as_u16();
        proptest::prop_assert!(matches!(status, 200 | 301 | 404), "{path}: {status}");
        if let Some(location) = response.header("location") {
            proptest::prop_assert!(location.starts_with('/') && !location.starts_with("//"), "{path}: {location}");
        }
    }
}
