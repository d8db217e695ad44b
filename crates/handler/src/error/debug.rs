//! The page that debug mode shows for a fault of the program: what happened, where, and in which request.

use std::backtrace::Backtrace;
use std::fmt::Display;

use super::page::{push_escaped, title};
use super::{Failure, Panic};
use crate::request::Request;
use crate::settings::MASK;
use crate::urls::Endpoint;

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;margin:0;color:#222}header{background:#fbf3d5;padding:1rem 2rem;border-bottom:1px solid #ddd}\
main{padding:0 2rem 2rem}h1{font-size:1.4rem;margin:0}h2{font-size:1.1rem;margin:1.5rem 0 .3rem}table{border-collapse:collapse}\
th{text-align:left;vertical-align:top;font-weight:600;padding:.1rem 1rem .1rem 0}td{padding:.1rem 0;word-break:break-word}pre{background:#f6f6f6;padding:.7rem;overflow:auto}";

/// Parts of a name whose value is nobody's business, as Django has them, and the two headers that carry credentials.
const SECRET_NAMES: [&str; 9] = [
    "api",
    "token",
    "key",
    "secret",
    "pass",
    "signature",
    "authorization",
    "cookie",
    "session",
];

fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SECRET_NAMES.iter().any(|part| name.contains(part))
}

struct Page(String);

impl Page {
    fn raw(&mut self, html: &str) -> &mut Self {
        self.0.push_str(html);
        self
    }

    fn text(&mut self, text: impl Display) -> &mut Self {
        push_escaped(&mut self.0, &text.to_string());
        self
    }

    fn heading(&mut self, text: &str) -> &mut Self {
        self.raw("<h2>").text(text).raw("</h2>\n")
    }

    fn table<N: Display, V: Display>(&mut self, heading: &str, rows: impl IntoIterator<Item = (N, V)>) {
        let mut rows = rows.into_iter().peekable();
        if rows.peek().is_none() {
            return;
        }
        self.heading(heading).raw("<table>\n");
        for (name, value) in rows {
            let name = name.to_string();
            self.raw("<tr><th scope=\"row\">").text(&name).raw("</th><td>");
            if is_secret(&name) {
                self.text(MASK);
            } else {
                self.text(value);
            }
            self.raw("</td></tr>\n");
        }
        self.raw("</table>\n");
    }

    fn backtrace(&mut self, heading: &str, backtrace: &Backtrace) {
        let whole = backtrace.to_string();
        let own = own_frames(&whole);
        self.heading(heading);
        if !own.is_empty() {
            self.raw("<pre>").text(&own).raw("</pre>\n");
        }
        self.raw("<details><summary>All frames</summary><pre>")
            .text(&whole)
            .raw("</pre></details>\n");
    }
}

