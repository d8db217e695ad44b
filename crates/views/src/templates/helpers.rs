//! What templates call: addresses, tokens, the query with a change.

use std::fmt::{self, Display};

use askama::filters::HtmlSafe;
use askama::{FastWritable, Template, Values, get_value};
use nuages_handler::{QueryDict, Request, csp_nonce, csrf_token};

use crate::url_to::UrlTo;

/// Functions that every template can call, with nothing in its struct: `{{ url("home") }}`.
///
/// askama makes a method call of it, so this trait has to be in scope where the template's struct is; the prelude brings it.
///
/// | in a template | what it shows |
/// |---|---|
/// | `{{ url("book-detail").with("id", book.id) }}` | the address of the route with that name |
/// | `{{ url("book-list").query("page", 2) }}` | the same with a query |
/// | `{{ query_with("page", 2) }}` | the query of this request with one value changed: `?q=swing&page=2` |
/// | `{{ csrf_field() }}` | the hidden field that shows that a form is from a page of this site; `{{ csrf_token() }}` its value alone |
/// | `<script nonce="{{ csp_nonce() }}">` | the nonce of the content security policy |
/// | `{{ static_url("css/site.css") }}` | the address of a static file, with its hash where they were [collected](crate::StaticFiles::collect) |
/// | `{% if let Ok(request) = "request"\|value::<Request> %}` | the request itself |
///
/// What they show is escaped as everything else.
///
/// # Examples
///
/// ```
/// use nuages_handler::{App, Client, Path, Request, Response, Result, Urls};
/// use nuages_views::{TemplateHelpers as _, askama::Template, render};
///
/// #[derive(Template)]
/// #[template(
///     source = r#"<a href="{{ url("book").with("id", id + 1) }}">next</a> <a href="{{ query_with("page", 2) }}">more</a>"#,
///     ext = "html",
///     askama = nuages_views::askama
/// )]
/// struct Book { id: i64 }
///
/// async fn book(request: Request, Path(id): Path<i64>) -> Result<Response> {
///     render(&request, Book { id })
/// }
///
/// let client = Client::new(App::new().urls(Urls::new().path("books/<int:id>/", book).name("book")));
/// assert_eq!(
///     client.get("/books/3/?q=a%26b").wait()?.text(),
///     r#"<a href="/books/4/">next</a> <a href="?q=a%26b&#38;page=2">more</a>"#,
/// );
/// # Ok::<(), nuages_handler::Error>(())
/// ```
pub trait TemplateHelpers {
    /// The address of the route called `name`; [`with`](UrlTo::with) gives the values of its converters. A route that does not exist, or a
    /// value that does not fit, is an error of the template: a 500.
    fn url(&self, name: &str) -> UrlTo {
        UrlTo::new(name)
    }

    /// The query of this request, with `name` changed to this one value: the links to other pages of a list.
    fn query_with(&self, name: &str, value: impl Display) -> QueryWith {
        QueryWith {
            name: name.to_owned(),
            value: value.to_string(),
        }
    }

    /// The hidden field that every form needs which is sent by POST, for [`Csrf`](nuages_handler::Csrf).
    fn csrf_field(&self) -> CsrfField {
        CsrfField(())
    }

    /// The value of that field, for a script that sends it in a header.
    fn csrf_token(&self) -> CsrfToken {
        CsrfToken(())
    }

    /// What lets a script or a style of the page itself past the [`ContentSecurityPolicy`](nuages_handler::ContentSecurityPolicy).
    fn csp_nonce(&self) -> CspNonce {
        CspNonce(())
    }

    /// The address of a static file. One that was not collected, or static files that no application has, are an error of the template.
    #[cfg(feature = "static-files")]
    fn static_url(&self, path: &str) -> StaticUrl {
        StaticUrl(path.to_owned())
    }
}

impl<T: Template + ?Sized> TemplateHelpers for T {}

/// The request that is being answered, where [`render`](crate::render()) renders.
pub(super) fn request(values: &dyn Values) -> askama::Result<&Request> {
    get_value::<Request>(values, "request").map_err(|_| {
        askama::Error::custom(
            "this template needs the request: answer with `render(&request, template)`, not with `template.render()`",
        )
    })
}

impl FastWritable for UrlTo {
    fn write_into(&self, dest: &mut dyn fmt::Write, _: &dyn Values) -> askama::Result<()> {
        Ok(dest.write_str(&self.text().map_err(askama::Error::custom)?)?)
    }
}

/// The query of the request with a change, as a template writes it.
#[derive(Clone, Debug)]
pub struct QueryWith {
    name: String,
    value: String,
}

impl QueryWith {
    fn change(&self, query: &QueryDict) -> QueryDict {
        query.with(&self.name, &self.value)
    }
}

impl FastWritable for QueryWith {
    fn write_into(&self, dest: &mut dyn fmt::Write, values: &dyn Values) -> askama::Result<()> {
        let query = self.change(request(values)?.query());
        Ok(write!(dest, "?{query}")?)
    }
}

/// Outside of a template there is no request: the one value alone.
impl Display for QueryWith {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "?{}", self.change(&QueryDict::default()))
    }
}

/// The address of a static file, as a template writes it.
#[cfg(feature = "static-files")]
#[derive(Clone, Debug)]
pub struct StaticUrl(String);

#[cfg(feature = "static-files")]
impl StaticUrl {
    fn write(&self, dest: &mut dyn fmt::Write) -> askama::Result<()> {
        let url = crate::static_files::static_url(&self.0).map_err(askama::Error::custom)?;
        Ok(dest.write_str(&url)?)
    }
}

#[cfg(feature = "static-files")]
impl FastWritable for StaticUrl {
    fn write_into(&self, dest: &mut dyn fmt::Write, _: &dyn Values) -> askama::Result<()> {
        self.write(dest)
    }
}

#[cfg(feature = "static-files")]
impl Display for StaticUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f).map_err(|_| fmt::Error)
    }
}

macro_rules! of_the_request {
    ($($(#[$doc:meta])* $name:ident |$request:ident, $dest:ident| $write:expr;)+) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug)]
            pub struct $name(());

            impl FastWritable for $name {
                fn write_into(&self, $dest: &mut dyn fmt::Write, values: &dyn Values) -> askama::Result<()> {
                    let $request = request(values)?;
                    Ok($write?)
                }
            }

            /// Outside of a template there is no request, and nothing is shown.
            impl Display for $name {
                fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
                    Ok(())
                }
            }
        )+
    };
}

of_the_request! {
    /// A form's hidden field against forgery, as a template writes it.
    CsrfField |request, dest| {
        // The token is of letters and digits.
        let token = csrf_token(request);
        write!(dest, "<input type=\"hidden\" name=\"csrfmiddlewaretoken\" value=\"{token}\">")
    };
    /// The token against forgery, as a template writes it.
    CsrfToken |request, dest| dest.write_str(&csrf_token(request));
    /// The nonce of the content security policy, as a template writes it.
    CspNonce |request, dest| dest.write_str(&csp_nonce(request));
}

/// It is HTML already, which askama is not to escape again.
impl HtmlSafe for CsrfField {}
