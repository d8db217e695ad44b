//! Templates that are read while the program runs.
#![cfg(feature = "runtime-templates")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path as FilePath;

use nuages_handler::{
    App, Client, Csrf, DeferredTemplate, NeutralMiddleware, Next, Path, Request, Response, Result,
    TemplateResponse, Urls, csrf_token,
};
use nuages_views::minijinja::value::Serde;
use nuages_views::minijinja::{Value, context};
use nuages_views::{
    BoundForm, Form, StaticFiles, TemplateError, Templates, render_template, render_template_to_string,
    set_template_value,
};

const EVIL: &str = "<script>alert(\"x\")</script>&'";

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        write(folder.path(), name, text);
    }
    folder
}

fn write(folder: &FilePath, name: &str, text: &str) {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

fn attached(folder: &tempfile::TempDir, app: App) -> App {
    Templates::new().dir(folder.path()).attach(app).unwrap()
}

/// A page at `/` of the template `page.html`, by views of both kinds.
fn pages(files: &[(&str, &str)], context: impl Fn() -> Value + Clone + Send + Sync + 'static) -> Client {
    let folder = folder(files);
    let of_sync = context.clone();
    let urls = Urls::new()
        .path("", move |request: Request| {
            render_template(&request, "page.html", of_sync())
        })
        .path("async/", move |request: Request| {
            let context = context.clone();
            async move { render_template(&request, "page.html", context()) }
        })
        .path("books/<path:name>/", async |Path(name): Path<String>| name)
        .name("book");
    // The folder is gone by the time of the first request: nothing is read then.
    Client::new(attached(&folder, App::new().urls(urls)))
}

#[test]
fn what_people_typed_is_text_everywhere() {
    let page = r#"<p title="{{ text }}">{{ text }}</p>{{ list[0] }}{{ map.key }}{{ text|upper }}{{ kept }}{{ "<" ~ text }}
        <a href="{{ url("book", name=text).query("q", text).fragment(text) }}">x</a><a href="{{ query_with("page", text) }}">y</a>"#;
    let client = pages(&[("page.html", page), ("page", page), ("page.svg", page)], || {
        context! { text => EVIL, list => vec![EVIL], map => context! { key => EVIL }, kept => EVIL }
    });
    for path in ["/?q=%3Cscript%3E%22", "/async/?q=%3Cscript%3E%22"] {
        let response = client.get(path).wait().unwrap();
        assert_eq!(response.header("content-type"), Some("text/html; charset=utf-8"));
        let text = response.text();
        assert_eq!(
            text.matches('<').count(),
            6,
            "no markup but the template's own: {text}"
        );
        assert_eq!(text.matches('"').count(), 6, "no quote ends an attribute: {text}");
        assert!(!text.contains("&'"), "{text}");
    }
}

#[test]
fn only_a_name_that_ends_in_txt_is_not_escaped() {
    let names = ["a.html", "a.xml", "a.svg", "a.js", "a", "a.html.j2", "a.txt.html"];
    let files: Vec<(&str, &str)> = names
        .iter()
        .chain(&["a.txt"])
        .map(|name| (*name, "{{ x }}"))
        .collect();
    let folder = folder(&files);
    let view = |request: Request| -> Result<String> {
        let name = request.query().get("name").unwrap_or_default();
        render_template_to_string(&request, name, context! { x => "<" })
    };
    let client = Client::new(attached(&folder, App::new().urls(Urls::new().path("", view))));
    for name in names {
        assert_eq!(
            client.get(format!("/?name={name}")).wait().unwrap().text(),
            "&lt;",
            "{name}"
        );
    }
    assert_eq!(client.get("/?name=a.txt").wait().unwrap().text(), "<");
}

#[test]
fn templates_call_what_those_of_askama_call() {
    let page = r#"{{ url("book", name="a b") }} {{ url("book").with("name", 3).query("page", 2).fragment("top") }} {{ query_with("page", 2) }}
{{ request.method }} {{ request.path }} {{ request.query.q }} {{ request.host }} {{ request.is_secure }}
{{ static_url("site.css") }} <script nonce="{{ csp_nonce() }}"></script>"#;
    let folder = folder(&[("page.html", page), ("static/site.css", "")]);
    let urls = Urls::new()
        .path("", |request: Request| render_template(&request, "page.html", ()))
        .path("books/<path:name>/", async |Path(name): Path<String>| name)
        .name("book");
    let files = StaticFiles::new().dir(folder.path().join("static"));
    let client = Client::new(files.attach(attached(&folder, App::new().urls(urls))));
    let response = client.get("/?q=1").wait().unwrap();
    let lines: Vec<&str> = response.text().lines().collect();
    assert_eq!(lines[0], "/books/a%20b/ /books/3/?page=2#top ?q=1&amp;page=2");
    assert_eq!(lines[1], "GET / 1 testserver False");
    assert!(
        lines[2].starts_with("/static/site.css <script nonce=\""),
        "{}",
        lines[2]
    );
    assert!(!lines[2].contains("nonce=\"\""), "{}", lines[2]);
}

#[test]
fn a_form_shows_that_it_is_from_this_site_also_from_an_imported_macro() {
    let folder = folder(&[
        (
            "macros.html",
            "{% macro fields() %}{{ csrf_field() }}{% endmacro %}",
        ),
        ("base.html", "<form>{% block form %}{% endblock %}</form>"),
        (
            "page.html",
            "{% extends 'base.html' %}{% block form %}{% from 'macros.html' import fields %}{{ fields() }}{% include 'part.html' %}{% endblock %}",
        ),
        ("part.html", "{{ csrf_token() }}"),
    ]);
    let view = |request: Request| {
        if request.method() == "POST" {
            return Ok(Response::new(200).body("taken"));
        }
        render_template(&request, "page.html", ())
    };
    let app = App::new()
        .middleware(Csrf::new())
        .urls(Urls::new().path("", view));
    let client = Client::new(attached(&folder, app)).enforce_csrf();
    let page = client.get("/").wait().unwrap().text().to_owned();
    let mut parts = page.split("<input type=\"hidden\" name=\"csrfmiddlewaretoken\" value=\"");
    assert_eq!(parts.next(), Some("<form>"));
    let (token, rest) = parts.next().unwrap().split_once("\">").unwrap();
    assert!(rest.trim_end_matches("</form>").len() >= 32, "{rest}");
    assert_eq!(client.post("/").form([("a", "b")]).wait().unwrap().status(), 403);
    let sent = client
        .post("/")
        .form([("csrfmiddlewaretoken", token)])
        .wait()
        .unwrap();
    assert_eq!(sent.text(), "taken");
}

#[derive(serde::Serialize)]
struct Book {
    title: &'static str,
    copies: u32,
}

#[test]
fn values_are_structs_maps_and_what_middleware_kept() {
    async fn cart(request: Request, next: Next) -> Result<Response> {
        set_template_value(&request, "in_cart", 3_usize);
        set_template_value(&request, "visitor", "Django".to_owned());
        set_template_value(&request, "title", "never seen".to_owned());
        set_template_value(
            &request,
            "last",
            Value::from(Serde(Book {
                title: "Nuages",
                copies: 2,
            })),
        );
        set_template_value(&request, "strange", Some(3));
        next.run(request).await
    }
    let folder = folder(&[
        (
            "page.html",
            "{{ title }} {{ copies }} {{ in_cart }} {{ visitor }} {{ last.title }}{% if nothing %}!{% endif %}",
        ),
        ("strange.html", "\n{{ strange }}"),
    ]);
    let urls = Urls::new()
        .path("struct/", |request: Request| {
            render_template(
                &request,
                "page.html",
                Book {
                    title: "Swing",
                    copies: 7,
                },
            )
        })
        .path("map/", |request: Request| {
            let book = Book {
                title: "Swing",
                copies: 7,
            };
            render_template(
                &request,
                "page.html",
                context! { copies => book.copies, ..Value::from(Serde(book)) },
            )
        })
        .path("strange/", |request: Request| {
            render_template_to_string(&request, "strange.html", ())
                .unwrap_err()
                .to_string()
        });
    let client = Client::new(attached(&folder, App::new().middleware(cart).urls(urls)));
    for path in ["/struct/", "/map/"] {
        assert_eq!(
            client.get(path).wait().unwrap().text(),
            "Swing 7 3 Django Nuages",
            "{path}"
        );
    }
    let error = client.get("/strange/").wait().unwrap().text().to_owned();
    assert!(
        error.contains("strange.html:2:") && error.contains("keep a `minijinja::Value`"),
        "{error}"
    );
}

/// The error of a page at its line, from views of both kinds.
fn error_of(files: &[(&str, &str)]) -> String {
    let client = pages(files, || context! { list => vec![1] }).raise_exceptions(true);
    let errors = ["/", "/async/"].map(|path| {
        let error = client.get(path).wait().unwrap_err();
        assert_eq!(error.status(), 500);
        let error = error.downcast_ref::<TemplateError>().expect("a template's error");
        assert_eq!(error.problems().len(), 1);
        error.to_string()
    });
    assert_eq!(errors[0], errors[1]);
    errors[0].clone()
}

#[test]
fn an_error_names_the_file_and_the_line_where_the_mistake_is() {
    for (page, place, words) in [
        (
            "{# x #}\n\n{{ nothing }}",
            "page.html:3: undefined value",
            "nothing",
        ),
        ("{{ url('nowhere') }}", "page.html:1: ", "nowhere"),
        ("\n{{ url('book') }}", "page.html:2: ", "name"),
        ("\n{{ list.first() }}", "page.html:2: ", "first"),
        (
            "{% include 'part.html' %}",
            "part.html:2: undefined value",
            "deep",
        ),
        ("{% extends 'gone.html' %}", "page.html:1: ", "gone.html"),
        (
            "{{ static_url('site.css') }}",
            "page.html:1: ",
            "StaticFiles::new()",
        ),
    ] {
        let error = error_of(&[("page.html", page), ("part.html", "\n{{ deep }}")]);
        assert!(error.contains(place) && error.contains(words), "{page}: {error}");
        assert!(error.starts_with('/'), "the whole path: {error}");
    }
    let missing = error_of(&[("other.html", "")]);
    assert!(missing.contains("page.html"), "{missing}");
}

#[test]
fn every_mistake_is_told_when_the_program_starts() {
    let folder = folder(&[
        ("a.html", "{% if %}"),
        ("books/b.html", "\n\n{{ x }"),
        ("fine.html", "{{ x }}"),
        ("filter.html", "\n{{ x|prize }}"),
        (".hidden.html", "{{"),
    ]);
    let error = Templates::new()
        .dir(folder.path())
        .attach(App::new())
        .unwrap_err();
    assert!(error.problems().len() >= 2, "{error}");
    assert!(error.problems()[0].contains("a.html:1: syntax error"), "{error}");
    let of_b = error.problems().iter().find(|problem| problem.contains("b.html"));
    assert!(of_b.unwrap().contains("books/b.html:3: syntax error"), "{error}");
    assert!(
        !error.to_string().contains("hidden") && !error.to_string().contains("fine.html"),
        "{error}"
    );
    let error = Templates::new()
        .dir("/nowhere/templates")
        .attach(App::new())
        .unwrap_err();
    assert_eq!(error.to_string(), "can't read /nowhere/templates");
    std::fs::write(folder.path().join("binary.html"), b"\xff").unwrap();
    let error = Templates::new()
        .dir(folder.path())
        .attach(App::new())
        .unwrap_err();
    assert!(error.to_string().contains("binary.html"), "{error}");
}

#[test]
fn without_templates_the_error_names_the_fix() {
    let view = |request: Request| {
        render_template_to_string(&request, "a.html", ())
            .unwrap_err()
            .to_string()
    };
    let client = Client::new(App::new().urls(Urls::new().path("", view)));
    let text = client.get("/").wait().unwrap().text().to_owned();
    assert!(
        text.contains("Templates::new().dir(\"templates\").attach(app)"),
        "{text}"
    );
}

#[test]
fn debug_mode_shows_a_change_with_the_next_request_and_production_does_not() {
    for debug in [true, false] {
        let folder = folder(&[
            ("base.html", "one {% block b %}{% endblock %}"),
            ("page.html", "{% extends 'base.html' %}"),
        ]);
        let urls = Urls::new()
            .path("", |request: Request| render_template(&request, "page.html", ()))
            .path("async/", async |request: Request| {
                render_template(&request, "page.html", ())
            });
        let app = attached(&folder, App::new().debug(debug).urls(urls))
            .build()
            .unwrap();
        // Looking at the folders is async code: no view has another mode for it.
        let hops: Vec<usize> = app
            .plan()
            .routes()
            .iter()
            .map(nuages_handler::RoutePlan::hops)
            .collect();
        assert_eq!(&hops[..2], [1, 0], "{}", app.plan());
        let client = Client::new(app).raise_exceptions(false);
        let page = |path: &str| client.get(path).wait().unwrap();
        assert_eq!(page("/").text(), "one ");
        write(folder.path(), "base.html", "another {% block b %}{% endblock %}");
        let after = if debug { "another " } else { "one " };
        assert_eq!((page("/").text(), page("/async/").text()), (after, after));
        // A mistake is told where it is shown, and the next change mends it.
        write(folder.path(), "base.html", "\n{% if %}");
        assert_eq!(page("/").status(), if debug { 500 } else { 200 });
        assert_eq!(
            page("/").text().contains("base.html:2"),
            debug,
            "{}",
            page("/").text()
        );
        write(folder.path(), "base.html", "mended");
        assert_eq!(page("/async/").text(), if debug { "mended" } else { "one " });
    }
}

#[test]
fn the_first_folder_that_has_a_template_counts_and_filters_can_be_added() {
    let (ours, theirs) = (
        folder(&[("page.html", "{{ 1290|price }}")]),
        folder(&[
            ("page.html", "theirs"),
            ("part/other.html", "{% include 'page.html' %}"),
        ]),
    );
    let templates = Templates::new()
        .dir(ours.path())
        .dir(theirs.path())
        .configure(|environment| {
            environment.add_filter("price", |cents: i64| format!("{:.2}", cents as f64 / 100.0))
        });
    let view = |request: Request| render_template(&request, "part/other.html", ());
    let app = templates
        .attach(App::new().urls(Urls::new().path("", view)))
        .unwrap();
    assert_eq!(Client::new(app).get("/").wait().unwrap().text(), "12.90");
}

#[test]
fn a_path_leads_out_of_no_folder() {
    let outer = folder(&[("secret.txt", "secret"), ("templates/page.html", "")]);
    let view = |request: Request| {
        let name = request.query().get("name").unwrap_or_default();
        render_template(&request, name, ())
    };
    let app = Templates::new()
        .dir(outer.path().join("templates"))
        .attach(App::new().urls(Urls::new().path("", view)));
    let client = Client::new(app.unwrap()).raise_exceptions(false);
    for name in [
        "../secret.txt",
        "%2e%2e/secret.txt",
        "/etc/passwd",
        "templates/../../secret.txt",
    ] {
        assert_eq!(
            client.get(format!("/?name={name}")).wait().unwrap().status(),
            500,
            "{name}"
        );
    }
}

#[test]
fn a_template_response_is_rendered_after_middleware_has_changed_it() {
    struct Loud;
    impl NeutralMiddleware for Loud {
        fn process_template_response(&self, _: &Request, _: &mut Response, template: &mut DeferredTemplate) {
            if let Some(title) = template.context_mut::<String>() {
                *title = title.to_uppercase();
            }
        }
    }
    let folder = folder(&[("page.html", "<h1>{{ title }}</h1>{{ token }}")]);
    let view = || {
        TemplateResponse::new("books & more".to_owned(), |request, title: &String| {
            let token = csrf_token(request).len();
            render_template_to_string(request, "page.html", context! { title, token })
        })
    };
    let client = Client::new(attached(
        &folder,
        App::new().middleware(Loud).urls(Urls::new().path("", view)),
    ));
    assert_eq!(
        client.get("/").wait().unwrap().text(),
        "<h1>BOOKS &amp; MORE</h1>64"
    );
}

#[derive(Debug, Form)]
struct Wish {
    #[form(label = "Which song?", max_length = 60)]
    title: String,
    times: u8,
}

#[cfg(all(feature = "forms", feature = "templates"))]
#[test]
fn forms_show_themselves_and_their_parts() {
    let folder = folder(&[
        (
            "whole.html",
            "<form enctype='{{ form.enctype }}'>{{ form }}</form>",
        ),
        (
            "parts.html",
            "{{ form.title }}|{{ form.title.label }}|{{ form.title.value }}|{{ form.times.errors[0] }}|{% for field in form.fields %}{{ field.name }} {% endfor %}|{{ form.errors|length }}",
        ),
    ]);
    let view = |request: Request, form: BoundForm<Wish>| {
        let form = form.validate().unwrap_err();
        let whole = form.to_string();
        let shown = render_template_to_string(&request, "whole.html", context! { form => form.clone() })?;
        assert_eq!(
            shown,
            format!("<form enctype='application/x-www-form-urlencoded'>{whole}</form>")
        );
        render_template(&request, "parts.html", context! { form })
    };
    let client = Client::new(attached(&folder, App::new().urls(Urls::new().path("", view))));
    let response = client
        .post("/")
        .form([("title", EVIL), ("times", "900")])
        .wait()
        .unwrap();
    let text = response.text();
    let parts: Vec<&str> = text.rsplitn(6, '|').collect();
    assert!(
        parts[5].contains("<label") && !parts[5].contains("<script"),
        "{text}"
    );
    assert_eq!(parts[4], "Which song?");
    assert_eq!(
        parts[3],
        "&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;&amp;&#39;"
    );
    assert!(parts[2].contains("255"), "{text}");
    assert_eq!((parts[1], parts[0]), ("title times ", "0"));
}
