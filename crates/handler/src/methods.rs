//! Views by method: `get(list).post(create)`.

use std::fmt;

use http::{HeaderValue, Method, StatusCode, header};

use crate::error::Error;
use crate::response::Response;
use crate::view::{AsItIs, IntoView, View};

/// Views that answer one method each.
///
/// Every other method gets 405 with an `Allow` header. HEAD is answered by the view for GET, without its body,
/// and OPTIONS by the list of methods, unless there are views for them.
///
/// # Examples
///
/// ```
/// use nuages_handler::{App, Client, Urls, get};
///
/// async fn list() -> &'static str { "all books" }
/// fn create() -> &'static str { "made" }
///
/// let client = Client::new(App::new().urls(Urls::new().path("books/", get(list).post(create))));
/// assert_eq!(client.post("/books/").wait()?.text(), "made");
/// let refused = client.delete("/books/").wait()?;
/// assert_eq!(refused.status(), 405);
/// assert_eq!(refused.header("allow"), Some("GET, HEAD, POST, OPTIONS"));
/// # Ok::<(), nuages_handler::Error>(())
/// ```
#[derive(Clone, Default)]
#[must_use = "views by method do nothing until `Urls::path` takes them"]
pub struct Methods {
    views: Vec<(Method, View)>,
}

/// What answers a method.
pub(crate) enum Selected<'a> {
    View(&'a View),
    Answer(Response),
}

macro_rules! methods {
    ($($name:ident $method:ident),* $(,)?) => {
        $(
            #[doc = concat!("Answers ", stringify!($method), " with `view`, and no other method but those that are added. See [`Methods`].")]
            #[track_caller]
            pub fn $name<M>(view: impl IntoView<M>) -> Methods {
                Methods::default().$name(view)
            }
        )*

        impl Methods {
            $(
                #[doc = concat!("Answers ", stringify!($method), " with `view`.")]
                #[track_caller]
                pub fn $name<M>(self, view: impl IntoView<M>) -> Self {
                    self.with(Method::$method, view.into_view())
                }
            )*
        }
    };
}
methods!(get GET, post POST, put PUT, patch PATCH, delete DELETE, head HEAD, options OPTIONS);

impl Methods {
    /// Answers `method`, of whatever name, with `view`.
    #[track_caller]
    pub fn on<M>(self, method: Method, view: impl IntoView<M>) -> Self {
        self.with(method, view.into_view())
    }

    fn with(mut self, method: Method, view: View) -> Self {
        // Said twice, the later one counts, as with headers and options.
        self.views.retain(|(other, _)| *other != method);
        self.views.push((method, view));
        self
    }

    pub(crate) fn views(&self) -> &[(Method, View)] {
        &self.views
    }

    /// The same methods, each with another view.
    pub(crate) fn map(self, change: impl Fn(View) -> View) -> Self {
        let views = self.views.into_iter();
        Self {
            views: views.map(|(method, view)| (method, change(view))).collect(),
        }
    }

    /// The view for a method, if there is one.
    pub(crate) fn find(&self, wanted: &Method) -> Option<&View> {
        let of = |wanted: &Method| self.views.iter().find(|(method, _)| method == wanted);
        let view = of(wanted).or_else(|| (*wanted == Method::HEAD).then(|| of(&Method::GET)).flatten());
        view.map(|(_, view)| view)
    }

    /// The view for a method, or what is answered without one.
    pub(crate) fn select(&self, method: &Method) -> Selected<'_> {
        if let Some(view) = self.find(method) {
            return Selected::View(view);
        }
        if *method == Method::OPTIONS {
            return Selected::Answer(
                Response::new(StatusCode::NO_CONTENT).header(header::ALLOW, self.allow()),
            );
        }
        Selected::Answer(Error::method_not_allowed(self.allow()).into())
    }

    fn allow(&self) -> HeaderValue {
        let mut names: Vec<&str> = Vec::with_capacity(self.views.len() + 2);
        for (method, _) in &self.views {
            names.push(method.as_str());
            if *method == Method::GET && !self.views.iter().any(|(other, _)| *other == Method::HEAD) {
                names.push("HEAD");
            }
        }
        if !names.contains(&"OPTIONS") {
            names.push("OPTIONS");
        }
        // Method names are tokens, which any header value may hold.
        HeaderValue::from_str(&names.join(", ")).unwrap_or(HeaderValue::from_static("OPTIONS"))
    }
}

#[diagnostic::do_not_recommend]
impl IntoView<AsItIs> for Methods {
    fn into_view(self) -> View {
        View::methods(self)
    }
}

impl fmt::Debug for Methods {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map()
            .entries(self.views.iter().map(|(method, view)| (method, view)))
            .finish()
    }
}
