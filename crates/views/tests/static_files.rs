//! Static files: never a file outside of their folders; collected under hashed names; served as well as can be.
#![cfg(all(feature = "static-files", feature = "templates"))]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;

use nuages_handler::{App, Client, ClientResponse, Request, Response, Result, Urls};
use nuages_views::askama::Template;
use nuages_views::{StaticFiles, TemplateHelpers as _, render};
use tempfile::TempDir;

fn put(folder: &Path, name: &str, content: impl AsRef<[u8]>) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

/// A project's files, and a secret beside them.
fn project() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    put(root, "secret.txt", "the secret");
    put(
        root,
        "static/css/site.css",
        format!(
            "@import \"base.css\";\nbody {{ background: url('../img/a b.png') }}\n{}",
            "p { color: red }\n".repeat(100)
        ),
    );
    put(root, "static/css/base.css", "a { color: blue }");
    put(root, "static/img/a b.png", [0x89, b'P', b'N', b'G']);
    put(
        root,
        "static/app.js",
        "let a = 1;\n//# sourceMappingURL=app.js.map\n",
    );
    put(root, "static/app.js.map", "{\"version\":3}");
    put(root, "static/.env", "the secret");
    put(
        root,
        "shop/logo.svg",
        "<svg xmlns=\"http://www.w3.org/2000/svg\"/>",
    );
    put(root, "shop/css/site.css", "another one, hidden by the first");
    folder
}

fn files(project: &TempDir) -> StaticFiles {
    StaticFiles::new()
        .dir(project.path().join("static"))
        .dir(project.path().join("shop"))
        .dir_as("extra", project.path().join("shop"))
}

fn client(files: StaticFiles) -> Client {
    Client::new(files.attach(App::new()))
}

fn get(client: &Client, path: &str) -> ClientResponse {
    client.get(path).wait().unwrap()
}

#[test]
fn folders_are_served_as_they_are() {
    let project = project();
    let client = client(files(&project));
    for (path, kind, content) in [
        (
            "/static/css/base.css",
            "text/css; charset=utf-8",
            "a { color: blue }",
        ),
        ("/static/app.js", "text/javascript; charset=utf-8", "let a = 1"),
        ("/static/logo.svg", "image/svg+xml", "<svg"),
        ("/static/extra/logo.svg", "image/svg+xml", "<svg"),
        ("/static/css/site.css", "text/css; charset=utf-8", "@import"),
    ] {
        let response = get(&client, path);
        assert_eq!(response.status(), 200, "{path}");
        assert_eq!(response.header("content-type"), Some(kind), "{path}");
        assert_eq!(response.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(response.header("cache-control"), Some("no-cache"));
        assert!(response.text().contains(content), "{path}");
    }
    assert_eq!(
        get(&client, "/static/img/a%20b.png").header("content-type"),
        Some("image/png")
    );
    assert_eq!(client.post("/static/app.js").wait().unwrap().status(), 405);
    assert_eq!(client.head("/static/app.js").wait().unwrap().text(), "");
}

#[test]
fn nothing_outside_of_the_folders_is_ever_served() {
    let project = project();
    let root = project.path();
    put(root, "static/nested/file.txt", "fine");
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(root.join("secret.txt"), root.join("static/link.txt")).unwrap();
        std::os::unix::fs::symlink(root, root.join("static/up")).unwrap();
        std::os::unix::fs::symlink(root.join("static/app.js"), root.join("static/inside.js")).unwrap();
    }
    let client = client(files(&project));
    let absolute = root.join("secret.txt");
    let absolute = absolute.to_str().unwrap();
    for path in [
        "../secret.txt",
        "css/../../secret.txt",
        "%2e%2e/secret.txt",
        "%2e%2e%2fsecret.txt",
        "..%2fsecret.txt",
        "..%5csecret.txt",
        "..\\secret.txt",
        "%252e%252e/secret.txt",
        "....//secret.txt",
        "css/%2e%2e/%2e%2e/secret.txt",
        absolute,
        &absolute.replace('/', "%2f"),
        &format!("/{absolute}"),
        "link.txt",
        "up/secret.txt",
        ".env",
        "%2eenv",
        "app.js%00",
        "app.js%00.css",
        "app.js/",
        "app.js/.",
        "css",
        "css/",
        "",
        "c:/windows/win.ini",
        "app.js::$DATA",
        "app.js.",
        "app.js%20",
        "con",
        "nul.css",
        "//nested/file.txt",
        "nested//file.txt",
        "%c0%ae%c0%ae/secret.txt",
        "%ff",
    ] {
        let response = get(&client, &format!("/static/{path}"));
        assert!(
            matches!(response.status().as_u16(), 400 | 404),
            "{path}: {}",
            response.status()
        );
        assert!(!response.text().contains("the secret"), "{path}");
    }
    #[cfg(unix)]
    assert_eq!(
        get(&client, "/static/inside.js").status(),
        200,
        "a link that stays inside is a file"
    );
    assert_eq!(get(&client, "/static/nested/file.txt").text(), "fine");
}

