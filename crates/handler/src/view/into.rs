//! How functions become views: a `fn` or an `async fn` whose arguments are extractors and whose result is a response.
//!
//! Each of the three questions (is it a function? can its arguments be made of a request? is its result a response?)
//! is a trait of its own, so that the compiler complains about the one thing that is wrong.

use std::borrow::Cow;
use std::marker::PhantomData;
use std::panic::Location;
use std::sync::Arc;

use nuages_bridge as bridge;

use super::{Kind, View};
use crate::error::Result;
use crate::extract::{FromRequest, Needs};
use crate::name::{for_ever, name_of};
use crate::request::Request;
use crate::response::IntoResponse;

/// What can answer a request: a `fn` or an `async fn` of up to six [extractors](FromRequest) that returns
/// [a response](IntoResponse), or views by method ([`get`](crate::get()), [`post`](crate::post())).
///
/// The parameter `M` is inferred; it is what lets the kinds share one trait.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a view",
    label = "not a view",
    note = "a view is a `fn` or an `async fn` that returns something that implements `IntoResponse`",
    note = "an `async move |..|` closure that holds something lends it to its future, which has to own it: write `move |request: Request| {{ let held = held.clone(); async move {{ .. }} }}`"
)]
pub trait IntoView<M> {
    /// The view.
    #[track_caller]
    fn into_view(self) -> View;
}

/// Marks what is a view already.
#[derive(Debug)]
pub struct AsItIs;

#[diagnostic::do_not_recommend]
impl IntoView<AsItIs> for View {
    fn into_view(self) -> View {
        self
    }
}

/// Marks a `fn`.
#[derive(Debug)]
pub struct SyncMode;

/// Marks an `async fn`.
#[derive(Debug)]
pub struct AsyncMode;

/// Marks a function of these arguments.
#[derive(Debug)]
pub struct Function<M, Args>(PhantomData<(M, Args)>);

impl<F, M, Args> IntoView<Function<M, Args>> for F
where
    F: ViewFn<Args>,
    Args: Arguments,
    F::Output: Answer<M>,
{
    #[track_caller]
    fn into_view(self) -> View {
        let name = name_of::<F>(Location::caller());
        let view = Answer::view(
            move |request: Request| Ok(self.call(Args::from_request(request)?)),
            Args::NEEDS,
            name,
        );
        #[cfg(feature = "websocket")]
        let view = View {
            probe: Some(Args::probe),
            ..view
        };
        view
    }
}

/// A function that may be a view: it may be called from any thread, as often as there are requests.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a view",
    label = "not a function of up to six arguments",
    note = "a view is a `fn`, an `async fn` or a closure, with up to six arguments such as `Request` and `Path<i64>`, that returns something that implements `IntoResponse`",
    note = "a closure has to say the types of its arguments (`|Path(id): Path<i64>|`), and may only hold what is `Send + Sync + 'static`"
)]
pub trait ViewFn<Args>: Send + Sync + 'static {
    /// What it returns: a response, or the future of one.
    type Output;

    #[doc(hidden)]
    fn call(&self, args: Args) -> Self::Output;
}

/// The arguments of a view, all made of one request.
#[diagnostic::on_unimplemented(message = "a view can't take `{Self}`")]
pub trait Arguments: Sized {
    #[doc(hidden)]
    const NEEDS: Needs;

    #[doc(hidden)]
    fn from_request(request: Request) -> Result<Self>;

    #[doc(hidden)]
    #[cfg(feature = "websocket")]
    fn probe(request: &Request) -> Result<()>;
}

/// What a view returns: a response or, for an `async fn`, the future of one.
#[diagnostic::on_unimplemented(
    message = "a view can't return `{Self}`: it is not a response",
    label = "what this view returns does not implement `IntoResponse`",
    note = "a view is a `fn` or an `async fn` that answers a request; it returns text (`&'static str`, `String`), `Html(..)`, `Json(..)`, a `Response`, or a `Result` of one of these",
    note = "a value of your own becomes a response by `Json(value)`, by a template, or by `impl IntoResponse` for it",
    note = "the future of an `async fn` has to be `Send`: what is not can't be held across an `.await`"
)]
pub trait Answer<M>: Sized {
    #[doc(hidden)]
    #[track_caller]
    fn view<F>(call: F, needs: Needs, name: Cow<'static, str>) -> View
    where
        F: Fn(Request) -> Result<Self> + Send + Sync + 'static;
}

#[diagnostic::do_not_recommend]
impl<R: IntoResponse> Answer<SyncMode> for R {
    fn view<F>(call: F, needs: Needs, name: Cow<'static, str>) -> View
    where
        F: Fn(Request) -> Result<Self> + Send + Sync + 'static,
    {
        View::new(
            Kind::Sync(Arc::new(move |request| call(request).into_response())),
            name,
            needs,
        )
    }
}

#[diagnostic::do_not_recommend]
impl<Fut> Answer<AsyncMode> for Fut
where
    Fut: Future + Send + 'static,
    Fut::Output: IntoResponse,
{
    #[track_caller]
    fn view<F>(call: F, needs: Needs, name: Cow<'static, str>) -> View
    where
        F: Fn(Request) -> Result<Self> + Send + Sync + 'static,
    {
        let call = Arc::new(call);
        let (called, routed) = (for_ever(&name), Location::caller());
        let kind = Kind::Async(Arc::new(move |request| {
            let call = Arc::clone(&call);
            // The call is inside the frame too: a function that returns a future may do work before.
            let frame = bridge::async_frame(async move {
                match call(request) {
                    Ok(answer) => answer.await.into_response(),
                    Err(error) => error.into(),
                }
            });
            Box::pin(frame.named(called, routed))
        }));
        View::new(kind, name, needs)
    }
}

macro_rules! functions_as_views {
    ($($Arg:ident $arg:ident),*) => {
        #[diagnostic::do_not_recommend]
        impl<F, R, $($Arg),*> ViewFn<($($Arg,)*)> for F
        where
            F: Fn($($Arg),*) -> R + Send + Sync + 'static,
        {
            type Output = R;

            fn call(&self, ($($arg,)*): ($($Arg,)*)) -> R {
                self($($arg),*)
            }
        }

        impl<$($Arg: FromRequest),*> Arguments for ($($Arg,)*) {
            const NEEDS: Needs = Needs::NOTHING $(.and($Arg::NEEDS))*;

            fn from_request(request: Request) -> Result<Self> {
                $(let $arg = $Arg::from_request(&request).map_err(Into::into)?;)*
                drop(request);
                Ok(($($arg,)*))
            }

            #[cfg(feature = "websocket")]
            fn probe(request: &Request) -> Result<()> {
                $(crate::websocket::probe::<$Arg>(request)?;)*
                let _ = request;
                Ok(())
            }
        }
    };
}
functions_as_views!();
functions_as_views!(A a);
functions_as_views!(A a, B b);
functions_as_views!(A a, B b, C c);
functions_as_views!(A a, B b, C c, D d);
functions_as_views!(A a, B b, C c, D d, E e);
functions_as_views!(A a, B b, C c, D d, E e, G g);
