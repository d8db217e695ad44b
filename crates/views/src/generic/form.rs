//! A view that shows a form, takes it, and shows it again with its mistakes.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use http::StatusCode;
use nuages_bridge::sync_to_async;
use nuages_handler::{Error, IntoResponse, IntoView as _, Request, Response, Result, View, get};

use crate::forms::{BoundForm, HtmlForm};

type BoxFuture = Pin<Box<dyn Future<Output = Response> + Send>>;

/// A step of a [`form_view`]: what it does is sync or async.
enum Step<T> {
    Sync(Arc<dyn Fn(Request, T) -> Response + Send + Sync>),
    Async(Arc<dyn Fn(Request, T) -> BoxFuture + Send + Sync>),
}

/// Marks a `fn`.
#[derive(Debug)]
pub struct SyncStep;

/// Marks an `async fn`.
#[derive(Debug)]
pub struct AsyncStep;

/// A `fn` or an `async fn` of a [`Request`] and a form, or what was typed into it; see [`form_view`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a step of a form's view",
    note = "it is a `fn` or an `async fn` of a `Request` and `{T}` that returns a response; a closure says the types of its arguments"
)]
pub trait FormStep<T, K>: Sized {
    #[doc(hidden)]
    fn into_step(self) -> Stepping<T>;
}

/// A step, made.
#[doc(hidden)]
pub struct Stepping<T>(Step<T>);

impl<T> std::fmt::Debug for Stepping<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stepping").finish_non_exhaustive()
    }
}

impl<T, F, R> FormStep<T, (SyncStep, R)> for F
where
    F: Fn(Request, T) -> R + Send + Sync + 'static,
    R: IntoResponse,
{
    fn into_step(self) -> Stepping<T> {
        Stepping(Step::Sync(Arc::new(move |request, value| {
            self(request, value).into_response()
        })))
    }
}

impl<T, F, Fut> FormStep<T, (AsyncStep, Fut)> for F
where
    F: Fn(Request, T) -> Fut + Send + Sync + 'static,
    Fut: Future + Send + 'static,
    Fut::Output: IntoResponse,
{
    fn into_step(self) -> Stepping<T> {
        Stepping(Step::Async(Arc::new(move |request, value| {
            let answer = self(request, value);
            Box::pin(async move { answer.await.into_response() })
        })))
    }
}

/// Shows a form by GET with `show`, and takes it by POST: what was typed goes to `valid`, or back to `show` with its mistakes and status 422.
///
/// Either may be a `fn` or an `async fn`. Where both are sync the view is sync, and runs on a thread; otherwise it is async, and a sync
/// step hops to a thread. A [`clean_async`](BoundForm::clean) is part of it.
///
/// # Examples
///
/// ```
/// use nuages_handler::{App, Client, Request, Response, Result, Urls};
/// use nuages_views::{BoundForm, Form, askama::Template, form_view, redirect, render};
///
/// #[derive(Form)]
/// struct Wish {
///     title: String,
/// }
///
/// #[derive(Template)]
/// #[template(source = "<form method=post>{{ form }}<button>Ask</button></form>", ext = "html", askama = nuages_views::askama)]
/// struct WishPage { form: BoundForm<Wish> }
///
/// fn show(request: Request, form: BoundForm<Wish>) -> Result<Response> {
///     render(&request, WishPage { form })
/// }
///
/// async fn keep(_: Request, wish: Wish) -> Response {
///     redirect(format!("/thanks/?for={}", wish.title))
/// }
///
/// let client = Client::new(App::new().urls(Urls::new().path("wish/", form_view(show, keep))));
/// assert!(client.get("/wish/").wait()?.text().contains("<label"));
/// assert_eq!(client.post("/wish/").form([("title", "")]).wait()?.status(), 422);
/// let thanks = client.post("/wish/").form([("title", "Nuages")]).wait()?;
/// assert_eq!(thanks.header("location"), Some("/thanks/?for=Nuages"));
/// # Ok::<(), nuages_handler::Error>(())
/// ```
#[track_caller]
pub fn form_view<F, S, V, K, L>(show: S, valid: V) -> View
where
    F: HtmlForm + Send + Sync + 'static,
    S: FormStep<BoundForm<F>, K>,
    V: FormStep<F, L>,
{
    match (show.into_step().0, valid.into_step().0) {
        (Step::Sync(show), Step::Sync(valid)) => {
            let first = Arc::clone(&show);
            let open = move |request: Request| first(request, BoundForm::<F>::unbound());
            let take = move |request: Request, form: BoundForm<F>| -> Result<Response> {
                Ok(match form.clean().wait()? {
                    Ok(values) => valid(request, values),
                    Err(form) => wrong(show(request, form)),
                })
            };
            methods(open.into_view(), take.into_view())
        }
        (show, valid) => {
            let (show, valid) = (Arc::new(show), Arc::new(valid));
            let first = Arc::clone(&show);
            let open = move |request: Request| {
                let show = Arc::clone(&first);
                async move { run(&show, request, BoundForm::<F>::unbound()).await }
            };
            let take = move |request: Request, form: BoundForm<F>| {
                let (show, valid) = (Arc::clone(&show), Arc::clone(&valid));
                async move {
                    Result::<Response>::Ok(match form.clean().await? {
                        Ok(values) => run(&valid, request, values).await,
                        Err(form) => wrong(run(&show, request, form).await),
                    })
                }
            };
            methods(open.into_view(), take.into_view())
        }
    }
}

#[track_caller]
fn methods(open: View, take: View) -> View {
    get(open.named("form_view"))
        .post(take.named("form_view"))
        .into_view()
}

async fn run<T: Send + 'static>(step: &Step<T>, request: Request, value: T) -> Response {
    match step {
        Step::Sync(step) => {
            let step = Arc::clone(step);
            let answer = sync_to_async(move || step(request, value)).await;
            answer.unwrap_or_else(|error| Error::from(error).into())
        }
        Step::Async(step) => step(request, value).await,
    }
}

/// A page that is shown again is no success, unless the step says otherwise itself.
fn wrong(response: Response) -> Response {
    if response.status() == StatusCode::OK {
        response.status_code(StatusCode::UNPROCESSABLE_ENTITY)
    } else {
        response
    }
}