#[test]
fn what_the_browser_has_is_not_sent_again_and_parts_are() {
    let project = project();
    let client = client(files(&project));
    let first = get(&client, "/static/css/base.css");
    let (tag, date) = (
        first.header("etag").unwrap(),
        first.header("last-modified").unwrap(),
    );
    let asked = |headers: &[(&str, &str)]| {
        let mut request = client.get("/static/css/base.css");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.wait().unwrap()
    };
    assert_eq!(asked(&[("if-none-match", tag)]).status(), 304);
    assert_eq!(asked(&[("if-modified-since", date)]).status(), 304);
    assert_eq!(
        asked(&[("if-none-match", "\"other\""), ("if-modified-since", date)]).status(),
        200
    );
    let part = asked(&[("range", "bytes=4-8")]);
    assert_eq!(
        (part.status().as_u16(), part.text(), part.header("content-range")),
        (206, "color", Some("bytes 4-8/17"))
    );
    assert_eq!(asked(&[("range", "bytes=-1")]).text(), "}");
    let past = asked(&[("range", "bytes=17-")]);
    assert_eq!(
        (past.status().as_u16(), past.header("content-range")),
        (416, Some("bytes */17"))
    );
    assert_eq!(asked(&[("range", "bytes=4-8"), ("if-range", tag)]).status(), 206);
    assert_eq!(
        asked(&[("range", "bytes=4-8"), ("if-range", "\"old\"")]).status(),
        200
    );
    put(project.path(), "static/css/base.css", "a { color: green }");
    assert_eq!(
        asked(&[("if-none-match", tag)]).status(),
        200,
        "a file that has changed has another tag"
    );
}

