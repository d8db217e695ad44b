//! What other crates do for each request.

/// Prepares the context of each request: this is how the ORM gives a request its database, without the handler knowing of one.
///
/// # Examples
///
/// ```
/// use nuages_bridge::Local;
/// use nuages_handler::{App, Client, RequestHook, Urls};
///
/// static REGION: Local<&'static str> = Local::new("region");
///
/// struct Europe;
/// impl RequestHook for Europe {
///     fn context(&self) { REGION.set("eu"); }
/// }
///
/// let app = App::new().hook(Europe).urls(Urls::new().path("", || REGION.get().unwrap_or("nowhere")));
/// assert_eq!(Client::new(app).get("/").wait()?.text(), "eu");
/// # Ok::<(), nuages_handler::Error>(())
/// ```
pub trait RequestHook: Send + Sync + 'static {
    /// Sets [`Local`](nuages_bridge::Local)s, inside the request's context and before anything else of it runs.
    fn context(&self);
}
