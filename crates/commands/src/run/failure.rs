//! The page that stands in for a program that does not build or ended.

use nuages_protocol::BoxError;
use nuages_protocol::{Application, Body, HttpScope, Response};

/// Answers every request with what went wrong. The page asks again every second, and so shows the program once it runs.
#[derive(Clone, Debug)]
pub(super) struct FailurePage {
    title: &'static str,
    parts: Vec<String>,
}

impl FailurePage {
    pub(super) fn new(title: &'static str, parts: Vec<String>) -> Self {
        Self { title, parts }
    }

    fn html(&self) -> String {
        let parts: String = self
            .parts
            .iter()
            .map(|part| format!("<pre>{}</pre>\n", escape(part)))
            .collect();
        format!(
            "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<meta http-equiv=\"refresh\" content=\"1\">\n\
             <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}</title>\n\
             <style>body{{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem;color:#1c1c22;background:#fff}}\
             h1{{color:#a4002b;font-size:1.5rem}}pre{{background:#f5f3f0;border-left:4px solid #a4002b;padding:1rem;overflow-x:auto}}</style>\n\
             <h1>{title}</h1>\n{parts}<p>This page goes away when a saved change has mended it.</p>\n</html>\n",
            title = escape(self.title),
        )
    }
}

impl Application for FailurePage {
    async fn http(&self, _scope: HttpScope, _body: Body) -> Result<Response, BoxError> {
        let mut response = Response::new(self.html().into());
        *response.status_mut() = http::StatusCode::INTERNAL_SERVER_ERROR;
        let headers = response.headers_mut();
        let html = http::HeaderValue::from_static("text/html; charset=utf-8");
        headers.insert(http::header::CONTENT_TYPE, html);
        headers.insert(
            http::header::CACHE_CONTROL,
            http::HeaderValue::from_static("no-store"),
        );
        Ok(response)
    }
}

/// For the text of an element.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_compiler_says_is_text_and_no_markup() {
        let page = FailurePage::new(
            "It does not build",
            vec!["expected `Vec<T>`, found `&str`".to_owned()],
        )
        .html();
        assert!(
            page.contains("expected `Vec&lt;T&gt;`, found `&amp;str`"),
            "{page}"
        );
    }
}