#[test]
fn collected_files_have_hashed_names_and_refer_to_each_other_by_them() {
    let project = project();
    let target = project.path().join("build");
    let collected = files(&project).collect(&target).wait().unwrap();
    assert_eq!(
        (collected.files(), collected.written(), collected.removed()),
        (8, 8, 0)
    );
    assert!(collected.compressed() >= 2);

    let production = StaticFiles::collected(&target).unwrap();
    let name = |path: &str| production.url_path(path).unwrap().into_owned();
    let style = name("css/site.css");
    assert!(
        style.starts_with("css/site.") && style.ends_with(".css") && style.len() == "css/site.css".len() + 13,
        "{style}"
    );
    let text = fs::read_to_string(target.join(&style)).unwrap();
    let base = name("css/base.css");
    assert!(
        text.contains(&format!("@import \"{}\";", base.strip_prefix("css/").unwrap())),
        "{text}"
    );
    let picture = name("img/a b.png").replace(' ', "%20");
    assert!(text.contains(&format!("url('../{picture}')")), "{text}");
    let script = fs::read_to_string(target.join(name("app.js"))).unwrap();
    assert!(
        script.contains(&format!("sourceMappingURL={}", name("app.js.map"))),
        "{script}"
    );
    assert_eq!(name("extra/logo.svg").matches('.').count(), 2);
    assert!(
        production.url_path(".env").is_err(),
        "what is hidden is not collected"
    );
    assert!(!text.contains("another one"));

    let manifest: serde_json::Value =
        serde_json::from_slice(&fs::read(target.join("staticfiles.json")).unwrap()).unwrap();
    assert_eq!(manifest["version"], "1.1");
    assert_eq!(manifest["paths"]["css/site.css"], style);
    let missing = production.url_path("css/none.css").unwrap_err().to_string();
    assert!(
        missing.contains("`css/none.css` is not one of the collected static files"),
        "{missing}"
    );

    // Nothing has changed: nothing is written.
    let again = files(&project).collect(&target).wait().unwrap();
    assert_eq!((again.written(), again.compressed(), again.removed()), (0, 0, 0));

    // A change of what is imported changes the name of who imports.
    put(project.path(), "static/css/base.css", "a { color: green }");
    files(&project).collect(&target).wait().unwrap();
    let changed = StaticFiles::collected(&target).unwrap();
    assert_ne!(changed.url_path("css/site.css").unwrap(), style);
    assert_eq!(changed.url_path("app.js").unwrap(), name("app.js"));
    assert!(
        target.join(&style).exists(),
        "pages that are open still ask for the one before"
    );

    // And once more: then it is stale.
    put(project.path(), "static/css/base.css", "a { color: black }");
    fs::remove_file(project.path().join("shop/logo.svg")).unwrap();
    let third = files(&project).collect(&target).wait().unwrap();
    assert!(third.removed() > 0);
    assert!(!target.join(&style).exists());
    assert!(!target.join(format!("{style}.br")).exists());
}

#[test]
fn collecting_refuses_what_would_break_pages_or_remove_other_files() {
    let project = project();
    let root = project.path();
    let collect = |name: &str, style: &str| {
        let folder = root.join(name);
        put(&folder, "a.css", style);
        put(&folder, "b.css", "@import 'a.css';");
        StaticFiles::new()
            .dir(&folder)
            .collect(root.join(format!("{name}-build")))
            .wait()
    };
    let error = |name: &str, style: &str| collect(name, style).unwrap_err().to_string();
    assert_eq!(
        error("missing", "p { background: url(img/none.png) }"),
        "a.css refers to `img/none.png`, which is not there: add the file or take the reference out"
    );
    assert!(error("circle", "@import 'b.css';").contains("refer to each other"));
    assert!(
        error("out", "p { background: url(../../etc/passwd) }").contains("leads out of the static files")
    );
    assert!(
        collect(
            "fine",
            "p { background: url(https://example.org/x.png) url(#a) url(/abs.png) }"
        )
        .is_ok()
    );

    put(root, "photos/holiday.jpg", "mine");
    let other = files(&project)
        .collect(root.join("photos"))
        .wait()
        .unwrap_err()
        .to_string();
    assert!(other.contains("Name an empty folder"), "{other}");
    assert!(root.join("photos/holiday.jpg").exists());
    let none = StaticFiles::collected(root.join("nowhere"))
        .unwrap_err()
        .to_string();
    assert!(
        none.contains("collect the static files with `StaticFiles::collect` first"),
        "{none}"
    );
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(root.join("secret.txt"), root.join("static/link.txt")).unwrap();
        let link = files(&project)
            .collect(root.join("links-build"))
            .wait()
            .unwrap_err()
            .to_string();
        assert!(link.contains("leads out of its folder"), "{link}");
    }
}