pub(super) fn page(route: &Endpoint, request: &Request, failure: &Failure) -> String {
    let error = failure.error();
    let status = error.status();
    let mut page = Page(String::with_capacity(8 * 1024));
    page.raw("<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>")
        .text(title(status))
        .raw("</title><style>")
        .raw(STYLE)
        .raw("</style></head>\n<body><header><h1>")
        .text(error)
        .raw("</h1><p>")
        .text(format_args!("{} {} at {} {}", status.as_u16(), title(status), request.method(), request.path()));
    if let Some(id) = failure.id() {
        page.raw("<br>").text(format_args!("In the log: {id}"));
    }
    page.raw("</p></header>\n<main>\n");
    let causes: Vec<_> = error.causes().map(ToString::to_string).collect();
    if !causes.is_empty() {
        page.heading("Caused by").raw("<ol>\n");
        for cause in causes {
            page.raw("<li>").text(cause).raw("</li>\n");
        }
        page.raw("</ol>\n");
    }
    if let Some(panic) = error.downcast_ref::<Panic>() {
        if let Some(location) = panic.location() {
            page.heading("Where").raw("<p>").text(location).raw("</p>\n");
        }
        if let Some(backtrace) = panic.backtrace() {
            page.backtrace("The way to the panic", backtrace);
        }
        if let Some(backtrace) = panic.awaited_backtrace() {
            page.backtrace("The way to the code that awaited it", backtrace);
        }
    }
    if let Some(backtrace) = error.backtrace() {
        page.backtrace("The way to the error", backtrace);
    }
    match &route.pattern {
        None => {
            let patterns = route.shared.patterns();
            page.table(
                "No route takes this path. There are",
                patterns.iter().map(|(pattern, name)| (pattern, name)),
            );
        }
        Some(pattern) => {
            let params = request
                .params()
                .map(|(name, value)| (name.to_owned(), value.to_owned()));
            let route_is = [("pattern".to_owned(), format!("/{}", pattern.text()))];
            page.table("Route", route_is.into_iter().chain(params));
            page.heading("Plan")
                .raw("<p>")
                .text(crate::plan::RoutePlan::new(route))
                .raw("</p>\n");
        }
    }
    let headers = request.headers().iter();
    page.table(
        "Headers",
        headers.map(|(name, value)| (name, String::from_utf8_lossy(value.as_bytes()))),
    );
    page.table("Query", request.uri().query().map(|query| ("query", query)));
    page.table("Settings", route.shared.settings.rows());
    page.raw("<p>You see this page since the setting <code>debug</code> is on. Visitors must never see it.</p>\n</main></body>\n</html>\n");
    page.0
}

/// Whose frames say nothing about the program: those of the standard library, of the runtime and of nuages.
const FOREIGN: [&str; 12] = [
    "std::",
    "core::",
    "alloc::",
    "tokio::",
    "tower::",
    "hyper::",
    "hyper_util::",
    "nuages_",
    "__rust",
    "rust_",
    "test::",
    "start_thread",
];

/// The frames of a printed backtrace that are the program's own.
fn own_frames(backtrace: &str) -> String {
    let mut own = String::new();
    let mut keep = false;
    for line in backtrace.lines() {
        let text = line.trim_start();
        if let Some((number, name)) = text.split_once(": ")
            && number.bytes().all(|byte| byte.is_ascii_digit())
        {
            let name = name.trim_start_matches(['<', '&']);
            keep = !FOREIGN.iter().any(|foreign| name.starts_with(foreign)) && name.contains("::");
        }
        let is_place = text.starts_with("at ");
        if is_place && (text.contains("/rustc/") || text.contains("/registry/src/")) {
            // The name of the frame went before its place.
            if keep && let Some(end) = own.trim_end().rfind('\n') {
                own.truncate(end + 1);
            } else if keep {
                own.clear();
            }
            keep = false;
        }
        if keep {
            own.push_str(line);
            own.push('\n');
        }
    }
    own
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_of_others_are_left_out() {
        let backtrace = "   0: std::backtrace::Backtrace::create\n             at /rustc/1/library/std/src/backtrace.rs:331:13\n   \
                         1: shop::views::book\n             at ./src/views.rs:12:5\n   2: <nuages_handler::view::View>::call\n             \
                         at ./crates/handler/src/view/mod.rs:1:1\n   3: <F as other::Call>::call\n             at /root/.cargo/registry/src/x/y.rs:2:2\n   \
                         4: shop::main\n             at ./src/main.rs:3:1\n   5: main\n";
        assert_eq!(
            own_frames(backtrace),
            "   1: shop::views::book\n             at ./src/views.rs:12:5\n   4: shop::main\n             at ./src/main.rs:3:1\n"
        );
    }

    #[test]
    fn values_of_secret_names_are_masked() {
        let mut page = Page(String::new());
        page.table(
            "Headers",
            [
                ("authorization", "Basic c3dvcmRmaXNo"),
                ("accept", "<all>"),
                ("x-api-key", "swordfish"),
            ],
        );
        assert!(
            !page.0.contains("swordfish") && !page.0.contains("c3dvcmRmaXNo"),
            "{}",
            page.0
        );
        assert!(page.0.contains("&lt;all&gt;"), "{}", page.0);
    }
}
