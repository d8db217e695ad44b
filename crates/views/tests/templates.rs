//! What templates find beside their own fields, and that nothing gets past the escaping.
#![cfg(feature = "templates")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use nuages_handler::{App, Client, Csrf, Path, Request, Response, Result, Urls};
use nuages_views::askama::Template;
use nuages_views::{TemplateHelpers as _, render, render_to_string, set_template_value};

const EVIL: &str = "<script>alert(\"x\")</script>&'";

#[derive(Template)]
#[template(
    source = r#"<p title="{{ text }}">{{ text }}</p>{% if let Ok(kept) = "kept"|value::<String> %}<b>{{ kept }}</b>{% endif %}<a href="{{ url("book").with("name", text).query("q", text).fragment(text) }}">x</a><a href="{{ query_with("page", text) }}">y</a>"#,
    ext = "html",
    askama = nuages_views::askama
)]
struct Page {
    text: String,
}

fn page(request: Request) -> Result<Response> {
    set_template_value(&request, "kept", "first".to_owned());
    set_template_value(&request, "kept", EVIL.to_owned());
    render(
        &request,
        Page {
            text: EVIL.to_owned(),
        },
    )
}

async fn book(Path(name): Path<String>) -> String {
    name
}

fn urls() -> Urls {
    Urls::new()
        .path("", page)
        .path("books/<path:name>/", book)
        .name("book")
}

#[test]
fn what_people_typed_is_text_everywhere() {
    let client = Client::new(App::new().urls(urls()));
    let response = client.get("/?q=%3Cscript%3E%22&page=1").wait().unwrap();
    let text = response.text();
    assert_eq!(response.status(), 200, "{text}");
    assert_eq!(
        text.matches('<').count(),
        8,
        "no markup but the template's own: {text}"
    );
    assert_eq!(text.matches('"').count(), 6, "no quote ends an attribute: {text}");
    assert!(!text.contains("&'") && !text.contains("first"), "{text}");
}

#[derive(Template)]
#[template(
    source = r#"<form method="post">{{ csrf_field() }}</form><script nonce="{{ csp_nonce() }}">"{{ csrf_token() }}"</script>"#,
    ext = "html",
    askama = nuages_views::askama
)]
struct FormPage;

#[test]
fn a_form_shows_that_it_is_from_this_site() {
    fn view(request: Request) -> Result<Response> {
        if request.method() == "POST" {
            return Ok(Response::new(200).body("taken"));
        }
        render(&request, FormPage)
    }
    let app = App::new()
        .middleware(Csrf::new())
        .urls(Urls::new().path("", view));
    let client = Client::new(app).enforce_csrf();
    let page = client.get("/").wait().unwrap();
    let field = page
        .text()
        .split("name=\"csrfmiddlewaretoken\" value=\"")
        .nth(1)
        .unwrap();
    let token = field.split('"').next().unwrap().to_owned();
    assert!(
        token.len() >= 32 && token.bytes().all(|b| b.is_ascii_alphanumeric()),
        "{token}"
    );
    assert!(!page.text().contains("nonce=\"\""), "{}", page.text());
    assert_eq!(client.post("/").form([("a", "b")]).wait().unwrap().status(), 403);
    let sent = client
        .post("/")
        .form([("csrfmiddlewaretoken", &token)])
        .wait()
        .unwrap();
    assert_eq!(sent.text(), "taken");
}

#[derive(Template)]
#[template(source = r#"{{ url(name) }}"#, ext = "txt", askama = nuages_views::askama)]
struct Link {
    name: &'static str,
}

#[derive(Template)]
#[template(source = r#"{{ query_with("page", 2) }}"#, ext = "txt", askama = nuages_views::askama)]
struct Next;

#[test]
fn a_template_that_cannot_be_shown_is_an_error_that_says_why() {
    fn unknown(request: Request) -> String {
        format!(
            "{:?}",
            render_to_string(&request, Link { name: "nowhere" }).unwrap_err()
        )
    }
    let client = Client::new(App::new().urls(Urls::new().path("unknown/", unknown)));
    let text = client.get("/unknown/").wait().unwrap().text().to_owned();
    assert!(text.contains("nowhere"), "{text}");
    let without = Next.render().unwrap_err().to_string();
    assert!(
        without.contains("answer with `render(&request, template)`"),
        "{without}"
    );
}