#[test]
fn collected_files_are_kept_for_a_year_and_sent_small() {
    let project = project();
    let target = project.path().join("build");
    files(&project).collect(&target).wait().unwrap();
    let production = StaticFiles::collected(&target).unwrap();
    let style = production.url_path("css/site.css").unwrap().into_owned();
    let client = client(production);
    let asked = |path: &str, encoding: &str| {
        let request = client
            .get(format!("/static/{path}"))
            .header("accept-encoding", encoding);
        request.wait().unwrap()
    };
    let whole = asked(&style, "identity");
    assert_eq!(
        whole.header("cache-control"),
        Some("public, max-age=31536000, immutable")
    );
    assert_eq!(
        (whole.header("vary"), whole.header("content-encoding")),
        (Some("accept-encoding"), None)
    );
    let mut tags = vec![whole.header("etag").unwrap().to_owned()];
    for (accepts, encoding) in [
        ("gzip, deflate, br", Some("br")),
        ("gzip", Some("gzip")),
        ("br;q=0.5, gzip;q=0.8", Some("gzip")),
        ("br;q=0, *", Some("gzip")),
        ("deflate", None),
    ] {
        let response = asked(&style, accepts);
        assert_eq!(response.header("content-encoding"), encoding, "{accepts}");
        assert_eq!(response.header("content-type"), Some("text/css; charset=utf-8"));
        assert_eq!(response.header("vary"), Some("accept-encoding"));
        if encoding.is_some() {
            assert!(response.bytes().len() < whole.bytes().len() / 4, "{accepts}");
        }
        tags.push(response.header("etag").unwrap().to_owned());
    }
    assert_eq!(
        tags[1..=2].iter().filter(|tag| **tag == tags[0]).count(),
        0,
        "each form has a tag of its own: {tags:?}"
    );
    let part = client
        .get(format!("/static/{style}"))
        .header("accept-encoding", "br")
        .header("range", "bytes=0-6")
        .wait()
        .unwrap();
    assert_eq!(
        (
            part.status().as_u16(),
            part.text(),
            part.header("content-encoding")
        ),
        (206, "@import", None)
    );
    // A name that may hold something else tomorrow is asked about.
    assert_eq!(
        asked("css/site.css", "br").header("cache-control"),
        Some("no-cache")
    );
    assert_eq!(
        asked("staticfiles.json", "br").header("cache-control"),
        Some("no-cache")
    );
    assert_eq!(asked("img/none.png", "br").status(), 404);
}

#[derive(Template)]
#[template(
    source = r#"<link rel="stylesheet" href="{{ static_url("css/site.css") }}"><img src="{{ static_url(picture) }}">"#,
    ext = "html",
    askama = nuages_views::askama
)]
struct Page {
    picture: String,
}

fn page(request: Request) -> Result<Response> {
    render(
        &request,
        Page {
            picture: "img/a b.png".to_owned(),
        },
    )
}

#[test]
fn templates_lead_to_the_file_wherever_it_is() {
    let project = project();
    let target = project.path().join("build");
    files(&project).collect(&target).wait().unwrap();
    let text = |files: StaticFiles| {
        let app = files.attach(App::new()).urls(Urls::new().path("", page));
        Client::new(app).get("/").wait().unwrap().text().to_owned()
    };
    assert_eq!(
        text(files(&project)),
        r#"<link rel="stylesheet" href="/static/css/site.css"><img src="/static/img/a%20b.png">"#
    );
    let production = StaticFiles::collected(&target).unwrap();
    let style = production.url_path("css/site.css").unwrap().into_owned();
    assert!(text(production.clone()).contains(&format!("href=\"/static/{style}\"")));
    assert!(text(production.clone().prefix("/assets/")).contains(&format!("href=\"/assets/{style}\"")));
    assert!(
        text(production.base_url("https://cdn.example.org/x"))
            .contains(&format!("href=\"https://cdn.example.org/x/{style}\""))
    );
    let without = Client::new(App::new().urls(Urls::new().path("", page))).raise_exceptions(false);
    assert_eq!(without.get("/").wait().unwrap().status(), 500);
}
