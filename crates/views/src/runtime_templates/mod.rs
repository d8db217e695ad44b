//! Templates that are read while the program runs: a change shows with the next request, and nothing is compiled.

mod error;
mod folders;
#[cfg(all(feature = "forms", feature = "templates"))]
mod forms;
mod functions;
mod page;

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use minijinja::value::Serde;
use minijinja::{Environment, Value};
use nuages_bridge::{Local, may_block, sync_to_async};
use nuages_handler::{
    App, AsyncMiddleware, Html, IntoResponse as _, MiddlewareNotUsed, Next, Request, RequestHook, Response,
    Result, Settings,
};
use serde::Serialize;

pub use self::error::TemplateError;
use self::folders::{Files, Stamps};
use self::page::PageContext;

/// The templates of the application that answers the current request.
static CURRENT: Local<Templates> = Local::new("nuages_views::runtime_templates");

type Configure = Arc<dyn Fn(&mut Environment<'static>) + Send + Sync>;

/// Templates in the language of Jinja, which is close to Django's, read from folders while the program runs: by
/// [minijinja](https://docs.rs/minijinja).
///
/// askama's templates are part of the program and are checked by its compiler: take those unless somebody changes the pages who does not build the program. Both may be
/// used beside each other, with the same functions:
///
/// | in a template | what it shows |
/// |---|---|
/// | `{{ url("book-detail", id=book.id) }}`, or `url("book-detail").with("id", book.id)` | the address of the route with that name; `.query("page", 2)` and `.fragment("top")` add to it |
/// | `{{ query_with("page", 2) }}` | the query of this request with one value changed |
/// | `{{ csrf_field() }}`, `{{ csrf_token() }}` | the hidden field that shows that a form is from a page of this site; its value alone |
/// | `{{ csp_nonce() }}` | the nonce of the content security policy |
/// | `{{ static_url("css/site.css") }}` | the address of a static file |
/// | `{{ request.path }}`, also `full_path`, `method`, `host`, `is_secure`, `route_name` and `query` | what is asked for: `request.query.q` |
/// | `{{ form }}`, `{{ form.title }}`, `{{ form.title.errors }}` | a [`BoundForm`](crate::BoundForm) of the context, or of its parts |
///
/// Everything that is shown is escaped, in each file whose name does not end in `.txt`. A name that nothing has is an error where it is shown, and false in an
/// `{% if %}`. Errors name the file and the line.
///
/// While developing ([debug mode](nuages_handler::Settings::debug)) the folders are looked at before each request, and read again where something changed. Otherwise all of them are
/// read once, when they are attached.
///
/// # Examples
///
/// ```
/// use nuages_handler::{App, Client, Path, Request, Response, Result, Urls};
/// use nuages_views::minijinja::context;
/// use nuages_views::{Templates, render_template};
///
/// # let folder = tempfile::tempdir()?;
/// # std::fs::write(folder.path().join("base.html"), "<title>{% block title %}{% endblock %}</title>")?;
/// # std::fs::write(folder.path().join("book.html"), "{% extends 'base.html' %}{% block title %}{{ title }}, {{ url('book', id=id + 1) }}{% endblock %}")?;
/// # let templates = folder.path();
/// async fn book(request: Request, Path(id): Path<i64>) -> Result<Response> {
///     render_template(&request, "book.html", context! { id, title => "Swing & more" })
/// }
///
/// let urls = Urls::new().path("books/<int:id>/", book).name("book");
/// let app = Templates::new().dir(templates).attach(App::new().urls(urls))?;
/// let response = Client::new(app).get("/books/3/").wait()?;
/// assert_eq!(response.text(), "<title>Swing &amp; more, /books/4/</title>");
/// # Ok::<(), nuages_handler::Error>(())
/// ```
#[derive(Clone, Default)]
#[must_use = "templates are found once they are attached to an application"]
pub struct Templates {
    folders: Vec<PathBuf>,
    configure: Vec<Configure>,
    /// Shared by all that came of one [`attach`](Self::attach).
    set: Arc<RwLock<Arc<Set>>>,
}

/// What was read at one time.
#[derive(Default)]
struct Set {
    environment: Environment<'static>,
    files: Files,
}

impl Templates {
    /// No templates yet; [`dir`](Self::dir) adds folders.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a folder. Its templates are named by their paths in it, `books/list.html`. Where several folders have the same, the first one counts.
    pub fn dir(mut self, path: impl Into<PathBuf>) -> Self {
        self.folders.push(path.into());
        self
    }

    /// Adds filters, functions or other settings of minijinja's. It is called whenever the templates are read.
    ///
    /// # Examples
    ///
    /// ```
    /// use nuages_views::Templates;
    ///
    /// let templates = Templates::new()
    ///     .dir("templates")
    ///     .configure(|environment| environment.add_filter("price", |cents: i64| format!("{:.2}", cents as f64 / 100.0)));
    /// # let _ = templates;
    /// ```
    pub fn configure(
        mut self,
        configure: impl Fn(&mut Environment<'static>) + Send + Sync + 'static,
    ) -> Self {
        self.configure.push(Arc::new(configure));
        self
    }

    /// Reads all templates, and lets the views of this application [render](render_template) them.
    ///
    /// # Errors
    ///
    /// Every template that can't be read or has a mistake, with its file and its line.
    ///
    /// # Blocking
    ///
    /// Reads the folders: call it when the program starts.
    pub fn attach(mut self, app: App) -> Result<App, TemplateError> {
        let files = Files::read(&self.folders)?;
        let set = self.set_of(files);
        set.check()?;
        self.set = Arc::new(RwLock::new(Arc::new(set)));
        let templates = self.clone();
        let reload = move |settings: &Settings| {
            if settings.debug {
                Ok(Reload(templates.clone()))
            } else {
                Err(MiddlewareNotUsed::because("debug mode is off"))
            }
        };
        Ok(app.hook(self).middleware_from(reload))
    }

    fn set_of(&self, files: Files) -> Set {
        let mut environment = Environment::new();
        functions::add(&mut environment);
        for configure in &self.configure {
            configure(&mut environment);
        }
        let sources = files.sources();
        environment.set_loader(move |name| Ok(sources.get(name).cloned()));
        Set { environment, files }
    }

    fn current(&self) -> Arc<Set> {
        Arc::clone(&self.set.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads the folders again, if anything in them has changed.
    fn refresh(&self) -> Result<(), TemplateError> {
        if Stamps::of(&self.folders)? == *self.current().files.stamps() {
            return Ok(());
        }
        let set = Arc::new(self.set_of(Files::read(&self.folders)?));
        *self.set.write().unwrap_or_else(PoisonError::into_inner) = set;
        Ok(())
    }
}

impl Set {
    fn check(&self) -> Result<(), TemplateError> {
        let results = self
            .files
            .names()
            .map(|name| self.environment.get_template(name).map(drop));
        TemplateError::of_all(results.filter_map(Result::err), &self.files)
    }
}

impl RequestHook for Templates {
    fn context(&self) {
        CURRENT.set(self.clone());
    }
}

impl fmt::Debug for Templates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Templates")
            .field("folders", &self.folders)
            .finish_non_exhaustive()
    }
}

/// Looks at the folders before each request, in debug mode.
struct Reload(Templates);

impl AsyncMiddleware for Reload {
    async fn call(&self, request: Request, next: Next) -> Result<Response> {
        let templates = self.0.clone();
        if may_block() {
            templates.refresh()?;
        } else {
            sync_to_async(move || templates.refresh()).parallel().await??;
        }
        next.run(request).await
    }
}

/// Answers with a template of the application's [`Templates`], as HTML; one whose name ends in `.txt` as plain text.
///
/// `context` is what the template finds by name: a map made by [`context!`](minijinja::context), or a struct that is `Serialize`. Beside it are the
/// functions of [`Templates`] and what middleware kept by [`set_template_value`](crate::set_template_value).
///
/// # Errors
///
/// A [`TemplateError`], which is a 500: there is no such template, or it fails.
///
/// # Examples
///
/// See [`Templates`].
pub fn render_template(request: &Request, name: &str, context: impl Serialize) -> Result<Response> {
    let text = render_template_to_string(request, name, context)?;
    Ok(if is_plain(name) {
        text.into_response()
    } else {
        Html(text).into_response()
    })
}

/// The text of a template, with what [`render_template`] gives it: a part of a page, or a mail.
///
/// # Errors
///
/// As [`render_template`].
pub fn render_template_to_string(request: &Request, name: &str, context: impl Serialize) -> Result<String> {
    Ok(rendered(request, name, Value::from(Serde(context)))?)
}

fn rendered(request: &Request, name: &str, context: Value) -> Result<String, TemplateError> {
    let Some(templates) = CURRENT.get() else {
        return Err(TemplateError::without_templates(name));
    };
    let set = templates.current();
    let result = set
        .environment
        .get_template(name)
        .and_then(|template| template.render(Value::from_object(PageContext::new(request, context))));
    result.map_err(|error| TemplateError::of(error, &set.files))
}

/// Whether nothing in a template is markup.
fn is_plain(name: &str) -> bool {
    name.ends_with(".txt")
}
